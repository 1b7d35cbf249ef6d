"""Rows of ``dead_letters`` from the headers of ``jushou.dead-letters.v1``; never from the bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas import dead_letter
from sinks.clickhouse.block import MAX_INT32, MAX_INT64, Row
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Words,
    instants,
    int32,
    int64,
    uint16,
    uint32,
    uint64,
)
from sinks.record import Record

TABLE = "dead_letters"
COLUMNS: Mapping[str, MakesColumn] = {
    "source_topic": Words,
    "source_partition": int32,
    "source_offset": int64,
    "reason": Words,
    "detail": Strings,
    "set_aside_at": instants,
    "size": uint32,
    "letter_partition": uint16,
    "letter_offset": uint64,
}
NAMES = tuple(COLUMNS)
_UNKNOWN = "unknown"


def rows(records: Sequence[Record], partition: int) -> list[Row]:
    """Return a row per letter; one whose headers do not say whence it came is kept all the same."""
    return [_row(record, partition) for record in records]


def _row(record: Record, partition: int) -> Row:
    # The worker puts its own headers first; a header of the original record of the same name
    # comes after them and must not be taken for it.
    headers = dict(reversed(record.headers or []))
    return (
        _text(headers.get(dead_letter.SOURCE_TOPIC)),
        _number(headers.get(dead_letter.SOURCE_PARTITION), MAX_INT32),
        _number(headers.get(dead_letter.SOURCE_OFFSET), MAX_INT64),
        _text(headers.get(dead_letter.REASON)) or _UNKNOWN,
        _text(headers.get(dead_letter.DETAIL)),
        record.timestamp_ms,
        len(record.value or b""),
        partition,
        record.offset,
    )


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode("utf-8", "replace")


def _number(value: bytes | None, most: int) -> int:
    """Return a number from a header, -1 where there is none that the column can hold."""
    number = int(value) if value is not None and value.isdigit() and len(value) < 20 else -1
    return number if number <= most else -1
