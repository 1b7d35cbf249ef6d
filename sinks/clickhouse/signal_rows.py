"""Rows of ``signals`` from the records of ``jushou.signals.v1``: one per good record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from clickhouse_cityhash.cityhash import CityHash64

from schemas import bulk_load
from schemas.errors import InvalidRecord
from schemas.lead import lead_case_id
from schemas.monitoring.model import Monitoring
from schemas.signal import ReadSignal, check_time, decode
from sinks.clickhouse.block import Row
from sinks.record import Record

TABLE = "signals"
NAMES = (
    "household", "signal_id", "record_hash", "observed_at", "source", "department", "indicator",
    "county", "township", "household_kind", "value", "threshold_sent", "threshold", "counts",
    "lead_case_id", "window_at", "rules", "source_partition", "source_offset",
)  # fmt: skip
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
