"""Rows of ``case_events`` from the records of ``jushou.case-events.v1``.

Of the attributes only the known ones with a closed set of values are taken: free text may hold
what must not be here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from clickhouse_cityhash.cityhash import CityHash64

from schemas import bulk_load, case_event
from schemas.case_event import Heading, StoredEvent
from schemas.errors import InvalidRecord
from sinks.clickhouse.block import MAX_INT64, MAX_UINT32, Row, clamp
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Words,
    flags,
    instants,
    int64,
    nullable,
    uint16,
    uint32,
    uint64,
)
from sinks.record import Record

TABLE = "case_events"
COLUMNS: Mapping[str, MakesColumn] = {
    "case_id": Strings,
    "event_id": Strings,
    "record_hash": uint64,
    "type": Words,
    "occurred_at": instants,
    "sequence": nullable(int64),
    "item": Words,
    "county": Words,
    "township": Words,
    "department": Words,
    "raised_by": Words,
    "channel": Words,
    "household": Strings,
    "confirmed": nullable(flags),
    "placed": nullable(flags),
    "zero_employment": nullable(flags),
    "grade": Words,
    "round": nullable(uint32),
    "offers": nullable(uint32),
    "clock": Words,
    "extended_by": Words,
    "reason_given": flags,
    "source_partition": uint16,
    "source_offset": uint64,
}
NAMES = tuple(COLUMNS)

BRACKET = "load-bracket"
TOMBSTONE = "tombstone"
_GRADES = frozenset("ABCD")
_CLOCK = re.compile(r"[a-z][a-z-]{0,31}")
_AMOUNT = re.compile(r"[0-9]{1,6}(?:h|d|wd)")
_NO_HEADING = ("",) * 7
_NO_ATTRIBUTES = (None, None, None, "", None, None, "", "", False)
# JSON, because it has integers of any size.
_encode = msgspec.json.Encoder(order="deterministic").encode


def rows(
    records: Sequence[Record], partition: int, items: Container[str]
) -> tuple[Iterator[Row], Counter[str]]:
    """Return the rows of the good records and how many others there were, by reason.

    Bad records are the worker's to set aside; here they are only counted, while the rows are made.
    ``items`` are the codes that exist.
    """
    skipped: Counter[str] = Counter()
    return _good(records, partition, items, skipped), skipped


def _good(
    records: Sequence[Record], partition: int, items: Container[str], skipped: Counter[str]
) -> Iterator[Row]:
    for record in records:
        if record.value is None:
            skipped[TOMBSTONE] += 1
            continue
        try:
            case_id, event = case_event.decode(record.value, items)
        except InvalidRecord as fault:
            skipped[BRACKET if _is_bracket(record.value) else fault.reason.value] += 1
            continue
        yield _row(case_id, event, partition, record.offset)


def _row(case_id: str, event: StoredEvent, partition: int, offset: int) -> Row:
    sequence = event.sequence
    return (
        case_id,
        event.event_id,
        record_hash(event),
        event.type,
        event.at,
        None if sequence is None else clamp(sequence, -MAX_INT64, MAX_INT64),
        *(_NO_HEADING if event.heading is None else _heading(event.heading)),
        *(_attributes(event.attributes) if event.attributes else _NO_ATTRIBUTES),
        partition,
        offset,
    )


def record_hash(event: StoredEvent) -> int:
    """Return the same number for records that say the same, whatever the order of their fields.

    It names the fields itself: a field that a later version keeps must not change it.
    """
    written = (
        event.at, event.type, event.sequence, event.attributes, event.heading, event.written,
        event.whole,
    )  # fmt: skip
    return int(CityHash64(_encode(written)))


def _heading(heading: Heading) -> Row:
    return (
        heading.item or "",
        heading.county or "",
        heading.township or "",
        heading.department or "",
        heading.raised_by or "",
        heading.channel or "",
        heading.household or "",
    )


def _attributes(given: dict[str, Any]) -> Row:
    grade, reason = given.get("grade"), given.get("reason")
    return (
        _flag(given.get("confirmed")),
        _flag(given.get("placed")),
        _flag(given.get("zero_employment")),
        grade if isinstance(grade, str) and grade in _GRADES else "",
        _count(given.get("round")),
        _count(given.get("offers")),
        _code(given.get("clock"), _CLOCK),
        _code(given.get("by"), _AMOUNT),
        reason is not None and bool(str(reason).strip()),
    )


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    return None if value is None else clamp(int(value), 0, MAX_UINT32)


def _code(value: object, pattern: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _is_bracket(value: bytes) -> bool:
    try:
        bulk_load.decode(value)
    except msgspec.DecodeError:
        return False
    return True
