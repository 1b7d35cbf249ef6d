"""Working days as arithmetic: which closing midnight is the Nth counted one.

Part of the core. A calendar is built once from versioned data and answers in constant time:
``ordinal`` numbers the countable days, ``nth`` is its inverse. Outside the published years Monday
to Friday is assumed, and whatever was counted there is provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.calendars.load import load_calendar
from schemas.calendars.model import CalendarData
from schemas.instants import DAY_MS, OFFSET_MS, day_of, day_of_date, start_of_day

_THURSDAY = 3  # 1970-01-01 was one; Monday is 0
_MARGIN_DAYS = 400


def _weekdays_until(day: int) -> int:
    """Return how many Mondays to Fridays lie in the days up to ``day``, from a Monday before 0."""
    weeks, weekday = divmod(day + _THURSDAY, 7)
    return weeks * 5 + min(weekday + 1, 5)


def _nth_weekday(ordinal: int) -> int:
    weeks, rest = divmod(ordinal - 1, 5)
    return weeks * 7 + rest - _THURSDAY


class WorkingCalendar:
    """The working days of one region, by day number (0 is 1970-01-01).

    ``region`` is the prefecture whose own holidays count, or ``None`` for the national calendar.
    ``first_day`` and ``last_day`` bound the published data. ``memo`` serves ``streams.core.due``.
    """

    def __init__(self, version: str, region: str | None, days: Iterable[tuple[int, bool]]) -> None:
        self.version = version
        self.region = region
        self.memo: dict[int, tuple[int | None, bool, tuple[int | None, ...]]] = {}
        working = dict(days)
        self.first_day, self.last_day = min(working), max(working)
        self.published_until = start_of_day(self.last_day + 1)
        self._ordinals: list[int] = []
        self._days: list[int] = []
        self._base = _weekdays_until(self.first_day - 1)
        for day in range(self.first_day, self.last_day + 1):
            if working[day]:
                self._days.append(day)
            self._ordinals.append(self._base + len(self._days))
        self._shift = self._ordinals[-1] - _weekdays_until(self.last_day)

    def is_working_day(self, day: int) -> bool:
        """Say whether the day counts for a working-day clock."""
        return self.ordinal(day) > self.ordinal(day - 1)

    def ordinal(self, day: int) -> int:
        """Return the number of working days up to and including ``day``, from a fixed origin."""
        if day > self.last_day:
            return _weekdays_until(day) + self._shift
        if day < self.first_day:
            return _weekdays_until(day)
        return self._ordinals[day - self.first_day]

    def nth(self, ordinal: int) -> int:
        """Return the working day with this ordinal."""
        index = ordinal - self._base - 1
        if index < 0:
            return _nth_weekday(ordinal)
        if index < len(self._days):
            return self._days[index]
        return _nth_weekday(ordinal - self._shift)

    def is_published(self, first_day: int, last_day: int) -> bool:
        """Say whether every day of the span lies in the published years."""
        return self.first_day <= first_day and last_day <= self.last_day


class Calendars:
    """The national calendar, and one for each prefecture that has holidays of its own.

    ``published`` is what they were built from: it knows the name of each day, which the arithmetic
    does not need and an explanation does.
    """

    def __init__(
        self,
        version: str,
        national: WorkingCalendar,
        regional: Mapping[str, WorkingCalendar],
        published: CalendarData | None = None,
    ) -> None:
        self.version = version
        self.national = national
        self.regional = regional
        self.published = published
        self._of_county: dict[str, WorkingCalendar] = {}

    def of_county(self, county: str | None) -> WorkingCalendar:
        """Return the calendar of the prefecture that a county belongs to."""
        if county is None:
            return self.national
        found = self._of_county.get(county)
        if found is None:
            found = self.regional.get(county[:4] + "00", self.national)
            # A code is six digits that begin with 53: there are no more than 10,000.
            self._of_county[county] = found
        return found

    def of_region(self, region: str | None) -> WorkingCalendar:
        """Return the calendar of a prefecture's code, the national one for ``None``."""
        return self.national if region is None else self.regional.get(region, self.national)


def build_calendars(published: CalendarData | None = None) -> Calendars:
    """Return the calendars of the newest published data (or of ``published``)."""
    published = published or load_calendar()

    def build(region: str | None) -> WorkingCalendar:
        days = ((day_of_date(date), works) for date, works, _ in published.days(region))
        return WorkingCalendar(published.version, region, days)

    regional = {region: build(region) for region in published.counting_prefectures()}
    return Calendars(published.version, build(None), regional, published)


def closing_midnight(day: int) -> int:
    """Return the instant of 24:00 of a day."""
    return (day + 1) * DAY_MS - OFFSET_MS


def working_days_after(calendar: WorkingCalendar, instant: int, count: int) -> int:
    """Return 24:00 of the ``count``-th working day after the day that ended at, or holds, it."""
    day = day_of(instant - 1)
    return closing_midnight(calendar.nth(calendar.ordinal(day) + count))
