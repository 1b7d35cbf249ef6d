"""The published calendar: which days are working days, and why, for the nation and prefectures.

Stands beside the path of an event: the core builds its arithmetic from it once at start. Nothing
is guessed here: outside the published years there is no answer, and the core marks what it
assumes there as provisional.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from schemas.catalogue.model import Text

ONE_DAY = dt.timedelta(days=1)


class DayKind(StrEnum):
    """Why a day is a working day or not."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP_WORKDAY = "make-up-workday"
    PREFECTURE_HOLIDAY = "prefecture-holiday"
    PREFECTURE_WORKDAY = "prefecture-workday"


@dataclass(frozen=True, slots=True)
class Reason:
    """The kind of a day, and its name for people: the holiday that it is or makes up for."""

    kind: DayKind
    text: Text


class Day(NamedTuple):
    """One day of a calendar."""

    date: dt.date
    is_working: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Change:
    """A dated override: days from ``first_day`` to ``last_day`` (inclusive) work or do not.

    ``prefecture`` is ``None`` for a change of the national calendar. A change that does not
    ``count`` is shown and moves no deadline.
    """

    first_day: dt.date
    last_day: dt.date
    working: bool
    text: Text
    source: Text
    prefecture: str | None = None
    counts: bool = True

    def days(self) -> Iterator[dt.date]:
        """Yield the days of the change."""
        for offset in range((self.last_day - self.first_day).days + 1):
            yield self.first_day + offset * ONE_DAY


_WORKDAY = Reason(DayKind.WORKDAY, Text("工作日", "workday"))
_WEEKEND = Reason(DayKind.WEEKEND, Text("周末", "weekend"))


def assumed(date: dt.date) -> Day:
    """Return a day as Monday to Friday would have it: an assumption, no published fact."""
    weekday = date.weekday() < 5
    return Day(date, weekday, _WORKDAY if weekday else _WEEKEND)


@dataclass(frozen=True, slots=True)
class CalendarData:
    """The calendar as published from ``first_day`` to ``last_day`` (both inclusive).

    ``version`` is ``cn-<last published year>.<first six digits of a digest of what counts>``: the
    same days give the same version on every machine, and another day gives another. ``national``
    holds the days that are not as their weekday says. ``package`` names where they come from.
    """

    version: str
    first_day: dt.date
    last_day: dt.date
    national: Mapping[dt.date, Day]
    changes: tuple[Change, ...] = ()
    package: str = ""
    _counted: dict[str, dict[dt.date, Day]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for change in self.changes:
            if change.prefecture and change.counts:
                of_prefecture = self._counted.setdefault(change.prefecture, {})
                of_prefecture |= {day: _changed(day, change) for day in change.days()}

    def day(self, date: dt.date, prefecture: str | None = None) -> Day:
        """Return what a day is, in a prefecture where its own counting days hold.

        Raises ``ValueError`` for a day outside the published calendar.
        """
        if not self.first_day <= date <= self.last_day:
            raise ValueError(
                f"{date} is outside the published calendar ({self.first_day} to {self.last_day})"
            )
        own = self._counted.get(prefecture or "", {}).get(date)
        return own or self.national.get(date) or assumed(date)

    def is_working_day(self, date: dt.date, prefecture: str | None = None) -> bool:
        """Say whether a published day is a working day; ``ValueError`` as in ``day``."""
        return self.day(date, prefecture).is_working

    def days(self, prefecture: str | None = None) -> Iterator[Day]:
        """Yield every published day in order, as (date, is it a working day, reason)."""
        for offset in range((self.last_day - self.first_day).days + 1):
            yield self.day(self.first_day + offset * ONE_DAY, prefecture)

    def counting_prefectures(self) -> tuple[str, ...]:
        """Return the codes of the prefectures whose own days count, in order."""
        return tuple(sorted(self._counted))

    def prefecture_changes(self, prefecture: str) -> dict[dt.date, Change]:
        """Return the prefecture's own days, those that do not count included."""
        return {
            day: change
            for change in self.changes
            if change.prefecture == prefecture
            for day in change.days()
        }


def _changed(day: dt.date, change: Change) -> Day:
    kind = DayKind.PREFECTURE_WORKDAY if change.working else DayKind.PREFECTURE_HOLIDAY
    return Day(day, change.working, Reason(kind, change.text))
