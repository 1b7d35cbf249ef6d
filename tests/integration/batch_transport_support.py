"""Topics, workers and committed offsets for the tests of the batch transport."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from faust.types import TP
from mode.threads import WorkerThread

from streams.transport import BatchApp, RecordBatch, batch_app, batch_topic, serve

DEADLINE_S = 30.0


async def eventually(
    condition: Callable[[], Any | Awaitable[Any]], within_s: float = DEADLINE_S
) -> Any:
    """What ``condition`` answers as soon as it is true."""
    async with asyncio.timeout(within_s):
        while True:
            answer = condition()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.02)


class Cluster:
    """What a test does to the broker beside the worker under test."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap})

    def create(self, topic: str, partitions: int = 1, **config: str) -> str:
        dotted = {name.replace("_", "."): value for name, value in config.items()}
        new = NewTopic(topic, partitions, 1, config=dotted)
        self.admin.create_topics([new])[topic].result(DEADLINE_S)
        return topic

    def produce(self, topic: str, values: range, partitions: int = 1) -> None:
        """One record for each of ``values``, in turn over the partitions, key and value alike."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5})
        for value in values:
            text = str(value).encode()
            producer.produce(topic, key=text, value=text, partition=value % partitions)
        assert producer.flush(DEADLINE_S) == 0

    @contextlib.contextmanager
    def _reader(self, group: str) -> Any:
        reader = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": group,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            }
        )
        try:
            yield reader
        finally:
            reader.close()

    def committed(self, group: str, topic: str, partitions: int = 1) -> list[int]:
        """The next offset to read for each partition; negative where nothing was committed."""
        with self._reader(group) as reader:
            wanted = [TopicPartition(topic, number) for number in range(partitions)]
            return [found.offset for found in reader.committed(wanted, timeout=DEADLINE_S)]

    def ends(self, topic: str, partitions: int = 1) -> list[int]:
        with self._reader("only-asks") as reader:
            tps = [TopicPartition(topic, number) for number in range(partitions)]
            return [reader.get_watermark_offsets(tp, timeout=DEADLINE_S)[1] for tp in tps]

    def offsets_kept(self, topic: str) -> list[int]:
        """Offsets of the records that partition 0 has now."""
        kept: list[int] = []
        with self._reader("only-reads") as reader:
            tp = TopicPartition(topic, 0, 0)
            end = reader.get_watermark_offsets(tp, timeout=DEADLINE_S)[1]
            reader.assign([tp])
            while reader.position([tp])[0].offset < end:
                kept += [message.offset() for message in reader.consume(1000, timeout=0.2)]
        return kept


class Handled:
    """What an agent completed or has in hand.

    When ``hold_from`` records were completed, the next batch stays in hand until ``go_on`` is set.
    """

    def __init__(self) -> None:
        self.batches: list[RecordBatch] = []
        self.in_hand: RecordBatch | None = None
        self.hold_from: int | None = None
        self.go_on = asyncio.Event()

    async def handle(self, batch: RecordBatch) -> None:
        if not batch.records:
            return
        self.in_hand = batch
        if self.hold_from is not None and self.count >= self.hold_from:
            await self.go_on.wait()
        self.batches.append(batch)
        self.in_hand = None

    @property
    def count(self) -> int:
        return sum(map(len, self.batches))

    def offsets(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for batch in self.batches:
            found[batch.partition] += [record.offset for record in batch]
        return dict(found)

    def values(self) -> list[int]:
        return [int(record.value or b"-1") for batch in self.batches for record in batch]


def app_on(cluster: Cluster, group: str, folder: Path, **settings: Any) -> BatchApp:
    # 6 s is the shortest session the broker allows; it brings short heartbeats with it.
    options = {"session_timeout_s": 6.0, **settings}
    return batch_app(group, bootstrap=cluster.bootstrap, datadir=folder, **options)


def recording_app(
    cluster: Cluster, group: str, topic: str, folder: Path, **settings: Any
) -> tuple[BatchApp, Handled]:
    """An app with one agent that keeps what it is handed."""
    app, handled = app_on(cluster, group, folder, **settings), Handled()
    add_agent(app, topic, handled.handle)
    return app, handled


def add_agent(
    app: BatchApp, topic: str, handle: Callable[[RecordBatch], Awaitable[None]], **options: Any
) -> Any:
    @app.agent(batch_topic(app, topic, **options), name=f"agent-{topic}", concurrency=1)
    async def agent(stream: Any) -> None:
        async for batch in stream:
            await handle(batch)

    return agent


@contextlib.asynccontextmanager
async def served(app: BatchApp, stop_within_s: float = 15.0) -> AsyncIterator[asyncio.Task[None]]:
    """The app running in this process; it is told to stop, and waited for, at the end."""
    until = asyncio.Event()
    others = set(threading.enumerate())
    worker = asyncio.create_task(serve(app, until, stop_within_s=stop_within_s))
    try:
        yield worker
    finally:
        until.set()
        try:
            await worker
        finally:
            await _threads_ended(others)


async def _threads_ended(others: set[threading.Thread]) -> None:
    """A thread of an app that was given up says so to this loop: let it, before the loop closes."""
    for thread in set(threading.enumerate()) - others:
        if isinstance(thread, WorkerThread):
            await asyncio.to_thread(thread.join, 10.0)


def places(topic: str, partitions: int) -> frozenset[TP]:
    return frozenset(TP(topic, number) for number in range(partitions))
