"""Rows of ``deliveries`` from the records of ``jushou.deliveries.v1``: one per attempt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from schemas.delivery import Delivery
from schemas.instants import parse_instant
from sinks.clickhouse.block import MAX_INT32, Row, clamp
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Uuids,
    Words,
    flags,
    instants,
    int32,
    nullable,
    uint16,
    uint32,
    uint64,
)
from sinks.record import Record

TABLE = "deliveries"
COLUMNS: Mapping[str, MakesColumn] = {
    "delivery_id": Uuids,
    "escalation_id": Uuids,
    "revision": uint32,
    "case_id": Strings,
    "level": Words,
    "recipient": Words,
    "endpoint": Words,
    "purpose": Words,
    "message_id": Strings,
    "attempt": uint32,
    "outcome": Words,
    "why": Words,
    "code": nullable(int32),
    "repeated": flags,
    "at": instants,
    "source_partition": uint16,
    "source_offset": uint64,
}
NAMES = tuple(COLUMNS)
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
