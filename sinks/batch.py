"""Decides when records are worth a block, and which go together. Pure: given the time.

Between the consumer and the blocks. A block that is too small makes many parts in ClickHouse, one
that is too late makes the page late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sinks.record import Record


@dataclass(frozen=True, slots=True)
class Limits:
    """A batch is due at ``rows`` records or ``size_bytes`` of them or the age ``age_s``.

    20,000 to 50,000 rows a block insert as fast per row as larger ones, and hold at most about
    100 MB of records with 4 topics of 4 partitions. A page may lag behind an event by two seconds:
    the worker may keep counts back for half a second, Kafka each record for a tenth on its way into
    worker and sink, and the page asks four times a second.
    """

    rows: int = 50_000
    size_bytes: int = 8_000_000
    age_s: float = 0.4


@dataclass(slots=True)
class Batch:
    """Records of one partition in order of offset; ``started_at_s`` is a monotonic time."""

    topic: str
    partition: int
    started_at_s: float
    records: list[Record] = field(default_factory=list)
    size_bytes: int = 0

    def extend(self, records: Sequence[Record]) -> None:
        """Take in records that follow those already here."""
        self.records.extend(records)
        self.size_bytes += sum(len(record.value or b"") for record in records)

    @property
    def next_offset(self) -> int:
        """The offset to commit once these records are written."""
        return self.records[-1].offset + 1

    def is_full(self, limits: Limits) -> bool:
        """Say whether it should take no more."""
        return len(self.records) >= limits.rows or self.size_bytes >= limits.size_bytes

    def is_due(self, now_s: float, limits: Limits) -> bool:
        """Say whether it should be written now; one without records never is."""
        if not self.records:
            return False
        return self.is_full(limits) or now_s - self.started_at_s >= limits.age_s


def due_together(batches: Iterable[Batch], now_s: float, limits: Limits) -> list[list[Batch]]:
    """Return the batches to be written now, each list as one block.

    With a batch that is due the others of its topic go, as far as one block takes them: a block
    costs ClickHouse more than some thousand rows of it do, and partitions would make many.
    """
    by_topic: defaultdict[str, list[Batch]] = defaultdict(list)
    for batch in batches:
        if batch.records:
            by_topic[batch.topic].append(batch)
    due: list[list[Batch]] = []
    for of_topic in by_topic.values():
        of_topic.sort(key=lambda batch: not batch.is_due(now_s, limits))
        groups = _filled(of_topic, limits)
        due += [group for group in groups if group[0].is_due(now_s, limits)]
    return due


def _filled(batches: Iterable[Batch], limits: Limits) -> list[list[Batch]]:
    """Return the batches in groups that keep within the limits; one alone may be beyond them."""
    groups: list[list[Batch]] = []
    rows = size_bytes = 0
    for batch in batches:
        rows, size_bytes = rows + len(batch.records), size_bytes + batch.size_bytes
        if not groups or rows > limits.rows or size_bytes > limits.size_bytes:
            groups.append([])
            rows, size_bytes = len(batch.records), batch.size_bytes
        groups[-1].append(batch)
    return groups
