"""What an agent is handed: the records of one fetch from one partition.

It is built in the consumer's thread (``consumer_thread.py``), travels through Faust as the value of
one event, and is unpacked by the agent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aiokafka import ConsumerRecord

#: ``offset``, ``timestamp`` (milliseconds), ``key``, ``value`` and ``headers`` as the broker keeps
#: them. Nothing is decoded: a record that cannot be decoded is the agent's to set aside, and must
#: not be acknowledged on its behalf. A tombstone is a record whose ``value`` is None.
Record: TypeAlias = ConsumerRecord[bytes | None, bytes | None]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class RecordBatch:
    """Records of one partition in offset order, and the offset at which reading goes on.

    ``records`` may be empty. That is so once after every assignment, when ``next_offset`` tells
    where reading starts, and when the broker had only transaction markers or aborted records to
    give. So ``next_offset`` of the last batch handled is always the position that can be compared
    with an end offset, whatever gaps compaction and transactions have left.
    """

    topic: str
    partition: int
    records: Sequence[Record]
    next_offset: int

    @property
    def first_offset(self) -> int:
        """Offset of the first record; ``next_offset`` if there is none."""
        return int(self.records[0].offset) if self.records else self.next_offset

    @property
    def last_offset(self) -> int:
        """Offset of the last record; ``next_offset - 1`` if there is none."""
        return int(self.records[-1].offset) if self.records else self.next_offset - 1

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __repr__(self) -> str:  # the records themselves may be private: logs get the place only
        return (
            f"<RecordBatch {self.topic}[{self.partition}] {self.first_offset}..{self.last_offset},"
            f" {len(self.records)} records, next {self.next_offset}>"
        )
