"""The tables that have a row per record, against their topics.

Signals, revisions of escalations, actions, deliveries, dead letters: their rows are made of the
records once more and compared whole, so that one that was lost, changed or never written shows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jushou.cli import topic_log
from jushou.cli.topic_log import LogRecord, Offsets
from jushou.cli.warehouse_dealt import Dealt, file_count
from jushou.cli.warehouse_difference import Difference, Table, Verified, differing, rows_of
from schemas.topics import ACTIONS, DEAD_LETTERS, DELIVERIES, ESCALATIONS, SIGNALS
from sinks.batch import Batch
from sinks.clickhouse.block import Row
from sinks.clickhouse.blocks import Blocks
from sinks.record import Record, keyed_record

if TYPE_CHECKING:
    from clickhouse_driver import Client

_ROWS_AT_ONCE = 5_000


class TopicTable(NamedTuple):
    """A topic whose table has a row per record, and what ClickHouse tells its rows apart by.

    ``dealt_by`` is a column of the key. The last two columns of the table are the partition and the
    offset that a row comes from.
    """

    topic: str
    key: Sequence[str]
    dealt_by: str


TOPIC_TABLES = (
    TopicTable(SIGNALS.name, ("household", "signal_id", "record_hash"), "household"),
    TopicTable(ESCALATIONS.name, ("escalation_id", "revision"), "escalation_id"),
    TopicTable(ACTIONS.name, ("case_id", "action_id"), "case_id"),
    TopicTable(DELIVERIES.name, ("case_id", "escalation_id", "delivery_id"), "delivery_id"),
    TopicTable(
        DEAD_LETTERS.name,
        ("source_topic", "source_partition", "source_offset", "reason"),
        "source_offset",
    ),
)


class TopicComparison:
    """One table against its topic up to ``ends``."""

    def __init__(
        self, table: TopicTable, blocks: Blocks, bootstrap: str, ends: Offsets, found: Verified
    ) -> None:
        self._topic = table.topic
        self._dealt_by = table.dealt_by
        self._blocks = blocks
        self._table, self._names = blocks.table(table.topic)
        self._bootstrap = bootstrap
        self._ends = ends
        self._found = found
        self._key_at = [self._names.index(name) for name in table.key]
        self._place = len(self._names) - 2

    def differences(self, client: Client, folder: Path) -> Iterator[Difference]:
        """Yield what differs; rows with a newer record than the log had are left out."""
        table, names = self._table, self._names
        dealt = self._dealt(folder)
        case_at = names.index("case_id") if "case_id" in names else None
        shown = Table(table, names, case_at)
        for number in range(dealt.count):
            wanted = self._newest(tuple(row) for row in dealt.read(number))
            where = dealt.where(f"toString({self._dealt_by})", number)
            found = self._newest(rows_of(client, names, f"{table} FINAL WHERE {where}"))
            now = topic_log.ends(self._bootstrap, self._topic)
            newer = {key for key, row in found.items() if self._came_meanwhile(row, now)}
            self._found.count(table, len(wanted))
            self._found.rows_left_out += len(newer)
            yield from differing(shown, found, wanted, lambda key, _: key in newer)  # noqa: B023

    def _dealt(self, folder: Path) -> Dealt[list[Any]]:
        ends = self._ends
        dealt: Dealt[list[Any]] = Dealt(
            folder, f"rows-of-{self._table}", file_count(sum(ends.values())), list[Any]
        )
        by_at = self._names.index(self._dealt_by)
        for row in self._rows(topic_log.read(self._bootstrap, self._topic, ends)):
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
        if self._topic in self._blocks.topics_with_headers:
            return Record(each.offset, each.timestamp_ms, each.value, each.headers)
        return keyed_record(
            each.partition, len(self._ends), each.offset, each.timestamp_ms, each.value, each.key
        )

    def _made(self, records: list[Record], partition: int) -> Iterable[Row]:
        return self._blocks.rows(Batch(self._topic, partition, 0.0, records), Counter())

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
