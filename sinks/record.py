"""A Kafka record as the sink holds it between the consumer and the block."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One record of one partition; ``timestamp_ms`` is Kafka's. A tombstone has no value."""

    offset: int
    timestamp_ms: int
    value: bytes | None
    headers: list[tuple[str, bytes | None]] | None = None
