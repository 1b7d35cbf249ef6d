"""A Kafka record as the sink holds it between the consumer and the block."""

from __future__ import annotations

from msgspec import Struct


class Record(Struct, frozen=True, gc=False):
    """One record of one partition; ``timestamp_ms`` is Kafka's. A tombstone has no value.

    ``headers`` are kept of dead letters only: nothing else is read from them, and a list for each
    of a hundred thousand records a second is a tenth of their reading.
    """

    offset: int
    timestamp_ms: int
    value: bytes | None
    headers: list[tuple[str, bytes | None]] | None = None
