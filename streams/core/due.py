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

Schedule = tuple[int | None, bool, Sequence[int | None]]


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
    if pauses or limit != rule.amount or rule.unit is Unit.HOURS:
        return _schedule(rule, calendar, started_at, limit, pauses)
    # Day-based clocks that start on one day and are never paused are due together.
    key = (rule.number, day_of(started_at))
    found = calendar.memo.get(key)
    if found is None:
        due, provisional, steps = _schedule(rule, calendar, started_at, limit, ())
        found = calendar.memo[key] = (due, provisional, tuple(steps))
    return found


def _schedule(
    rule: ClockRule,
    calendar: WorkingCalendar,
    started_at: int,
    limit: int,
    pauses: Sequence[Interval],
) -> Schedule:
    due = reach(rule.unit, calendar, started_at, limit, pauses)
    steps: list[int | None] = []
    for step in rule.steps:
        if step.when is When.AT_DUE:
            steps.append(due)
        elif step.when is When.AFTER:
            after = None if due is None else working_days_after(calendar, due, step.offset)
            steps.append(after)
        elif limit > step.offset:
            steps.append(reach(rule.unit, calendar, started_at, limit - step.offset, pauses))
        else:
            steps.append(None)
    provisional = (
        due is not None
        and rule.unit is Unit.WORKING_DAYS
        and not calendar.is_published(day_of(started_at) + 1, day_of(due - 1))
    )
    return due, provisional, steps


def reach(
    unit: Unit,
    calendar: WorkingCalendar,
    started_at: int,
    amount: int,
    pauses: Sequence[Interval],
) -> int | None:
    """Return the instant at which ``amount`` units are used up, ``None`` if a pause prevents it."""
    if unit is Unit.HOURS:
        return _reach_hours(started_at, amount, pauses)
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
    working = unit is Unit.WORKING_DAYS
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
