"""Dates as text where Python has none: in a year 0, and after 9999, which a due instant can reach.

An event written ``0001-01-01T00:00:00+14:00`` lies in the year 0 of Shanghai.
"""

from __future__ import annotations

from schemas.instants import (
    CYCLE_DAYS,
    CYCLE_YEARS,
    DAY_MS,
    parse_instant,
    render_instant,
    start_of_day,
)


def date_text(day: int) -> str:
    """Return the date of a day number (0 is 1970-01-01)."""
    return render_instant(start_of_day(day)).partition("T")[0]


def weekday_of(day: int) -> int:
    """Return the day of the week of a day number: Monday is 1, Sunday 7."""
    return (day + 3) % 7 + 1


def parse_rendered(text: str) -> int:
    """Return the instant of a text of ``render_instant``, in milliseconds."""
    year, _, rest = text.partition("-")
    turns = 1 if int(year) < 1 else -1 if len(year) > len("9999") else 0
    instant = parse_instant(f"{int(year) + CYCLE_YEARS * turns:04d}-{rest}")
    return instant - turns * CYCLE_DAYS * DAY_MS
