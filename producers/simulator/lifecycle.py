"""The tables that a simulated case lives by: stages, and the steps by which it leaves them.

Read by ``producers.simulator.walk``. Every number in them (shares, paces, probabilities) is
invented to look like a province; none is a statistic of the real one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Attributes = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Step:
    """One way out of a stage: an event, by weight, and the stage it leads to (null: the end).

    ``attributes`` are equally likely alternatives; repeat one to make it likelier.
    """

    event: str
    then: str | None = None
    weight: float = 1.0
    attributes: tuple[Attributes, ...] = (None,)


@dataclass(frozen=True, slots=True)
class Halt:
    """A pause that may open within a stage: how likely, and for how many days on average."""

    opens: str
    closes: str
    probability: float
    days: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a case waits: for an office within a limit (``2wd``, ``24h``), or for a citizen.

    ``pace`` is the mean share of the limit that an office uses when it is on time. A stage that
    is not ``clocked`` is never late on purpose. ``extendable`` names the clock that an office
    may extend by ``extension`` here.
    """

    within: str
    steps: tuple[Step, ...]
    pace: float = 0.5
    clocked: bool = True
    citizen: bool = False
    halt: Halt | None = None
    extendable: str | None = None
    extension: str | None = None
    amount: int = field(init=False)
    unit: str = field(init=False)
    weights: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Take the limit and the weights apart once, since every case asks for them."""
        digits = self.within.rstrip("hdw")
        total = sum(step.weight for step in self.steps)
        shares = (step.weight / total for step in self.steps)
        object.__setattr__(self, "amount", int(digits))
        object.__setattr__(self, "unit", self.within[len(digits) :])
        object.__setattr__(self, "weights", tuple(itertools.accumulate(shares)))


@dataclass(frozen=True, slots=True)
class Origin:
    """Who raises the hand and by which channel, by weight."""

    raised_by: str
    channel: str
    weight: float


PUBLIC_ORIGINS = (
    Origin("self", "one-phone", 34),
    Origin("self", "wechat", 17),
    Origin("self", "app", 9),
    Origin("self", "hotline", 5),
    Origin("proxy", "one-phone", 12),
    Origin("proxy", "hall", 9),
    Origin("government", "inspection", 11),
    Origin("government", "hall", 3),
)


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """The life of the cases of one item; ``share`` is its weight among all cases.

    ``withdrawal`` is the chance that the citizen withdraws while one stage lasts, ``return_rate``
    that a first office bounces the case, ``reopening`` that a closed case is opened again.
    """

    item: str
    department: str
    share: float
    stages: Mapping[str, Stage]
    first: str = "submitted"
    origins: tuple[Origin, ...] = PUBLIC_ORIGINS
    withdrawal: float = 0.006
    return_rate: float = 0.025
    reopening: float = 0.015


def supplement(probability: float) -> Halt:
    """Return the pause in which an office waits for papers; a week on average."""
    return Halt("supplement_requested", "supplement_provided", probability, 5.0)


def suspension(probability: float, days: float) -> Halt:
    """Return the pause in which an office may not or cannot go on, ``days`` on average."""
    return Halt("suspended", "resumed", probability, days)


# One rejection in sixty gives no reason, or a blank one: the rule `reason-required` has work.
def rejected(*reasons: str, weight: float, then: str | None = None) -> Step:
    """Return the step ``rejected`` with one of the reasons; a few lack one."""
    copies = 60 // len(reasons)
    given: tuple[Attributes, ...] = tuple({"reason": reason} for reason in reasons) * copies
    return Step("rejected", then, weight, (*given, {"reason": " "} if copies % 2 else None))


def resolved(pace: float = 0.4, within: str = "3wd") -> Stage:
    """Return the stage in which nothing is left but to report the result."""
    return Stage(within, (Step("resolved"),), pace=pace, clocked=False)


# After a reopening every item does the same: look again, and answer.
REOPENED = Stage(
    "8d",
    (
        Step("resolved", weight=88),
        rejected("复核后维持原决定", "复核未发现新情况", weight=12),
    ),
    pace=0.5,
    clocked=False,
)
