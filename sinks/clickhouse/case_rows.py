"""Rows of ``cases`` from the records of ``jushou.case-states.v1``: one per case and block.

The verdicts of a case, and its custody intervals, are columns of arrays in its row, so that a newer
state replaces them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec
from msgspec import Struct

from schemas import case_state
from schemas.case_state import CaseState, Cycle
from schemas.custody import Held, custody
from sinks.clickhouse.block import Row, version
from sinks.clickhouse.native import (
    MakesField,
    Strings,
    Words,
    arrays,
    column_names,
    flags,
    instants,
    nested,
    nullable,
    uint16,
    uint32,
    uint64,
)
from sinks.record import Record

TABLE = "cases"
COLUMNS: Mapping[str, MakesField] = {
    "case_id": Strings,
    "version": uint64,
    "item": Words,
    "county": Words,
    "township": Words,
    "department": Words,
    "raised_by": Words,
    "channel": Words,
    "household": Strings,
    "submitted_at": nullable(instants),
    "closed_at": nullable(instants),
    "outcome": Words,
    "reopened": uint32,
    "bounces": uint32,
    "open_pauses": arrays(Words),
    "events": uint32,
    "set_aside": uint32,
    "held": flags,
    "verdicts": nested(
        {
            "verdicts.clock": Words,
            "verdicts.start_event_id": Strings,
            "verdicts.cycle": uint32,
            "verdicts.policy": Words,
            "verdicts.term": uint32,
            "verdicts.extended": uint32,
            "verdicts.started_at": instants,
            "verdicts.due_at": nullable(instants),
            "verdicts.stopped_at": nullable(instants),
            "verdicts.stop_event_id": Strings,
            "verdicts.outcome": Words,
            "verdicts.provisional": flags,
        }
    ),
    "violations": nested(
        {
            "violations.rule": Words,
            "violations.event_id": Strings,
        }
    ),
    "source_partition": uint16,
    "custody": nested(
        {
            "custody.level": Words,
            "custody.department": Words,
            "custody.county": Words,
            "custody.township": Words,
            "custody.since": instants,
            "custody.until": nullable(instants),
            "custody.accepted_at": nullable(instants),
            "custody.begun_by": Words,
            "custody.ended_by": Words,
        }
    ),
}
NAMES = column_names(COLUMNS)
TOMBSTONE = "tombstone"
REPLACED = "replaced-in-block"


class Heading(Struct, array_like=True, gc=False):
    """The first fields of a state: whose it is and how new; the rest is not looked at."""

    case_id: str
    generation: int = 0
    change: int = 0


_decode_heading = msgspec.msgpack.Decoder(Heading).decode


def rows(
    records: Sequence[Record], partition: int, departments: Mapping[str, str]
) -> tuple[Iterator[Row], Counter[str]]:
    """Return the row of the newest state of each case among the records.

    ``departments`` gives the department of each item. A record that is no state raises
    ``msgspec.DecodeError``, here or when its row is made.
    """
    newest: dict[str, tuple[int, bytes]] = {}
    skipped: Counter[str] = Counter()
    for record in records:
        if record.value is None:
            skipped[TOMBSTONE] += 1
            continue
        heading = _decode_heading(record.value)
        rank = version(heading.generation, heading.change)
        before = newest.get(heading.case_id)
        if before is not None:
            skipped[REPLACED] += 1
        if before is None or before[0] <= rank:
            newest[heading.case_id] = rank, record.value
    decode = case_state.decode
    made = (case_row(decode(value), partition, departments) for _, value in newest.values())
    return made, skipped


def case_row(state: CaseState, partition: int, departments: Mapping[str, str]) -> Row:
    """Return the row of a state, a value for each of ``COLUMNS``."""
    return (
        state.case_id,
        version(state.generation, state.change),
        state.item or "",
        state.county or "",
        state.township or "",
        state.department or "",
        state.raised_by or "",
        state.channel or "",
        state.household or "",
        state.submitted_at,
        state.closed_at,
        state.outcome or "",
        state.reopened,
        state.bounces,
        _open_pauses(state),
        len(state.events),
        len(state.set_aside),
        bool(state.loads),
        [_verdict(cycle) for cycle in chain(state.ended, state.live)],
        [(violation.rule, violation.event_id) for violation in state.violations],
        partition,
        _custody(state, departments),
    )


def _open_pauses(state: CaseState) -> list[str]:
    return [
        name
        for name, intervals in state.pauses.items()
        if intervals and intervals[-1].closed_at is None
    ]


def _verdict(cycle: Cycle) -> tuple[object, ...]:
    return (
        cycle.clock, cycle.start_event_id, cycle.ordinal, cycle.policy, cycle.limit,
        cycle.extended, cycle.started_at, cycle.due_at, cycle.stopped_at,
        cycle.stop_event_id or "", cycle.status, cycle.provisional,
    )  # fmt: skip


def _custody(state: CaseState, departments: Mapping[str, str]) -> list[tuple[object, ...]]:
    """Return the custody intervals; none while no event has named the item."""
    if state.item is None:
        return []
    events = state.events[: state.applied]
    return list(map(_interval, custody(events, departments.get(state.item, "")).held))


def _interval(held: Held) -> tuple[object, ...]:
    holder = held.holder
    return (
        holder.level.value, holder.department, holder.county or "", holder.township or "",
        held.since, held.until, held.accepted_at, held.by.type,
        "" if held.ended_by is None else held.ended_by.type,
    )  # fmt: skip
