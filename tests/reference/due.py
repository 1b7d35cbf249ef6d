"""Due: how many units of a cycle are used up, and when the last of N is."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.reference.catalogue import Clock
from tests.reference.instants import (
    HOUR_MS,
    closing_midnight,
    day_of,
    is_published,
    is_working_day,
)


@dataclass
class Pause:
    """One pause of the case; `to_ms` is `None` while it is open."""

    kind: str
    from_ms: int
    to_ms: int | None = None


@dataclass
class Cycle:
    """One cycle with what is known of it at the instant that is asked for."""

    clock: Clock
    ordinal: int
    start_event_id: str
    started_ms: int
    extended_by: int = 0
    ended_ms: int | None = None
    stop_event_id: str | None = None
    cancelled: bool = False
    pauses: list[Pause] = field(default_factory=list)
    """Those pauses of the case that the clock honours, as they stood at the end or stand now."""


def due_ms(cycle: Cycle) -> int | None:
    """The instant that the clock would reach if it ran on; `None` while paused and unbreached."""
    return used_ms(cycle, cycle.clock.limit + cycle.extended_by)


def used_ms(cycle: Cycle, units: int) -> int | None:
    """The instant at which `units` are used up if the clock runs on; `None`: it is paused."""
    if cycle.clock.unit == "h":
        return hours_used_ms(cycle, units)
    return midnights_counted_ms(cycle, units)


def midnights_counted_ms(cycle: Cycle, units: int) -> int | None:
    """Walks the closing midnights of the days after the day of the start, one by one."""
    counted = 0
    day = day_of(cycle.started_ms)
    while True:
        day += 1
        midnight_ms = closing_midnight(day)
        if is_paused_for_good(cycle, midnight_ms):
            return None
        is_countable = cycle.clock.unit == "d" or is_working_day(day)
        if is_countable and is_running_just_before(cycle, midnight_ms):
            counted += 1
        if counted == units:
            return midnight_ms


def is_running_just_before(cycle: Cycle, instant_ms: int) -> bool:
    """A pause that opens at the instant leaves it running, one that closes at it does not."""
    for pause in cycle.pauses:
        if pause.from_ms < instant_ms and (pause.to_ms is None or instant_ms <= pause.to_ms):
            return False
    return True


def is_paused_for_good(cycle: Cycle, instant_ms: int) -> bool:
    """Whether the clock is paused just before the instant, and at every later one."""
    return any(pause.to_ms is None and pause.from_ms < instant_ms for pause in cycle.pauses)


def hours_used_ms(cycle: Cycle, units: int) -> int | None:
    """Start + N hours + the time paused before that is reached.

    The start and both ends of the pauses cut time into pieces in which the clock either runs or
    does not.
    """
    left_ms = units * HOUR_MS
    ends = {end for pause in cycle.pauses for end in (pause.from_ms, pause.to_ms)}
    cuts = {end for end in ends if end is not None and end > cycle.started_ms}
    pieces = [cycle.started_ms, *sorted(cuts)]
    for from_ms, until_ms in zip(pieces, pieces[1:], strict=False):
        if is_running_just_before(cycle, until_ms):
            if left_ms <= until_ms - from_ms:
                return from_ms + left_ms
            left_ms -= until_ms - from_ms
    if is_paused_for_good(cycle, pieces[-1] + 1):
        return None
    return pieces[-1] + left_ms


def is_provisional(cycle: Cycle) -> bool:
    """Whether a day beyond the published calendar lies between the start and the due instant."""
    last_ms = due_ms(cycle)
    if cycle.clock.unit != "wd" or last_ms is None:
        return False
    days = range(day_of(cycle.started_ms) + 1, day_of(last_ms - 1) + 1)
    return any(not is_published(day) for day in days)


def working_days_after_ms(instant_ms: int, working_days: int) -> int:
    """The closing midnight of the kth working day after the day that ended at or holds it."""
    day = day_of(instant_ms - 1)
    for _ in range(working_days):
        day += 1
        while not is_working_day(day):
            day += 1
    return closing_midnight(day)
