"""Case events into Kafka: acknowledged by all replicas, in order, bulk loads in their brackets.

Stands between whoever has events (a file, the simulator, a department's export) and
``jushou.case-events.v1``. The bytes are sent untouched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Literal, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas import bulk_load
from schemas.bulk_load import LOAD_HEADER, LoadBracket
from schemas.errors import Misconfigured, Unavailable
from schemas.instants import render_instant
from schemas.topics import CASE_EVENTS

Progress = Callable[[int], None]
Headers = list[tuple[str, str | bytes | None]]

_POLL_EVERY = 2_000  # records between two looks at what the broker answered
_METADATA_S = 10.0
_BY_KEY = -1  # librdkafka's "no partition given"


class Publisher:
    """A producer of case events that partitions as Java's clients do (murmur2 of the key).

    ``send`` queues, ``flush`` waits; a record that is not acknowledged within ``timeout_s``
    makes either raise ``Unavailable``. A topic that does not exist is ``Misconfigured``.
    """

    def __init__(
        self, bootstrap: str, topic: str = CASE_EVENTS.name, timeout_s: float = 60.0
    ) -> None:
        self.bootstrap = bootstrap
        self.topic = topic
        self._timeout_s = timeout_s
        self._fault: KafkaError | None = None
        self._sent = 0
        self._producer = Producer(_config(bootstrap, timeout_s) | {"on_delivery": self._delivered})
        self.partitions = self._ask_partitions()

    def send(self, case_id: str, raw: bytes, headers: Headers | None = None) -> None:
        """Queue one event; waits while the queue is full."""
        self.send_as_it_is(case_id.encode(), raw, headers)

    def send_as_it_is(
        self, key: bytes | None, raw: bytes | None, headers: Headers | None = None
    ) -> None:
        """Queue a record of another log, whatever its key; waits while the queue is full."""
        self._produce(raw, key, headers=headers)
        self._sent += 1
        if self._sent % _POLL_EVERY == 0:
            self._producer.poll(0)
            self._check()

    def send_to_all(self, raw: bytes, key: bytes) -> None:
        """Queue one record for each partition, whatever its key."""
        for partition in range(self.partitions):
            self._produce(raw, key, partition)

    def flush(self) -> None:
        """Return when everything that was sent is acknowledged."""
        # Each record has its own time-out, so this ends; the margin is for its report.
        waiting = self._producer.flush(self._timeout_s + 10.0)
        self._check()
        if waiting:
            raise Unavailable(f"Kafka at {self.bootstrap} left {waiting} records unanswered")

    def abandon(self) -> None:
        """Drop what is still queued, so that nothing of it is sent later."""
        self._producer.purge()
        self._producer.poll(0)

    def _produce(
        self,
        raw: bytes | None,
        key: bytes | None,
        partition: int = _BY_KEY,
        headers: Headers | None = None,
    ) -> None:
        while True:
            try:
                self._producer.produce(self.topic, raw, key, partition, headers=headers or [])
                return
            except BufferError:
                self._producer.poll(0.5)
                self._check()
            except KafkaException as fault:
                raise Unavailable(f"Kafka at {self.bootstrap}: {fault.args[0].str()}") from None

    def _delivered(self, fault: KafkaError | None, _message: Message) -> None:
        if fault is not None and self._fault is None:
            self._fault = fault

    def _check(self) -> None:
        if self._fault is not None:
            raise Unavailable(
                f"Kafka at {self.bootstrap} did not take a record of {self.topic}: "
                f"{self._fault.str()}; send again, repeated events have no effect"
            )

    def _ask_partitions(self) -> int:
        try:
            topics = self._producer.list_topics(timeout=min(_METADATA_S, self._timeout_s)).topics
        except KafkaException as fault:
            raise Unavailable(
                f"Kafka at {self.bootstrap} does not answer: {fault.args[0].str()}"
            ) from None
        if self.topic not in topics:
            raise Misconfigured(
                f"topic {self.topic} does not exist at {self.bootstrap}: "
                "create it with `jushou topics --create`"
            )
        return len(topics[self.topic].partitions)


class BulkLoad:
    """A bracketed load: opened on every partition, closed when all of it is acknowledged.

    A context. If anything fails within it, or it is interrupted, the load is **not** closed: the
    worker goes on holding its cases until a time of silence (``JUSHOU_LOAD_TIMEOUT_S``), then
    closes it with an alarm. Before that it can be sent again under the same ``load_id``; after
    that under a new one. Repeated events have no effect. The publisher is of no use afterwards.
    """

    def __init__(self, publisher: Publisher, load_id: str) -> None:
        self.load_id = load_id
        self._publisher = publisher
        self._headers: Headers = [(LOAD_HEADER, load_id.encode())]

    def __enter__(self) -> Self:
        # Acknowledged first: a retry must not put a record before its bracket.
        self._bracket("load-opened")
        return self

    def send(self, case_id: str, raw: bytes) -> None:
        """Queue one event of the load; waits while the queue is full."""
        self._publisher.send(case_id, raw, self._headers)

    def send_as_it_is(self, key: bytes | None, raw: bytes) -> None:
        """Queue a record of another log as one of the load."""
        self._publisher.send_as_it_is(key, raw, self._headers)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if fault is None:
            try:
                self._publisher.flush()
                self._bracket("load-closed")
                return
            except BaseException as late_fault:
                self._leave_open(late_fault)
                raise
        self._leave_open(fault)

    def _bracket(self, type_: Literal["load-opened", "load-closed"]) -> None:
        record = LoadBracket(
            type=type_,
            load=self.load_id,
            at=render_instant(time.time_ns() // 1_000_000),
        )
        self._publisher.send_to_all(bulk_load.encode(record), self.load_id.encode())
        self._publisher.flush()

    def _leave_open(self, fault: BaseException) -> None:
        self._publisher.abandon()
        fault.add_note(
            f"load {self.load_id} stays open: send it again under this id, or wait until the "
            "worker closes it after a time of silence"
        )


def publish_events(
    publisher: Publisher | BulkLoad,
    events: Iterable[tuple[str, bytes]],
    progress: Progress | None = None,
) -> int:
    """Send pairs (case id, JSON) and return their number.

    Through a ``Publisher`` all are acknowledged on return; through a ``BulkLoad`` when its context
    ends. ``progress`` is called with the number sent so far, every 2,000 and at the end.
    """
    count = 0
    for case_id, raw in events:
        publisher.send(case_id, raw)
        count += 1
        if progress is not None and count % _POLL_EVERY == 0:
            progress(count)
    if isinstance(publisher, Publisher):
        publisher.flush()
    if progress is not None:
        progress(count)
    return count


def _config(bootstrap: str, timeout_s: float) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        # As Java's and aiokafka's default; librdkafka's own would split cases.
        "partitioner": "murmur2_random",
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        # History comes by the hundred thousand: fill batches rather than send at once.
        "linger.ms": 20,
        "batch.num.messages": 10_000,
        "batch.size": 1_000_000,
        "queue.buffering.max.messages": 200_000,
        "delivery.timeout.ms": int(timeout_s * 1000),
        # What goes wrong is raised; librdkafka would besides print each attempt to connect.
        "log_level": 2,
        # One call per record would cost more than the rest of the sending.
        "delivery.report.only.error": True,
    }
