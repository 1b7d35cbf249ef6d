"""When people act: officials on working days from 9 to 17, citizens from morning to night.

All instants are milliseconds since 1970 UTC; days are Shanghai day numbers (``schemas.instants``).
Working days are those of ``schemas.calendars``; the holidays of prefectures are left out.
"""

from __future__ import annotations

from random import Random

from schemas.calendars.load import load_calendar
from schemas.calendars.model import assumed
from schemas.instants import DAY_MS, HOUR_MS, OFFSET_MS, date_of_day, start_of_day

_LAST_HOUR_S = 16 * 3600
_NIGHT_ENDS_MS = 7 * HOUR_MS + HOUR_MS // 2
_NIGHT_BEGINS_MS = 20 * HOUR_MS


class WorkingTime:
    """The working days between two day numbers, and instants within them."""

    def __init__(self, first_day: int, last_day: int) -> None:
        self.first_day = first_day
        self._working: list[int] = []
        # Position in _working of the first working day after each day.
        self._next: list[int] = []
        for day in range(first_day, last_day + 1):
            if _is_working(day):
                self._working.append(day)
            self._next.append(len(self._working))

    def is_working(self, day: int) -> bool:
        """Say whether offices are open on the day."""
        following = self._next[self._clamped(day)]
        return following > 0 and self._working[following - 1] == day

    def after(self, day: int, count: int) -> int:
        """Return the ``count``-th working day after ``day``; past the end it stays the last."""
        position = self._next[self._clamped(day)] + count - 1
        return self._working[min(position, len(self._working) - 1)]

    def _clamped(self, day: int) -> int:
        return min(max(day - self.first_day, 0), len(self._next) - 1)

    def office_instant(self, rng: Random, day: int) -> int:
        """Return an instant of the day between 9 and 17, the lunch hours 12 to 14 left out."""
        second = 32_400 + int(rng.random() * 21_600)
        if second >= 43_200:
            second += 7_200
        return day * DAY_MS - OFFSET_MS + second * 1000

    def within_working_days(
        self, rng: Random, start: int, limit: int, share: float, late: bool
    ) -> int:
        """Return when an office acts that has ``limit`` working days from ``start``.

        On time it uses ``share`` (0 to 1) of them; late it comes a working day or more after.
        """
        day = (start + OFFSET_MS) // DAY_MS
        count = limit + 1 + int(rng.expovariate(0.4)) if late else int(share * (limit + 1))
        if count == 0:
            today = self._later_today(rng, start, day)
            if today is not None:
                return today
            count = 1
        return self.office_instant(rng, self.after(day, count))

    def _later_today(self, rng: Random, start: int, day: int) -> int | None:
        second = (start + OFFSET_MS) % DAY_MS // 1000
        if second >= _LAST_HOUR_S or not self.is_working(day):
            return None
        earliest = max(second + 300, 32_400)
        latest = earliest + int(rng.random() * (61_200 - earliest))
        return start_of_day(day) + latest * 1000

    def within_days(self, rng: Random, start: int, limit: int, share: float, late: bool) -> int:
        """Return when an office acts that has ``limit`` calendar days from ``start``."""
        day = (start + OFFSET_MS) // DAY_MS
        if late:
            return self.office_instant(rng, self.after(day + limit, 1 + int(rng.expovariate(0.25))))
        target = day + int(share * limit)
        if not self.is_working(target):
            target = max(self._working[max(self._next[self._clamped(target)] - 1, 0)], day)
        if target <= day:
            return self._later_today(rng, start, day) or self.office_instant(
                rng, self.after(day, 1)
            )
        return self.office_instant(rng, target)

    def within_hours(self, rng: Random, start: int, limit: int, share: float, late: bool) -> int:
        """Return when a duty desk acts (every day, 7:30 to 20:00) that has ``limit`` hours."""
        hours = limit + 0.5 + rng.expovariate(1 / 14) if late else share * limit
        instant = start + int(hours * 3600) * 1000 + 60_000
        of_day = (instant + OFFSET_MS) % DAY_MS
        if of_day >= _NIGHT_BEGINS_MS:
            return instant - of_day + DAY_MS + _NIGHT_ENDS_MS + int(rng.random() * 1500) * 1000
        if of_day < _NIGHT_ENDS_MS:
            return instant - of_day + _NIGHT_ENDS_MS + int(rng.random() * 1500) * 1000
        return instant

    def next_office_instant(self, rng: Random, instant: int) -> int:
        """Return the instant itself in office hours, else one on the next working day."""
        day = (instant + OFFSET_MS) // DAY_MS
        second = (instant + OFFSET_MS) % DAY_MS // 1000
        if 32_400 <= second < 61_200 and self.is_working(day):
            return instant
        return self.office_instant(rng, self.after(day, 1))


def citizen_instant(rng: Random, day: int) -> int:
    """Return an instant of the day between 7 and 22, mornings and evenings alike."""
    return day * DAY_MS - OFFSET_MS + (25_200 + int(rng.random() * 54_000)) * 1000


def _is_working(day: int) -> bool:
    calendar, date = load_calendar(), date_of_day(day)
    published = calendar.first_day <= date <= calendar.last_day
    return calendar.is_working_day(date) if published else assumed(date).is_working
