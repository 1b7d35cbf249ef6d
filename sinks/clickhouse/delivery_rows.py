"""Rows of ``deliveries`` from the records of ``jushou.deliveries.v1``: one per attempt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec

from schemas.delivery import Delivery
from schemas.instants import parse_instant
from sinks.clickhouse.block import MAX_INT32, Row, clamp
from sinks.record import Record

TABLE = "deliveries"
NAMES = (
    "delivery_id", "escalation_id", "revision", "case_id", "level", "recipient", "endpoint",
    "purpose", "message_id", "attempt", "outcome", "why", "code", "repeated", "at",
    "source_partition", "source_offset",
)  # fmt: skip
TOMBSTONE = "tombstone"
_decode = msgspec.json.Decoder(Delivery).decode


def rows(records: Sequence[Record], partition: int) -> tuple[list[Row], Counter[str]]:
    """Return a row per record.

    Raises ``msgspec.DecodeError`` or ``ValueError`` for a record that is no delivery.
    """
    given = [record for record in records if record.value is not None]
    skipped = Counter({TOMBSTONE: len(records) - len(given)})
    return [
        _row(_decode(record.value or b""), partition, record.offset) for record in given
    ], +skipped


def _row(delivery: Delivery, partition: int, offset: int) -> Row:
    return (
        UUID(delivery.delivery_id),
        UUID(delivery.escalation_id),
        delivery.revision,
        delivery.case_id,
        delivery.level,
        delivery.recipient,
        delivery.endpoint,
        delivery.purpose,
        delivery.message_id or "",
        delivery.attempt,
        delivery.outcome,
        delivery.why,
        None if delivery.code is None else clamp(delivery.code, -MAX_INT32, MAX_INT32),
        delivery.repeated,
        parse_instant(delivery.at),
        partition,
        offset,
    )
