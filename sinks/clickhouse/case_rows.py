"""Rows of ``cases`` from the records of ``jushou.case-states.v1``: one per case and block.

The verdicts of a case, and its custody intervals, are columns of arrays in its row, so that a newer
state replaces them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from schemas import case_state
from schemas.case_state import CaseState, Cycle
from schemas.custody import Held, custody
from sinks.clickhouse.block import Row, version
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Words,
    arrays,
    flags,
    instants,
    nullable,
    uint16,
    uint32,
    uint64,
)
from sinks.record import Record

TABLE = "cases"
COLUMNS: Mapping[str, MakesColumn] = {
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
    "verdicts.clock": arrays(Words),
    "verdicts.start_event_id": arrays(Strings),
    "verdicts.cycle": arrays(uint32),
    "verdicts.policy": arrays(Words),
    "verdicts.term": arrays(uint32),
    "verdicts.extended": arrays(uint32),
    "verdicts.started_at": arrays(instants),
    "verdicts.due_at": arrays(nullable(instants)),
    "verdicts.stopped_at": arrays(nullable(instants)),
    "verdicts.stop_event_id": arrays(Strings),
    "verdicts.outcome": arrays(Words),
    "verdicts.provisional": arrays(flags),
    "violations.rule": arrays(Words),
    "violations.event_id": arrays(Strings),
    "source_partition": uint16,
    "custody.level": arrays(Words),
    "custody.department": arrays(Words),
    "custody.county": arrays(Words),
    "custody.township": arrays(Words),
    "custody.since": arrays(instants),
    "custody.until": arrays(nullable(instants)),
    "custody.accepted_at": arrays(nullable(instants)),
    "custody.begun_by": arrays(Words),
    "custody.ended_by": arrays(Words),
}
NAMES = tuple(COLUMNS)
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
    """Return the row of a state, in the order of ``NAMES``."""
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
        *_verdicts([*state.ended, *state.live]),
        [violation.rule for violation in state.violations],
        [violation.event_id for violation in state.violations],
        partition,
        *_custody(state, departments),
    )


def _open_pauses(state: CaseState) -> list[str]:
    return [
        name
        for name, intervals in state.pauses.items()
        if intervals and intervals[-1].closed_at is None
    ]


_NO_VERDICTS: tuple[list[object], ...] = ([],) * 12


def _verdicts(cycles: list[Cycle]) -> Sequence[Sequence[object]]:
    """Return the columns of the cycles, each a sequence as long as there are cycles."""
    if not cycles:
        return _NO_VERDICTS
    return list(
        zip(
            *(
                (
                    cycle.clock, cycle.start_event_id, cycle.ordinal, cycle.policy,
                    cycle.limit, cycle.extended, cycle.started_at, cycle.due_at,
                    cycle.stopped_at, cycle.stop_event_id or "", cycle.status,
                    cycle.provisional,
                )
                for cycle in cycles
            ),
            strict=True,
        )
    )  # fmt: skip


_NO_CUSTODY: tuple[list[object], ...] = ([],) * 9


def _custody(state: CaseState, departments: Mapping[str, str]) -> Sequence[Sequence[object]]:
    """Return the columns of the custody intervals; none while no event has named the item."""
    if state.item is None:
        return _NO_CUSTODY
    events = state.events[: state.applied]
    held = custody(events, departments.get(state.item, "")).held
    return list(zip(*map(_interval, held), strict=True)) if held else _NO_CUSTODY


def _interval(held: Held) -> tuple[object, ...]:
    holder = held.holder
    return (
        holder.level.value, holder.department, holder.county or "", holder.township or "",
        held.since, held.until, held.accepted_at, held.by.type,
        "" if held.ended_by is None else held.ended_by.type,
    )  # fmt: skip
