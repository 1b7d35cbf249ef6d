"""A Kafka record as the sink holds it between the consumer and the block."""

from __future__ import annotations

from msgspec import Struct

from schemas.partitioning import partition_of


class Record(Struct, frozen=True, gc=False):
    """One record of one partition; ``timestamp_ms`` is Kafka's. A tombstone has no value.

    ``headers`` are kept of dead letters only: nothing else is read from them, and a list for each
    of a hundred thousand records a second is a tenth of their reading. ``key`` is kept of signals
    only, empty where the record has none; ``is_misplaced``: not on the partition of its key.
    """

    offset: int
    timestamp_ms: int
    value: bytes | None
    headers: list[tuple[str, bytes | None]] | None = None
    key: bytes | None = None
    is_misplaced: bool = False


def keyed_record(
    partition: int, partitions: int, offset: int, timestamp_ms: int, value: bytes | None,
    key: bytes | None,
) -> Record:  # fmt: skip
    """Return a record of a topic of so many partitions with its key."""
    is_misplaced = partition_of(key or b"", partitions) != partition
    return Record(offset, timestamp_ms, value, None, key or b"", is_misplaced)
