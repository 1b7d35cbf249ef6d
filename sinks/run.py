"""The sink as a whole: read, gather, make blocks, insert, commit; in this order, forever.

A process of its own, so that a slow ClickHouse never delays an escalation. It may be killed at
any time and run twice: rows are idempotent by their keys.
"""

from __future__ import annotations

import gc
import math
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

import structlog

from schemas.errors import Unavailable
from sinks.batch import Batch, Limits, due_together
from sinks.clickhouse.blocks import Blocks
from sinks.clickhouse.server import Server
from sinks.clickhouse.writer import Writer
from sinks.consumer import Partition, SinkConsumer
from sinks.inserting import Inserter, InsertsBlocks
from sinks.metrics import SinkMetrics
from sinks.record import Record

_READ_MOST = 10_000
_READ_S = 0.2
# ClickHouse works on one block while the next one is sent to it: with one connection each would
# wait for the other. A third block waits for them; more would be memory and nothing else.
_CONNECTIONS = 2
_BLOCKS_IN_HAND = 3
# Rows are many small objects that live until their block is made. At Python's 700 the collector
# takes half of the time that a block of states needs, at 50,000 still a tenth of all; nothing here
# makes cycles.
_GC_THRESHOLD = (1_000_000, 20, 20)
_log = structlog.get_logger("sink")


@dataclass(frozen=True, slots=True)
class SinkConfig:
    """Whence, whither, and how much at once.

    ``until_idle`` ends the run when all is written; ``until`` ends it when each of these partitions
    is written up to its offset, whatever comes meanwhile.
    """

    bootstrap: str
    group: str
    server: Server
    limits: Limits = field(default_factory=Limits)
    until_idle: bool = False
    until: Mapping[Partition, int] | None = None


class Sink:
    """Carries records from Kafka into ClickHouse until it is stopped."""

    def __init__(
        self,
        config: SinkConfig,
        blocks: Blocks,
        metrics: SinkMetrics,
        writer: InsertsBlocks | None = None,
    ) -> None:
        self._config = config
        self._blocks = blocks
        self._metrics = metrics
        writers = [writer] if writer else [Writer(config.server) for _ in range(_CONNECTIONS)]
        self._inserter = Inserter(writers, metrics)
        self._batches: dict[Partition, Batch] = {}
        self._in_hand: deque[tuple[list[Batch], Future[None]]] = deque()
        self._written: dict[Partition, int] = {}
        self._consumer = SinkConsumer(
            config.bootstrap,
            config.group,
            blocks.topics,
            self._drop,
            self._note_lag,
            blocks.topics_with_headers,
            blocks.topics_with_keys,
        )

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set, or until all is written where the config says so.

        On a stop what was read is still written and committed, unless ClickHouse is away: then it
        is left to the next run. Raises ``Misconfigured`` for what waiting does not mend.
        """
        thresholds = gc.get_threshold()
        gc.set_threshold(*_GC_THRESHOLD)
        try:
            while not stop.is_set() and not self._is_finished():
                self._step()
            self._write_what_was_read()
        finally:
            gc.set_threshold(*thresholds)
            self._inserter.give_up()
            self._inserter.close()
            self._consumer.close()

    def _step(self) -> None:
        if self._inserter.away.is_set():
            self._wait_out_the_outage()
        else:
            self._read()
            self._send_due()
        self._commit_written()

    def _wait_out_the_outage(self) -> None:
        """Stay in the group and take no more, until ClickHouse takes the block in hand."""
        self._consumer.pause()
        self._take(self._consumer.read(_READ_MOST, _READ_S))
        if not self._inserter.away.is_set():
            self._consumer.resume()

    def _read(self) -> None:
        self._take(self._consumer.read(_READ_MOST, _READ_S))

    def _take(self, found: Mapping[Partition, Sequence[Record]]) -> None:
        for partition, records in found.items():
            if partition not in self._batches:
                self._batches[partition] = Batch(*partition, started_at_s=time.monotonic())
            self._batches[partition].extend(records)

    def _send_due(self) -> None:
        hurried = self._config.until_idle and self._consumer.is_at_end()
        now_s = math.inf if hurried else time.monotonic()
        for batches in due_together(self._batches.values(), now_s, self._config.limits):
            self._send(batches)

    def _send(self, batches: list[Batch]) -> None:
        """Hand the block of batches over once there is room; in an outage they stay."""
        while len(self._in_hand) >= _BLOCKS_IN_HAND:
            if self._inserter.away.is_set():
                return
            wait([self._in_hand[0][1]], timeout=_READ_S)
            self._commit_written()
        for batch in batches:
            del self._batches[batch.topic, batch.partition]
        block = self._blocks.block(batches)
        for reason, count in block.skipped.items():
            self._metrics.skipped.labels(batches[0].topic, reason).inc(count)
        self._in_hand.append((batches, self._inserter.submit(block)))

    def _commit_written(self) -> None:
        """Commit the offsets of the blocks that ClickHouse has acknowledged."""
        written: dict[Partition, int] = {}
        while self._in_hand and self._in_hand[0][1].done():
            batches, future = self._in_hand.popleft()
            future.result()
            written |= {(each.topic, each.partition): each.next_offset for each in batches}
        self._written |= written
        if written and not self._consumer.commit(written):
            self._metrics.commit_failures.inc()

    def _write_what_was_read(self) -> None:
        self._inserter.give_up()
        try:
            limits = self._config.limits
            for batches in due_together(self._batches.values(), math.inf, limits):
                self._send(batches)
            while self._in_hand:
                wait([self._in_hand[0][1]])
                self._commit_written()
        except Unavailable as fault:
            _log.warning("stopped without writing what was read last", fault=str(fault))

    def _is_finished(self) -> bool:
        if self._config.until is not None:
            return all(self._has_written(*each) for each in self._config.until.items())
        return (
            self._config.until_idle
            and not self._batches
            and not self._in_hand
            and self._consumer.is_at_end()
        )

    def _has_written(self, partition: Partition, end: int) -> bool:
        if self._written.get(partition, 0) >= end:
            return True
        # What compaction took, or never had a record, is passed by and not written.
        return (
            self._consumer.read_end(partition) >= end
            and partition not in self._batches
            and not any(
                (batch.topic, batch.partition) == partition
                for batches, _ in self._in_hand
                for batch in batches
            )
        )

    def _drop(self, partitions: set[Partition]) -> None:
        for partition in partitions:
            self._batches.pop(partition, None)
            self._metrics.lag.remove(partition[0], str(partition[1]))

    def _note_lag(self, lags: Mapping[Partition, int]) -> None:
        for (topic, partition), lag in lags.items():
            self._metrics.lag.labels(topic, str(partition)).set(lag)
