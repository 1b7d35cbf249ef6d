"""Who is on duty at an instant, and when a message may reach them. Pure: given the instant.

Used by the decision of the recipients, before anything is sent.
"""

from __future__ import annotations

import datetime as dt

from schemas.calendars.model import CalendarData
from schemas.instants import (
    MINUTE_MS,
    date_of_day,
    day_of,
    start_of_day,
)
from schemas.routing.model import Days, Person, Roster, Routing, TimeOfDay

_LONGEST_REST_DAYS = 30  # no row of days off is longer; the search below must end


def minute_of_day(instant_ms: int) -> int:
    """Return the minute of the Shanghai day, 0 to 1439."""
    return (instant_ms - start_of_day(day_of(instant_ms))) // MINUTE_MS


def is_working_day(calendar: CalendarData, date: dt.date, prefecture: str | None) -> bool:
    """Say whether people work; beyond the published calendar Monday to Friday are assumed."""
    try:
        return calendar.is_working_day(date, prefecture)
    except ValueError:
        return date.weekday() < 5


def next_working_time(
    at_ms: int, time: TimeOfDay, calendar: CalendarData, prefecture: str | None
) -> int:
    """Return the first instant from ``at_ms`` on that lies in the working time of a working day."""
    first = day_of(at_ms)
    for day in range(first, first + _LONGEST_REST_DAYS):
        begins = start_of_day(day) + time.from_min * MINUTE_MS
        ends = start_of_day(day) + time.until_min * MINUTE_MS
        if at_ms < ends and is_working_day(calendar, date_of_day(day), prefecture):
            return max(at_ms, begins)
    return at_ms


def end_of_quiet(at_ms: int, quiet: TimeOfDay | None) -> int:
    """Return ``at_ms``, or when the quiet hours that hold then end."""
    if quiet is None or not quiet.holds(minute_of_day(at_ms)):
        return at_ms
    today = start_of_day(day_of(at_ms)) + quiet.until_min * MINUTE_MS
    return today if today > at_ms else start_of_day(day_of(at_ms) + 1) + quiet.until_min * MINUTE_MS


def on_duty(
    roster: Roster, at_ms: int, calendar: CalendarData, prefecture: str | None
) -> tuple[tuple[str, ...], int | None]:
    """Return who is on duty and the number of the shift (from 1), ``None`` for ``otherwise``.

    A shift that wraps past midnight belongs to the day that it began on.
    """
    minute, date = minute_of_day(at_ms), date_of_day(day_of(at_ms))
    for number, shift in enumerate(roster.shifts, 1):
        if not shift.time.holds(minute):
            continue
        wraps = shift.time.from_min > shift.time.until_min and minute < shift.time.until_min
        began = date - dt.timedelta(days=1) if wraps else date
        works = is_working_day(calendar, began, prefecture)
        if shift.days is Days.ALL or (shift.days is Days.WORKDAYS) == works:
            return shift.on_duty, number
    return roster.otherwise, None


def present(name: str, at_ms: int, routing: Routing) -> tuple[Person, list[str]]:
    """Return who stands in for a person (or the person), and for whom, in order."""
    date, absent = date_of_day(day_of(at_ms)), []
    person = routing.people[name]
    while away := next(
        (each for each in person.away if each.first_day <= date <= each.last_day), None
    ):
        absent.append(person.name)
        if away.substitute in absent:
            break
        person = routing.people[away.substitute]
    return person, absent
