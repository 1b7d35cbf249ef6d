"""Rows of ``escalations`` from the records of ``jushou.escalations.v1``: one per revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec

from schemas.escalation import Escalation
from schemas.instants import parse_instant
from sinks.clickhouse.block import Row
from sinks.record import Record

TABLE = "escalations"
NAMES = (
    "escalation_id", "revision", "state", "cause", "case_id", "item", "department", "county",
    "township", "clock", "start_event_id", "cycle", "level", "to", "term", "due_at", "at",
    "published_at", "known_late", "provisional", "policy", "calendar", "reason_zh", "reason_en",
    "source_partition", "source_offset",
)  # fmt: skip
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
