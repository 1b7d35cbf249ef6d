"""Verdicts, escalations and violations of a set of records at an instant.

Every function takes all good records and starts from nothing. Instants in what is returned are
RFC 3339 text at +08:00 (`to_ms` gives milliseconds); the order of what is returned says nothing.
"""

from __future__ import annotations

import uuid
from typing import Any

from tests.reference.catalogue import ladder_of
from tests.reference.counts import broken_rules
from tests.reference.due import Cycle, due_ms, is_provisional, used_ms, working_days_after_ms
from tests.reference.instants import iso
from tests.reference.life import cycles_of
from tests.reference.order import cases
from tests.reference.reading import Record

Judged = dict[str, Any]


def verdicts(records: list[Record], as_of_ms: int) -> list[Judged]:
    """One object per cycle: the fields of the replay contract, and `provisional`."""
    return [
        verdict(case_id, item, cycle, as_of_ms)
        for case_id, (item, events) in cases(records, as_of_ms).items()
        for cycle in cycles_of(item, events)
    ]


def verdict(case_id: str, item: str, cycle: Cycle, as_of_ms: int) -> Judged:
    """A clock is breached once `as_of`, or the end of the cycle, is after the due instant."""
    at_ms = due_ms(cycle)
    until_ms = as_of_ms if cycle.ended_ms is None else cycle.ended_ms
    is_breached = at_ms is not None and until_ms > at_ms
    return {
        "case_id": case_id,
        "item": item,
        "clock": cycle.clock.name,
        "cycle": cycle.ordinal,
        "start_event_id": cycle.start_event_id,
        "started_at": iso(cycle.started_ms),
        "due_at": iso_or_null(at_ms),
        "stopped_at": iso_or_null(cycle.ended_ms),
        "stop_event_id": cycle.stop_event_id,
        "status": status_of(cycle, at_ms, is_breached),
        "breached_at": iso_or_null(at_ms) if is_breached else None,
        "provisional": is_provisional(cycle),
    }


def status_of(cycle: Cycle, at_ms: int | None, is_breached: bool) -> str:
    """A cycle without a due instant is paused: an open one always reaches it by running on."""
    if cycle.cancelled:
        return "cancelled"
    if cycle.ended_ms is not None:
        return "missed" if is_breached else "met"
    return "paused" if at_ms is None else "running"


def iso_or_null(instant_ms: int | None) -> str | None:
    """Null stays null."""
    return None if instant_ms is None else iso(instant_ms)


def escalations(records: list[Record], as_of_ms: int) -> list[Judged]:
    """The steps of the ladders that stand as fired."""
    return [
        step
        for case_id, (item, events) in cases(records, as_of_ms).items()
        for cycle in cycles_of(item, events)
        for step in fired(case_id, cycle, as_of_ms)
    ]


def fired(case_id: str, cycle: Cycle, as_of_ms: int) -> list[Judged]:
    """A step fires when its instant is before `as_of` and before the end of the cycle."""
    until_ms = as_of_ms if cycle.ended_ms is None else cycle.ended_ms
    steps = []
    for level, offset, to in ladder_of(cycle.clock):
        at_ms = step_ms(cycle, offset)
        if at_ms is not None and at_ms < until_ms:
            name = f"{case_id}:{cycle.clock.name}:{cycle.start_event_id}:{level}"
            step = {
                "escalation_id": str(
                    uuid.uuid5(uuid.NAMESPACE_URL, f"urn:jushou:escalation:{name}")
                ),
                "case_id": case_id,
                "clock": cycle.clock.name,
                "start_event_id": cycle.start_event_id,
                "level": level,
                "to": to,
                "at": iso(at_ms),
            }
            steps.append(step)
    return steps


def step_ms(cycle: Cycle, offset: int) -> int | None:
    """The instant of a step; `None` where there is no such step, or not while it is paused."""
    if offset > 0:
        at_ms = due_ms(cycle)
        return None if at_ms is None else working_days_after_ms(at_ms, offset)
    units = cycle.clock.limit + cycle.extended_by + offset
    return used_ms(cycle, units) if units > 0 else None


def violations(records: list[Record], as_of_ms: int) -> list[Judged]:
    """Every event at which a rule of counts is broken."""
    return [
        {"case_id": case_id, "rule": rule, "event_id": event["event_id"]}
        for case_id, (item, events) in cases(records, as_of_ms).items()
        for rule, event in broken_rules(item, events)
    ]
