"""Rows of ``aggregates`` from the records of ``jushou.aggregates.v1``: the newest per group."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from schemas.aggregate import Aggregate, Group
from sinks.clickhouse.block import Row, version
from sinks.clickhouse.native import (
    Days,
    MakesColumn,
    Words,
    instants,
    int64,
    nullable,
    uint16,
    uint64,
)
from sinks.record import Record

TABLE = "aggregates"
COLUMNS: Mapping[str, MakesColumn] = {
    "measure": Words,
    "day": Days,
    "county": Words,
    "item": Words,
    "department": Words,
    "raised_by": Words,
    "channel": Words,
    "clock": Words,
    "status": Words,
    "due_at": nullable(instants),
    "supervised_from": nullable(instants),
    "partition": uint16,
    "count": int64,
    "version": uint64,
}
NAMES = tuple(COLUMNS)
GROUP_NAMES = NAMES[:-3]
TOMBSTONE = "tombstone"
REPLACED = "replaced-in-block"
# The days that ClickHouse's Date32 can hold; the first stands for "has no day".
_FIRST_DAY, _LAST_DAY = dt.date(1900, 1, 1), dt.date(2299, 12, 31)
_decode = msgspec.json.Decoder(Aggregate).decode


def rows(records: Sequence[Record]) -> tuple[Iterator[Row], Counter[str]]:
    """Return the row of the newest count of each group and partition among the records.

    Raises ``msgspec.DecodeError`` or ``ValueError`` for a record that is no aggregate.
    """
    newest: dict[tuple[Group, int], tuple[int, int]] = {}
    skipped: Counter[str] = Counter()
    for record in records:
        if record.value is None:
            skipped[TOMBSTONE] += 1
            continue
        aggregate = _decode(record.value)
        key = aggregate.group, aggregate.partition
        rank = version(aggregate.generation, aggregate.change)
        before = newest.get(key)
        if before is not None:
            skipped[REPLACED] += 1
        if before is None or before[1] <= rank:
            newest[key] = aggregate.count, rank
    made = ((*group_row(group), partition, *value) for (group, partition), value in newest.items())
    return made, skipped


def group_row(group: Group) -> Row:
    """Return the columns ``GROUP_NAMES`` of a group."""
    return (
        group.measure,
        _day(group.day),
        group.county or "",
        group.item or "",
        group.department or "",
        group.raised_by or "",
        group.channel or "",
        group.clock or "",
        group.status or "",
        group.due_at,
        group.supervised_from,
    )


@lru_cache(maxsize=10_000)
def _day(text: str | None) -> dt.date:
    """Return the day, or the nearest one that the column can hold."""
    if text is None:
        return _FIRST_DAY
    if len(text) > len("9999-12-31"):
        return _LAST_DAY
    if text < "0001":
        return _FIRST_DAY
    return min(max(dt.date.fromisoformat(text), _FIRST_DAY), _LAST_DAY)
