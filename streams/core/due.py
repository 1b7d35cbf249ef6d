"""When a clock is due, and when each step of its ladder is reached.

Part of the core; nothing here knows of cases. All instants are milliseconds since 1970 UTC.
A day-based clock counts closing midnights at which it is running, an hour-based one running time
(``spec/clocks.md``, due).
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.case_state import Interval
from schemas.catalogue.model import Unit
from schemas.instants import DAY_MS, HOUR_MS, OFFSET_MS, day_of
from streams.core.calendar import WorkingCalendar, closing_midnight, working_days_after
from streams.core.rules import ClockRule, When

Schedule = tuple[int | None, bool, tuple[int | None, ...]]
# More rules than there are: a key of the memo is one integer of a day and a rule.
_RULES = 1 << 20
# A member of an enumeration costs twenty times as much when it is looked up by its class.
_HOURS, _WORKING_DAYS = Unit.HOURS, Unit.WORKING_DAYS
_AT_DUE, _AFTER = When.AT_DUE, When.AFTER


def schedule(
    rule: ClockRule,
    calendar: WorkingCalendar,
    started_at: int,
    limit: int,
    pauses: Sequence[Interval],
) -> Schedule:
    """Return due, whether it is provisional, and the instants of the ladder's steps.

    ``limit`` is the amount with its extensions, ``pauses`` the intervals that the clock honours,
    in order, not overlapping. Due, or a step, is ``None`` where an open pause comes before it.
    """
    if pauses or limit != rule.amount or rule.unit is _HOURS:
        return _schedule(rule, calendar, started_at, limit, pauses)
    # Day-based clocks that start on one day and are never paused are due together.
    key = (started_at + OFFSET_MS) // DAY_MS * _RULES + rule.number
    found = calendar.memo.get(key)
    if found is None:
        found = calendar.memo[key] = _schedule(rule, calendar, started_at, limit, ())
    return found


def _schedule(
    rule: ClockRule,
    calendar: WorkingCalendar,
    started_at: int,
    limit: int,
    pauses: Sequence[Interval],
) -> Schedule:
    unit = rule.unit
    due = reach(unit, calendar, started_at, limit, pauses)
    steps: list[int | None] = []
    for step in rule.steps:
        when = step.when
        if when is _AT_DUE:
            steps.append(due)
        elif when is _AFTER:
            after = None if due is None else working_days_after(calendar, due, step.offset)
            steps.append(after)
        elif limit > step.offset:
            steps.append(reach(unit, calendar, started_at, limit - step.offset, pauses))
        else:
            steps.append(None)
    provisional = (
        due is not None
        and unit is _WORKING_DAYS
        and not calendar.is_published(day_of(started_at) + 1, day_of(due - 1))
    )
    return due, provisional, tuple(steps)


def reach(
    unit: Unit,
    calendar: WorkingCalendar,
    started_at: int,
    amount: int,
    pauses: Sequence[Interval],
) -> int | None:
    """Return the instant at which ``amount`` units are used up, ``None`` if a pause prevents it."""
    if unit is _HOURS:
        return _reach_hours(started_at, amount, pauses) if pauses else started_at + amount * HOUR_MS
    return _reach_midnight(unit, calendar, started_at, amount, pauses)


def _reach_hours(started_at: int, hours: int, pauses: Sequence[Interval]) -> int | None:
    cursor, left = started_at, hours * HOUR_MS
    for pause in pauses:
        if pause.closed_at is not None and pause.closed_at <= cursor:
            continue
        # A pause that opens exactly when the time is used up comes too late.
        if left <= pause.opened_at - cursor:
            break
        left -= max(0, pause.opened_at - cursor)
        if pause.closed_at is None:
            return None
        cursor = pause.closed_at
    return cursor + left


def _reach_midnight(
    unit: Unit,
    calendar: WorkingCalendar,
    started_at: int,
    days: int,
    pauses: Sequence[Interval],
) -> int | None:
    working = unit is _WORKING_DAYS
    # The day of the start is not countable. ``last`` is the last day whose midnight is behind us.
    last, left = day_of(started_at), days
    for pause in pauses:
        # A midnight at which a pause opens is counted, one at which it closes is not: the days
        # closed no later than an instant end with the day before the one that holds it.
        opened = (pause.opened_at + OFFSET_MS) // DAY_MS - 1
        if opened > last:
            counted = (
                calendar.ordinal(opened) - calendar.ordinal(last) if working else opened - last
            )
            if counted >= left:
                break
            left -= counted
            last = opened
        if pause.closed_at is None:
            return None
        last = max(last, (pause.closed_at + OFFSET_MS) // DAY_MS - 1)
    return closing_midnight(calendar.nth(calendar.ordinal(last) + left) if working else last + left)
