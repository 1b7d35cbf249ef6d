"""Asks the brokers where partitions end, now.

A client of its own: on the connection of the worker's consumer the question would wait behind a
fetch that the broker holds back, and the consumer's cached end is as old as its last fetch.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP


@dataclass(frozen=True, slots=True)
class EndOffsets:
    """``offsets`` was the state of the partitions at some moment not before ``asked_at_s``.

    ``asked_at_s`` is seconds since 1970 (``time.time``), ``asked_monotonic_s`` the same moment by
    ``time.monotonic``. An offset is that of the next record; with an open transaction, that of its
    first record, since nothing from there on can be read yet.
    """

    asked_at_s: float
    asked_monotonic_s: float
    offsets: Mapping[TP, int]


class EndOffsetReader:
    """Answers ``ask`` with one request per broker that leads any of the partitions.

    Use it in one event loop, as ``async with EndOffsetReader(bootstrap) as reader``.
    Errors: those of aiokafka; ``KafkaTimeoutError`` when no answer comes within ``timeout_s``.
    """

    def __init__(self, bootstrap: str, timeout_s: float = 10.0) -> None:
        self._client = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            isolation_level="read_committed",  # as the worker's consumer reads
            request_timeout_ms=int(timeout_s * 1000),
        )

    async def start(self) -> Self:
        """Connect."""
        await self._client.start()
        return self

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def ask(self, partitions: Iterable[TP]) -> EndOffsets:
        """The end offsets of ``partitions``, asked for after this call began."""
        wanted = [TopicPartition(tp.topic, tp.partition) for tp in partitions]
        at_s, monotonic_s = time.time(), time.monotonic()
        found = await self._client.end_offsets(wanted) if wanted else {}
        return EndOffsets(at_s, monotonic_s, {TP(*tp): offset for tp, offset in found.items()})
