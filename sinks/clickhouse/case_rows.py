"""Rows of ``cases`` from the records of ``jushou.case-states.v1``: one per case and block.

The verdicts of a case are columns of arrays in its row, so that a newer state replaces them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from schemas import case_state
from schemas.case_state import CaseState, Cycle
from sinks.clickhouse.block import Row, version
from sinks.record import Record

TABLE = "cases"
NAMES = (
    "case_id", "version", "item", "county", "township", "department", "raised_by", "channel",
    "household", "submitted_at", "closed_at", "outcome", "reopened", "bounces", "open_pauses",
    "events", "set_aside", "held",
    "verdicts.clock", "verdicts.start_event_id", "verdicts.cycle", "verdicts.policy",
    "verdicts.term", "verdicts.extended", "verdicts.started_at", "verdicts.due_at",
    "verdicts.stopped_at", "verdicts.stop_event_id", "verdicts.outcome", "verdicts.provisional",
    "violations.rule", "violations.event_id", "source_partition",
)  # fmt: skip
TOMBSTONE = "tombstone"
REPLACED = "replaced-in-block"


class Heading(Struct, array_like=True, gc=False):
    """The first fields of a state: whose it is and how new; the rest is not looked at."""

    case_id: str
    generation: int = 0
    change: int = 0


_decode_heading = msgspec.msgpack.Decoder(Heading).decode


def rows(records: Sequence[Record], partition: int) -> tuple[list[Row], Counter[str]]:
    """Return the row of the newest state of each case among the records.

    Raises ``msgspec.DecodeError`` for a record that is no state.
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
    return [_row(case_state.decode(value), partition) for _, value in newest.values()], skipped


def _row(state: CaseState, partition: int) -> Row:
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
