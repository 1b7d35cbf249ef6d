"""Rows of ``signals`` from the records of ``jushou.signals.v1``: one per good record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from clickhouse_cityhash.cityhash import CityHash64

from schemas import bulk_load
from schemas.errors import InvalidRecord
from schemas.lead import lead_case_id
from schemas.monitoring.model import Monitoring
from schemas.signal import ReadSignal, check_time, decode
from sinks.clickhouse.block import Row
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Words,
    flags,
    float64,
    instants,
    nullable,
    uint16,
    uint64,
)
from sinks.record import Record

TABLE = "signals"
COLUMNS: Mapping[str, MakesColumn] = {
    "household": Strings,
    "signal_id": Strings,
    "record_hash": uint64,
    "observed_at": instants,
    "source": Words,
    "department": Words,
    "indicator": Words,
    "county": Words,
    "township": Words,
    "household_kind": Words,
    "value": nullable(float64),
    "threshold_sent": nullable(float64),
    "threshold": nullable(float64),
    "counts": flags,
    "lead_case_id": Strings,
    "window_at": instants,
    "rules": Words,
    "source_partition": uint16,
    "source_offset": uint64,
}
NAMES = tuple(COLUMNS)
BRACKET = "load-bracket"
TOMBSTONE = "tombstone"
MISPLACED = "misplaced"
_encode = msgspec.json.Encoder().encode


def rows(
    records: Sequence[Record], partition: int, monitoring: Monitoring
) -> tuple[list[Row], Counter[str]]:
    """Return the rows of the good records and how many others there were, by reason.

    Bad records are the household worker's to set aside; here they are only counted. So are those
    that it sets aside for their key or partition, where the records have their keys.
    """
    found: list[Row] = []
    skipped: Counter[str] = Counter()
    for record in records:
        if record.value is None:
            skipped[TOMBSTONE] += 1
            continue
        try:
            read = decode(record.value)
            check_time(read.signal, record.timestamp_ms)
        except InvalidRecord as fault:
            skipped[BRACKET if _is_bracket(record.value) else fault.reason.value] += 1
            continue
        if record.key is not None and (
            record.is_misplaced or record.key != read.household.encode()
        ):
            skipped[MISPLACED] += 1
            continue
        found.append(_row(read, monitoring, partition, record.offset))
    return found, skipped


def _row(read: ReadSignal, monitoring: Monitoring, partition: int, offset: int) -> Row:
    signal, judgement = read.signal, monitoring.judge(read.signal)
    window_at = monitoring.window_of(signal.at)
    return (
        read.household,
        signal.signal_id,
        int(CityHash64(_encode((signal, read.threshold_sent)))),
        signal.at,
        signal.source,
        signal.department,
        signal.indicator,
        signal.county,
        signal.township,
        signal.kind,
        signal.value,
        read.threshold_sent,
        judgement.threshold,
        judgement.counts,
        lead_case_id(read.household, window_at) if judgement.counts else "",
        window_at,
        judgement.rules,
        partition,
        offset,
    )


def _is_bracket(value: bytes) -> bool:
    try:
        bulk_load.decode(value)
    except msgspec.DecodeError:
        return False
    return True
