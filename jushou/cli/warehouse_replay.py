"""What the warehouse must hold, recomputed from the log of case events by the core.

The log is first dealt out to files on disk by a hash of the case, so that only the cases of one
file are in memory at a time: a log of any length is replayed in the memory of some 50,000 cases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from clickhouse_cityhash.cityhash import CityHash64

from jushou.cli.topic_log import LogRecord, Offsets
from schemas.aggregate import Group
from schemas.case_event import decode
from schemas.case_state import CaseState
from schemas.dead_letter import REASON, SOURCE_OFFSET, SOURCE_PARTITION, SOURCE_TOPIC
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.escalation import escalation_id
from schemas.topics import CASE_EVENTS
from sinks.clickhouse import aggregate_rows, case_event_rows, case_rows
from sinks.clickhouse.block import Row
from sinks.record import Record
from streams.core.case import Engine
from streams.core.groups import groups
from streams.core.verdicts import standing

# About as many events as 50,000 cases have; each is some 300 bytes in its file.
EVENTS_PER_BUCKET = 400_000
# Reasons for which the worker sets aside a record that is right in itself: only its letter tells.
_BY_CIRCUMSTANCE = frozenset(
    reason.value.encode()
    for reason in (
        DeadLetterReason.TOO_FAR_AHEAD,
        DeadLetterReason.WRONG_PARTITION,
        DeadLetterReason.WRONG_KEY,
    )
)
ESCALATION_NAMES = (
    "escalation_id", "case_id", "clock", "start_event_id", "level", "to", "at", "item",
)  # fmt: skip

Place = tuple[int, int]  # partition and offset
_written = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(tuple[int, int, bytes]).decode


def bucket_of(case_id: str, buckets: int) -> int:
    """Return the bucket of a case: ClickHouse's ``cityHash64(case_id) % buckets``."""
    return int(CityHash64(case_id.encode())) % buckets


def bucket_count(ends: Offsets) -> int:
    """Return how many buckets a log is dealt out to."""
    return sum(ends.values()) // EVENTS_PER_BUCKET + 1


def set_aside_places(letters: Iterable[LogRecord]) -> set[Place]:
    """Return where the case events lie that the worker set aside, though they are right."""
    found = set()
    for letter in letters:
        headers = dict(reversed(letter.headers or []))
        if (
            headers.get(REASON) in _BY_CIRCUMSTANCE
            and headers.get(SOURCE_TOPIC) == CASE_EVENTS.name.encode()
        ):
            place = headers.get(SOURCE_PARTITION), headers.get(SOURCE_OFFSET)
            if place[0] is not None and place[1] is not None:
                found.add((int(place[0]), int(place[1])))
    return found


class Buckets:
    """The log dealt out to files under ``folder``; ``bad`` counts records that are no events."""

    def __init__(self, folder: Path, count: int, items: Container[str]) -> None:
        self.count = count
        self.bad = 0
        self._paths = [folder / f"{number}.events" for number in range(count)]
        self._items = items

    def deal(self, records: Iterable[LogRecord]) -> None:
        """Write each record to the file of its case."""
        files: list[BinaryIO] = [path.open("wb") for path in self._paths]
        try:
            for record in records:
                self._write(record, files)
        finally:
            for file in files:
                file.close()

    def _write(self, record: LogRecord, files: list[BinaryIO]) -> None:
        try:
            case_id, _ = decode(record.value or b"", self._items)
        except InvalidRecord:
            self.bad += 1
            return
        written = _written((record.partition, record.offset, record.value))
        file = files[bucket_of(case_id, self.count)]
        file.write(len(written).to_bytes(4, "little") + written)

    def read(self, number: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield partition, offset and value of each record of a bucket, in the order dealt."""
        with self._paths[number].open("rb") as file:
            while size := file.read(4):
                yield _read(file.read(int.from_bytes(size, "little")))


class Expected:
    """The rows of one bucket, by table and key, as of an instant (milliseconds)."""

    def __init__(
        self, engine: Engine, departments: Mapping[str, str], as_of: int, set_aside: set[Place]
    ) -> None:
        self.case_events: dict[Any, Row] = {}
        self.cases: dict[Any, Row] = {}
        self.escalations: dict[Any, Row] = {}
        self.counts: Counter[Row] = Counter()
        self._engine = engine
        self._departments = departments
        self._as_of = as_of
        self._set_aside = set_aside

    def replay(self, records: Iterable[tuple[int, int, bytes]]) -> None:
        """Recompute all rows from the events of a bucket."""
        states: dict[str, tuple[CaseState, int]] = {}
        by_partition: dict[int, list[Record]] = defaultdict(list)
        for partition, offset, value in records:
            by_partition[partition].append(Record(offset, 0, value))
            if (partition, offset) in self._set_aside:
                continue
            case_id, event = decode(value, self._engine.rules)
            state, _ = states.setdefault(case_id, (CaseState(case_id), partition))
            self._engine.add(state, event, self._as_of)
        for partition, kept in by_partition.items():
            rows, _ = case_event_rows.rows(kept, partition, self._departments)
            self.case_events |= {row[:3]: row for row in rows}
        for state, partition in states.values():
            self._engine.advance(state, self._as_of)
            self._settle(state, partition)

    def _settle(self, state: CaseState, partition: int) -> None:
        row = case_rows.case_row(state, partition, self._departments)
        self.cases[(state.case_id,)] = row
        for key in groups(state):
            self.counts[aggregate_rows.group_row(Group(*key))] += 1
        if state.item is None:
            return
        for hit in standing(state, self._engine.rules[state.item], self._as_of):
            cycle = hit.cycle
            names = (state.case_id, cycle.clock, cycle.start_event_id, hit.step.level)
            number = escalation_id(*names)
            self.escalations[(number,)] = (number, *names, hit.step.to, hit.at, state.item)
