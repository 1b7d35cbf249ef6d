"""Rows of ``escalations`` from the records of ``jushou.escalations.v1``: one per revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from schemas.escalation import Escalation
from schemas.instants import parse_instant
from sinks.clickhouse.block import Row
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Uuids,
    Words,
    flags,
    instants,
    nullable,
    uint16,
    uint32,
    uint64,
)
from sinks.record import Record

TABLE = "escalations"
COLUMNS: Mapping[str, MakesColumn] = {
    "escalation_id": Uuids,
    "revision": uint32,
    "state": Words,
    "cause": Words,
    "case_id": Strings,
    "item": Words,
    "department": Words,
    "county": Words,
    "township": Words,
    "clock": Words,
    "start_event_id": Strings,
    "cycle": uint32,
    "level": Words,
    "to": Words,
    "term": Words,
    "due_at": nullable(instants),
    "at": instants,
    "published_at": instants,
    "known_late": flags,
    "provisional": flags,
    "policy": Words,
    "calendar": Words,
    "reason_zh": Strings,
    "reason_en": Strings,
    "source_partition": uint16,
    "source_offset": uint64,
}
NAMES = tuple(COLUMNS)
TOMBSTONE = "tombstone"
_decode = msgspec.json.Decoder(Escalation).decode


def rows(records: Sequence[Record], partition: int) -> tuple[list[Row], Counter[str]]:
    """Return a row per record.

    Raises ``msgspec.DecodeError`` or ``ValueError`` for a record that is no escalation.
    """
    given = [record for record in records if record.value is not None]
    skipped = Counter({TOMBSTONE: len(records) - len(given)})
    return [
        _row(_decode(record.value or b""), partition, record.offset) for record in given
    ], +skipped


def _row(escalation: Escalation, partition: int, offset: int) -> Row:
    return (
        UUID(escalation.escalation_id),
        escalation.revision,
        escalation.state.value,
        escalation.cause.value,
        escalation.case_id,
        escalation.item,
        escalation.department,
        escalation.county,
        escalation.township or "",
        escalation.clock,
        escalation.start_event_id,
        escalation.cycle,
        escalation.level,
        escalation.to,
        escalation.limit,
        None if escalation.due_at is None else parse_instant(escalation.due_at),
        parse_instant(escalation.at),
        parse_instant(escalation.published_at),
        escalation.known_late,
        escalation.provisional,
        escalation.policy,
        escalation.calendar,
        escalation.reason.zh,
        escalation.reason.en,
        partition,
        offset,
    )
