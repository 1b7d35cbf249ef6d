"""The tables that have a row per record, against their topics.

Signals, revisions of escalations, actions, deliveries, dead letters: their rows are made of the
records once more and compared whole, so that one that was lost, changed or never written shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jushou.cli import topic_log
from jushou.cli.topic_log import LogRecord, Offsets
from jushou.cli.warehouse_dealt import Dealt, file_count
from jushou.cli.warehouse_difference import Difference, Table, Verified, differing, rows_of
from schemas.errors import Misconfigured
from schemas.monitoring.model import Monitoring
from schemas.topics import ACTIONS, DEAD_LETTERS, DELIVERIES, ESCALATIONS, SIGNALS
from sinks.clickhouse import (
    action_rows,
    dead_letter_rows,
    delivery_rows,
    escalation_rows,
    signal_rows,
)
from sinks.clickhouse.block import Row
from sinks.record import Record, keyed_record

if TYPE_CHECKING:
    from clickhouse_driver import Client

_ROWS_AT_ONCE = 5_000


class TopicTable(NamedTuple):
    """A table, its topic, the columns of its key, and how rows are made.

    The last two columns are the partition and the offset that a row comes from.
    """

    topic: str
    table: str
    names: Sequence[str]
    key: Sequence[str]
    rows: Callable[[Sequence[Record], int], Iterable[Row]]
    dealt_by: str


def topic_tables(monitoring: Monitoring) -> list[TopicTable]:
    """Return the tables; ``key`` is what ClickHouse tells their rows apart by."""
    return [
        TopicTable(
            SIGNALS.name, signal_rows.TABLE, signal_rows.NAMES,
            ("household", "signal_id", "record_hash"),
            lambda records, partition: signal_rows.rows(records, partition, monitoring)[0],
            "household",
        ),
        TopicTable(
            ESCALATIONS.name, escalation_rows.TABLE, escalation_rows.NAMES,
            ("escalation_id", "revision"),
            lambda records, partition: escalation_rows.rows(records, partition)[0],
            "escalation_id",
        ),
        TopicTable(
            ACTIONS.name, action_rows.TABLE, action_rows.NAMES, ("case_id", "action_id"),
            lambda records, partition: action_rows.rows(records, partition)[0],
            "case_id",
        ),
        TopicTable(
            DELIVERIES.name, delivery_rows.TABLE, delivery_rows.NAMES,
            ("case_id", "escalation_id", "delivery_id"),
            lambda records, partition: delivery_rows.rows(records, partition)[0],
            "delivery_id",
        ),
        TopicTable(
            DEAD_LETTERS.name, dead_letter_rows.TABLE, dead_letter_rows.NAMES,
            ("source_topic", "source_partition", "source_offset", "reason"),
            dead_letter_rows.rows,
            "source_offset",
        ),
    ]  # fmt: skip


class TopicComparison:
    """One table against its topic up to ``ends``."""

    def __init__(self, table: TopicTable, bootstrap: str, ends: Offsets, found: Verified) -> None:
        self._table = table
        self._bootstrap = bootstrap
        self._ends = ends
        self._found = found
        self._key_at = [table.names.index(name) for name in table.key]
        self._place = len(table.names) - 2

    def differences(self, client: Client, folder: Path) -> Iterator[Difference]:
        """Yield what differs; rows with a newer record than the log had are left out."""
        table = self._table
        dealt = self._dealt(folder)
        case_at = table.names.index("case_id") if "case_id" in table.names else None
        shown = Table(table.table, table.names, case_at)
        for number in range(dealt.count):
            wanted = self._newest(tuple(row) for row in dealt.read(number))
            where = dealt.where(f"toString({table.dealt_by})", number)
            found = self._newest(rows_of(client, table.names, f"{table.table} FINAL WHERE {where}"))
            now = topic_log.ends(self._bootstrap, table.topic)
            newer = {key for key, row in found.items() if self._came_meanwhile(row, now)}
            self._found.count(table.table, len(wanted))
            self._found.rows_left_out += len(newer)
            yield from differing(shown, found, wanted, lambda key, _: key in newer)  # noqa: B023

    def _dealt(self, folder: Path) -> Dealt[list[Any]]:
        table, ends = self._table, self._ends
        dealt: Dealt[list[Any]] = Dealt(
            folder, f"rows-of-{table.table}", file_count(sum(ends.values())), list[Any]
        )
        by_at = table.names.index(table.dealt_by)
        for row in self._rows(topic_log.read(self._bootstrap, table.topic, ends)):
            dealt.put(str(row[by_at]), list(row))
        return dealt

    def _rows(self, records: Iterable[LogRecord]) -> Iterator[Row]:
        waiting: dict[int, list[Record]] = defaultdict(list)
        for each in records:
            kept = waiting[each.partition]
            kept.append(self._record(each))
            if len(kept) >= _ROWS_AT_ONCE:
                yield from self._made(waiting.pop(each.partition), each.partition)
        for partition, kept in waiting.items():
            yield from self._made(kept, partition)

    def _record(self, each: LogRecord) -> Record:
        if self._table.topic == DEAD_LETTERS.name:
            return Record(each.offset, each.timestamp_ms, each.value, each.headers)
        return keyed_record(
            each.partition, len(self._ends), each.offset, each.timestamp_ms, each.value, each.key
        )

    def _made(self, records: Sequence[Record], partition: int) -> Iterable[Row]:
        try:
            return self._table.rows(records, partition)
        except (msgspec.DecodeError, ValueError) as fault:
            raise Misconfigured(
                f"{self._table.topic} partition {partition}, offsets {records[0].offset} to "
                f"{records[-1].offset}: a record is not what this version writes ({fault}); run "
                "this command in the version of the workers"
            ) from fault

    def _newest(self, rows: Iterable[Row]) -> dict[Any, Row]:
        """Return the rows by key; of several of one key that of the largest offset, as FINAL."""
        newest: dict[Any, Row] = {}
        for row in rows:
            key = tuple(row[at] for at in self._key_at)
            known = newest.get(key)
            if known is None or known[-1] <= row[-1]:
                newest[key] = row
        return newest

    def _came_meanwhile(self, row: Row, now: Mapping[int, int]) -> bool:
        """Say whether a row is of a record that came after the log was read.

        One beyond the end of now is of no record at all, and stays a difference.
        """
        partition, offset = row[self._place :]
        return bool(self._ends.get(partition, 0) <= offset < now.get(partition, 0))
