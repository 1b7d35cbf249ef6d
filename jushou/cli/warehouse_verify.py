"""Compares the warehouse with a replay of the log through the core, by case and column.

``jushou warehouse verify``. What is recomputed: every case event, every case with its verdicts,
violations and custody, the escalations that stand, and the counts. Cases that get events while
this runs are left out, and said so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jushou.cli import topic_log
from jushou.cli.warehouse_replay import (
    ESCALATION_NAMES,
    Buckets,
    Expected,
    Place,
    bucket_count,
    set_aside_places,
)
from schemas.instants import MINUTE_MS, from_datetime, to_datetime
from schemas.topics import CASE_EVENTS, DEAD_LETTERS
from sinks.clickhouse import aggregate_rows, case_event_rows, case_rows
from sinks.clickhouse.block import Row
from sinks.clickhouse.server import classified

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from sinks.clickhouse.server import Server
    from streams.core.case import Engine

# Of a case the log does not tell how often its state was written, nor which loads are open.
_OF_THE_STREAM = frozenset({"version", "held"})
# The stream may take this long to tell of a step that has come due.
_TELLING_MS = MINUTE_MS
_BLOCK_ROWS = 20_000
MISSING = "missing"


class Difference(NamedTuple):
    """A value that is another in the warehouse; a row that one side lacks is ``missing`` there."""

    table: str
    case_id: str
    key: Row
    column: str
    warehouse: Any
    log: Any


@dataclass
class Verified:
    """What was compared: rows by table, bad records, and cases left out since they changed."""

    rows: dict[str, int] = field(default_factory=dict)
    bad: int = 0
    left_out: int = 0
    differences: int = 0

    def count(self, table: str, rows: int) -> None:
        """Add rows that were compared."""
        self.rows[table] = self.rows.get(table, 0) + rows


class Verification:
    """One comparison as of an instant (milliseconds); ``differences`` yields what it finds."""

    def __init__(
        self, bootstrap: str, server: Server, engine: Engine, departments: Mapping[str, str],
        as_of: int,
    ) -> None:  # fmt: skip
        self.found = Verified()
        self._bootstrap = bootstrap
        self._server = server
        self._engine = engine
        self._departments = departments
        self._as_of = as_of
        self._changed: set[str] = set()

    def differences(self) -> Iterator[Difference]:
        """Yield every difference; ``Unavailable`` when a server does not answer."""
        ends = topic_log.ends(self._bootstrap, CASE_EVENTS.name)
        letters = topic_log.ends(self._bootstrap, DEAD_LETTERS.name)
        aside = set_aside_places(topic_log.read(self._bootstrap, DEAD_LETTERS.name, letters))
        with tempfile.TemporaryDirectory(prefix="jushou-verify-") as folder:
            buckets = Buckets(Path(folder), bucket_count(ends), self._engine.rules)
            buckets.deal(topic_log.read(self._bootstrap, CASE_EVENTS.name, ends))
            self.found.bad = buckets.bad
            with classified(self._server), self._server.client() as client:
                for each in self._compared(client, buckets, aside, ends):
                    self.found.differences += 1
                    yield each
        self.found.left_out = len(self._changed)

    def _compared(
        self, client: Client, buckets: Buckets, aside: set[Place], ends: topic_log.Offsets
    ) -> Iterator[Difference]:
        counts: dict[Any, int] = {}
        for number in range(buckets.count):
            expected = Expected(self._engine, self._departments, self._as_of, aside)
            expected.replay(buckets.read(number))
            where = f"cityHash64(case_id) % {buckets.count} = {number}"
            found = self._found(client, where)
            # After the warehouse was asked: what came until then may be in it, and is not in here.
            self._note_changed(ends)
            for table, names, key, wanted in self._sides(expected, found.pop("held")):
                self.found.count(table, len(wanted))
                yield from self._differing(table, names, key, found[table], wanted)
            for group, count in expected.counts.items():
                counts[group] = counts.get(group, 0) + count
        if not self._changed:
            self.found.count(aggregate_rows.TABLE, len(counts))
            yield from self._differing_counts(client, counts)

    def _found(self, client: Client, where: str) -> dict[str, Any]:
        cases = _rows(client, case_rows.NAMES, f"cases FINAL WHERE {where}")
        held_at = case_rows.NAMES.index("held")
        events = _rows(client, case_event_rows.NAMES, f"case_events FINAL WHERE {where}")
        before = f"{to_datetime(self._as_of):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        standing = _rows(
            client, ESCALATION_NAMES, f"escalations_standing WHERE {where} AND at < '{before}'"
        )
        return {
            "held": {row[0] for row in cases if row[held_at]},
            case_event_rows.TABLE: {row[:3]: row for row in events},
            case_rows.TABLE: {row[:1]: row for row in cases},
            "escalations_standing": {(str(row[0]),): (str(row[0]), *row[1:]) for row in standing},
        }

    def _sides(
        self, expected: Expected, held: Collection[str]
    ) -> Iterator[tuple[str, Sequence[str], int, dict[Any, Row]]]:
        """Yield each table, its columns, where its case id is, and the rows that it must have."""
        yield case_event_rows.TABLE, case_event_rows.NAMES, 0, expected.case_events
        yield case_rows.TABLE, case_rows.NAMES, 0, expected.cases
        # A case that an open load holds back is not judged yet.
        judged = {key: row for key, row in expected.escalations.items() if row[1] not in held}
        yield "escalations_standing", ESCALATION_NAMES, 1, judged

    def _differing(
        self, table: str, names: Sequence[str], case_at: int,
        found: Mapping[Any, Row], wanted: Mapping[Any, Row],
    ) -> Iterator[Difference]:  # fmt: skip
        for key in found.keys() | wanted.keys():
            here, there = found.get(key), wanted.get(key)
            case_id = (here or there or ())[case_at]
            if case_id in self._changed or (here is None and self._is_just_due(table, there)):
                continue
            for column, value, right in _unequal(names, here, there):
                yield Difference(table, case_id, key, column, value, right)

    def _is_just_due(self, table: str, row: Row | None) -> bool:
        if table != "escalations_standing" or row is None:
            return False
        return bool(row[ESCALATION_NAMES.index("at")] >= self._as_of - _TELLING_MS)

    def _differing_counts(self, client: Client, wanted: Mapping[Any, int]) -> Iterator[Difference]:
        names = aggregate_rows.GROUP_NAMES
        rows = _rows(client, (*names, "total"), "aggregates_current")
        found = {row[:-1]: row[-1] for row in rows}
        for group in found.keys() | wanted.keys():
            here, there = found.get(group, 0), wanted.get(group, 0)
            if here != there:
                yield Difference(aggregate_rows.TABLE, "", group, "count", here, there)

    def _note_changed(self, ends: topic_log.Offsets) -> None:
        """Remember the cases that have got events since the log was read."""
        now = topic_log.ends(self._bootstrap, CASE_EVENTS.name)
        later = topic_log.read(self._bootstrap, CASE_EVENTS.name, now, since=ends)
        self._changed |= {(record.key or b"").decode("utf-8", "replace") for record in later}


def _rows(client: Client, names: Sequence[str], source: str) -> list[Row]:
    columns = ", ".join(f"`{name}`" for name in names)
    settings = {"max_block_size": _BLOCK_ROWS}
    found = client.execute_iter(f"SELECT {columns} FROM {source}", settings=settings)
    return [tuple(map(_plain, row)) for row in found]


def _unequal(
    names: Sequence[str], here: Row | None, there: Row | None
) -> Iterable[tuple[str, Any, Any]]:
    """Yield column and both values where they differ; a missing row is one difference."""
    if here is None or there is None:
        yield "", MISSING if here is None else "there", MISSING if there is None else "there"
        return
    for name, value, right in zip(names, here, there, strict=True):
        if name not in _OF_THE_STREAM and value != _plain(right):
            yield name, value, _plain(right)


def _plain(value: Any) -> Any:
    """Return a value as both sides have it: instants in milliseconds, sequences as tuples."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return from_datetime(value) if hasattr(value, "tzinfo") else value
