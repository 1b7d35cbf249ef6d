"""Inserts blocks in threads of their own, again and again until ClickHouse takes them.

Between the blocks and the commit. While blocks are on their way the next one is read and built.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

import stamina
import structlog

from schemas.errors import JushouError, Unavailable
from sinks.clickhouse.block import Block
from sinks.metrics import SinkMetrics

_FIRST_WAIT_S = 0.2
_PARTS_EVERY_S = 10.0
_LONGEST_WAIT_S = 5.0  # also the longest that a stop waits for a server that is away
_log = structlog.get_logger("sink")


class InsertsBlocks(Protocol):
    """What the thread needs of ``sinks.clickhouse.writer.Writer``."""

    def insert(self, block: Block) -> None: ...

    def parts(self) -> dict[str, int]: ...

    def close(self) -> None: ...


class Inserter:
    """Takes blocks and inserts as many at once as it has writers; rows do not depend on order.

    ``away`` is set while the server does not take one of them. After ``give_up`` a block that the
    server does not take is no longer tried again: its future ends with ``Unavailable``.
    """

    def __init__(self, writers: Sequence[InsertsBlocks], metrics: SinkMetrics) -> None:
        self.away = threading.Event()
        self._writers = writers
        self._idle: SimpleQueue[InsertsBlocks] = SimpleQueue()
        for writer in writers:
            self._idle.put(writer)
        self._refused: set[int] = set()
        self._refused_lock = threading.Lock()
        self._metrics = metrics
        self._look_at_parts_s = 0.0
        self._giving_up = threading.Event()
        self._threads = ThreadPoolExecutor(len(writers), thread_name_prefix="inserter")

    def submit(self, block: Block) -> Future[None]:
        """Return what ends when the block is acknowledged, or with ``Misconfigured``."""
        return self._threads.submit(self._insert, block)

    def give_up(self) -> None:
        """Try nothing again from now on."""
        self._giving_up.set()

    def close(self) -> None:
        """Wait for the blocks in hand and close the connections."""
        self._threads.shutdown(wait=True)
        for writer in self._writers:
            writer.close()

    def _insert(self, block: Block) -> None:
        started_s, writer = time.monotonic(), self._idle.get()
        try:
            for attempt in stamina.retry_context(
                on=self._is_worth_another_try,
                attempts=None,
                timeout=None,
                wait_initial=_FIRST_WAIT_S,
                wait_max=_LONGEST_WAIT_S,
                wait_jitter=_FIRST_WAIT_S,
            ):
                with attempt:
                    writer.insert(block)
            self._note_taken()
            self._count(block, time.monotonic() - started_s)
            self._look_at_parts(writer)
        finally:
            self._idle.put(writer)

    def _is_worth_another_try(self, fault: Exception) -> bool:
        if not isinstance(fault, Unavailable) or self._giving_up.is_set():
            return False
        with self._refused_lock:
            self._refused.add(threading.get_ident())
            if not self.away.is_set():
                _log.warning("ClickHouse does not take a block; trying again", fault=str(fault))
            self.away.set()
            self._metrics.outage.set(1)
        self._metrics.retries.inc()
        return True

    def _note_taken(self) -> None:
        """The server takes blocks again once no thread has one that it refused."""
        with self._refused_lock:
            self._refused.discard(threading.get_ident())
            if self._refused:
                return
            if self.away.is_set():
                _log.info("ClickHouse takes blocks again")
            self.away.clear()
            self._metrics.outage.set(0)

    def _look_at_parts(self, writer: InsertsBlocks) -> None:
        """Note how many parts there are, now and then; that it cannot be told matters to nobody."""
        now_s = time.monotonic()
        if now_s < self._look_at_parts_s:
            return
        self._look_at_parts_s = now_s + _PARTS_EVERY_S
        with suppress(JushouError):
            for table, count in writer.parts().items():
                self._metrics.parts.labels(table).set(count)

    def _count(self, block: Block, seconds: float) -> None:
        if not block.rows:
            return
        self._metrics.rows.labels(block.table).inc(block.rows)
        self._metrics.block_rows.labels(block.table).observe(block.rows)
        self._metrics.insert_s.labels(block.table).observe(seconds)
        self._metrics.last_block_at.set_to_current_time()
