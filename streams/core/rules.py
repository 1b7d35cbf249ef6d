"""The catalogue in the form that the fold reads: every look-up prepared, nothing parsed.

Part of the core. Built once from the frozen catalogue; a change of a data file is a new build.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any

from schemas.catalogue.model import (
    AppliesTo,
    Catalogue,
    Clock,
    Condition,
    Duration,
    Item,
    Pause,
    Quota,
    Unit,
)
from schemas.instants import day_of_date, start_of_day

SUBMITTED = "submitted"
REOPENED = "reopened"
TRANSFERRED = "transferred"
RETURNED = "returned"
EXTENDED = "extended"
TERMINAL = frozenset({"resolved", "rejected", "withdrawn"})
SUPPLEMENT, SUSPENSION = Pause.SUPPLEMENT.value, Pause.SUSPENSION.value
PAUSES = (SUPPLEMENT, SUSPENSION)
OPENS_PAUSE = {"supplement_requested": SUPPLEMENT, "suspended": SUSPENSION}
CLOSES_PAUSE = {"supplement_provided": SUPPLEMENT, "resumed": SUSPENSION}
ANY_PAUSE = "any"
MOVES = frozenset({*OPENS_PAUSE, *CLOSES_PAUSE, EXTENDED, TRANSFERRED, RETURNED})


class When(IntEnum):
    """Where a step of a ladder lies relative to due."""

    BEFORE = -1
    AT_DUE = 0
    AFTER = 1


@dataclass(frozen=True, slots=True)
class StepRule:
    """One step: ``offset`` units before due, at it, or working days after it."""

    level: str
    to: str
    when: When
    offset: int


@dataclass(slots=True, eq=False)
class ClockRule:
    """One clock of one policy. ``honours`` names the list of pauses that stop it, if any."""

    number: int
    name: str
    policy: str
    unit: Unit
    amount: int
    stops: frozenset[str]
    honours: str | None
    each: bool
    extendable_by: Duration | None
    steps: tuple[StepRule, ...]
    clock: Clock


@dataclass(frozen=True, slots=True)
class StartRule:
    """A clock that an event type starts, if the conditions hold."""

    clock: ClockRule
    where: tuple[Condition, ...]

    def matches(self, attributes: Mapping[str, Any] | None) -> bool:
        """Say whether every condition holds; a missing attribute does not match."""
        for condition in self.where:  # noqa: SIM110 - half the time of a generator
            if not holds(condition, attributes):
                return False
        return True


@dataclass(slots=True, eq=False)
class TypeRules:
    """What an event type can do to a case of an item, under any policy.

    ``counts``: a quota counts it. ``moves``: it pauses, resumes, extends or hands on. ``stops`` are
    the names of the clocks that it ends, by policy. ``is_idle``: it does none of this, and neither
    submits, reopens, closes nor starts: counting is all there is to do.
    """

    counts: bool
    submits: bool
    reopens: bool
    moves: bool
    closes: bool
    starts: bool
    stops: dict[str, frozenset[str]]
    is_idle: bool = False

    def __post_init__(self) -> None:
        self.is_idle = not (
            self.submits
            or self.reopens
            or self.moves
            or self.closes
            or self.starts
            or any(self.stops.values())
        )


@dataclass(slots=True)
class PolicyRules:
    """An item's clocks under one policy, by name and by the event that starts them.

    In force from the day number ``in_force_from``, at whose 00:00 is ``in_force_at`` (ms).
    """

    in_force_from: int
    in_force_at: int
    item: Item
    clocks: dict[str, ClockRule]
    starts: dict[str, list[StartRule]]


@dataclass(slots=True)
class ItemRules:
    """An item under all its policies, oldest first.

    ``for_open`` are those of them that live cycles go over to (``streams.core.carry_over``).
    """

    code: str
    department: str
    types: frozenset[str]
    policies: list[PolicyRules]
    stops: frozenset[str]
    quotas: tuple[Quota, ...]
    counted: frozenset[str]
    relaxing: bool
    by_type: dict[str, TypeRules] = field(default_factory=dict)
    by_policy: dict[str, PolicyRules] = field(default_factory=dict)
    for_open: tuple[PolicyRules, ...] = ()

    def in_force(self, day: int) -> PolicyRules:
        """Return the policy in force at 00:00 of a day; the first one before it began."""
        chosen = self.policies[0]
        for policy in self.policies[1:]:
            if policy.in_force_from <= day:
                chosen = policy
        return chosen

    def clock(self, policy: str, name: str) -> ClockRule:
        """Return the clock that a cycle runs by."""
        return self.by_policy[policy].clocks[name]


def holds(condition: Condition, attributes: Mapping[str, Any] | None) -> bool:
    """Say whether the attribute equals one of the values by JSON type and value."""
    if attributes is None or condition.attribute not in attributes:
        return False
    given = attributes[condition.attribute]
    for value in condition.values:  # noqa: SIM110 - half the time of a generator
        if same_json(given, value):
            return True
    return False


def same_json(left: Any, right: Any) -> bool:
    """Compare by JSON type and value: 3 and 3.0 are one number, true and "true" are not."""
    if left is right:
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return bool(left == right)


def build_rules(catalogue: Catalogue) -> dict[str, ItemRules]:
    """Return the rules of every item by its code."""
    numbers = count()
    return {
        code: _item_rules(code, versions, numbers) for code, versions in catalogue.versions.items()
    }


def _item_rules(code: str, versions: tuple[Item, ...], numbers: count[int]) -> ItemRules:
    policies = [_policy_rules(version, numbers) for version in versions]
    newest = versions[-1]
    counted = frozenset[str]().union(*(quota.events for quota in newest.quotas))
    rules = ItemRules(
        code=code,
        department=newest.department,
        types=frozenset[str]().union(*(version.types for version in versions)),
        policies=policies,
        stops=frozenset[str]().union(
            *(clock.stops for policy in policies for clock in policy.clocks.values())
        ),
        quotas=newest.quotas,
        counted=counted,
        relaxing=any(quota.relaxed_where is not None for quota in newest.quotas),
    )
    rules.by_type = {kind: _type_rules(kind, policies, counted) for kind in rules.types}
    rules.by_policy = {policy.item.policy: policy for policy in policies}
    # Nothing goes over to the first one: it holds for whatever started before it too.
    rules.for_open = tuple(
        policy for policy in policies[1:] if policy.item.applies_to is AppliesTo.OPEN
    )
    return rules


def _type_rules(kind: str, policies: list[PolicyRules], counted: frozenset[str]) -> TypeRules:
    stops = {
        policy.item.policy: frozenset(
            name for name, clock in policy.clocks.items() if kind in clock.stops
        )
        for policy in policies
    }
    return TypeRules(
        counts=kind in counted,
        submits=kind == SUBMITTED,
        reopens=kind == REOPENED,
        moves=kind in MOVES,
        closes=kind in TERMINAL,
        starts=any(kind in policy.starts for policy in policies),
        stops=stops if any(stops.values()) else {},
    )


def _policy_rules(item: Item, numbers: count[int]) -> PolicyRules:
    clocks = {name: _clock_rule(clock, item, next(numbers)) for name, clock in item.clocks.items()}
    starts: dict[str, list[StartRule]] = {}
    for name, clock in item.clocks.items():
        for start in clock.starts:
            starts.setdefault(start.event, []).append(StartRule(clocks[name], start.where))
    day = day_of_date(item.in_force_from)
    return PolicyRules(day, start_of_day(day), item, clocks, starts)


def _clock_rule(clock: Clock, item: Item, number: int) -> ClockRule:
    steps = tuple(
        StepRule(step.level, step.to, When((step.offset > 0) - (step.offset < 0)), abs(step.offset))
        for step in clock.ladder
    )
    return ClockRule(
        number=number,
        name=clock.name,
        policy=item.policy,
        unit=clock.limit.unit,
        amount=clock.limit.amount,
        stops=clock.stops,
        honours=_honoured(clock.honours),
        each=clock.each,
        extendable_by=clock.extendable_by,
        steps=steps,
        clock=clock,
    )


def _honoured(pauses: frozenset[Pause]) -> str | None:
    if len(pauses) > 1:
        return ANY_PAUSE
    return next((pause.value for pause in pauses), None)
