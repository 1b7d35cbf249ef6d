"""The frozen types of the catalogue: items, clocks, ladders and quotas, as the core reads them.

Files are parsed into these once, at start (``schemas.catalogue.load``); nothing changes them
afterwards. Instants are never in here, only amounts with their unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Unit(StrEnum):
    """What a limit counts: elapsed hours, closing midnights of days, or of working days."""

    HOURS = "h"
    DAYS = "d"
    WORKING_DAYS = "wd"


class AppliesTo(StrEnum):
    """Whose clocks a policy governs: those that start under it, or those that are live too.

    Either way the policy holds from 00:00 of its day; ``streams.core.carry_over`` says which live
    cycles keep theirs even under ``open``.
    """

    NEW = "new"
    OPEN = "open"


class Pause(StrEnum):
    """The two pauses a case can be in (``supplement_requested``, ``suspended``)."""

    SUPPLEMENT = "supplement"
    SUSPENSION = "suspension"


class Certainty(StrEnum):
    """How sure a number is: stated in the report, a public rule to confirm, or our assumption."""

    STATED = "S"
    PUBLIC_RULE = "P"
    ASSUMED = "A"
    STATED_AND_ASSUMED = "S/A"


@dataclass(frozen=True, slots=True)
class Text:
    """A text shown to people, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number comes from and how certain it is."""

    certainty: Certainty
    text: Text


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of one unit; ``15wd`` in the files."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where the attribute equals one of ``values`` by JSON type and value."""

    attribute: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """An event type that opens a cycle, if every condition on its attributes holds."""

    event: str
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of a ladder: ``offset`` from due (negative before it) and who is to act."""

    level: str
    offset: int
    unit: Unit
    to: str


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of an item: when it starts and stops, how long it may run, who hears of it."""

    name: str
    text: Text
    starts: tuple[Start, ...]
    stops: frozenset[str]
    limit: Duration
    source: Source
    honours: frozenset[Pause] = frozenset()
    each: bool = False
    extendable_by: Duration | None = None
    ladder: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """A rule that counts: reported as a violation by ``rule`` and event, never fatal.

    ``measure`` is one of ``events`` (number of events), ``each`` (the attribute of one event),
    ``sum`` (the attribute over all events) or ``required`` (the attribute must be given and not
    blank). ``relaxed_to`` holds where any event of the case matches ``relaxed_where``.
    """

    rule: str
    measure: str
    events: frozenset[str]
    source: Source
    attribute: str | None = None
    at_most: int | None = None
    relaxed_where: Condition | None = None
    relaxed_to: int | None = None
    text: Text = Text("", "")


@dataclass(frozen=True, slots=True)
class Item:
    """One service item as a policy has it; ``types`` are all event types that it knows."""

    code: str
    text: Text
    department: str
    clocks: Mapping[str, Clock]
    quotas: tuple[Quota, ...]
    types: frozenset[str]
    supervised: bool
    policy: str
    in_force_from: dt.date
    applies_to: AppliesTo = AppliesTo.NEW


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All items, each with its versions by date in force, oldest first.

    ``types, departments, levels, recipients, pauses`` are the names shown to people. ``general``
    are the event types that every item has, ``terminal`` those of them that close a case.
    """

    versions: Mapping[str, tuple[Item, ...]]
    types: Mapping[str, Text] = field(default_factory=dict)
    departments: Mapping[str, Text] = field(default_factory=dict)
    levels: Mapping[str, Text] = field(default_factory=dict)
    recipients: Mapping[str, Text] = field(default_factory=dict)
    pauses: Mapping[Pause, Text] = field(default_factory=dict)
    general: frozenset[str] = frozenset()
    terminal: frozenset[str] = frozenset()

    @property
    def item_departments(self) -> dict[str, str]:
        """Return the department of each item, as its newest version has it."""
        return {code: versions[-1].department for code, versions in self.versions.items()}

    def item(self, code: str, day: dt.date | None = None) -> Item:
        """Return the version in force at 00:00 of ``day`` (the newest without one).

        Before the first version is in force the first one holds. Raises ``KeyError`` for an item
        that does not exist.
        """
        versions = self.versions[code]
        if day is None:
            return versions[-1]
        chosen = versions[0]
        for version in versions[1:]:
            if version.in_force_from <= day:
                chosen = version
        return chosen
