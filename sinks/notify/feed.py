"""Records from Kafka into the outbox; offsets are committed once the rows are on the disk.

The beginning of the path. A record that cannot be read goes to the dead letters, its neighbours
go on. After a crash records come again, and are known by their ids.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer

from schemas.action import Action, decode_action
from schemas.errors import DeadLetterReason, InvalidRecord, Misconfigured, Unavailable
from schemas.escalation import Escalation
from schemas.probe import KEY, ProbeAnswer, decode_answer, probe
from schemas.topics import (
    ACTIONS,
    CASE_EVENTS,
    CASE_STATES,
    DEAD_LETTERS,
    DELIVERIES,
    ESCALATIONS,
    HEARTBEATS,
)
from sinks.notify import metrics

_FLUSH_S = 30.0
_LEAVE_S = 5.0
_DECODER = msgspec.json.Decoder(Escalation)


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of the topics that the notifier reads and writes; those of production by default."""

    escalations: str = ESCALATIONS.name
    actions: str = ACTIONS.name
    heartbeats: str = HEARTBEATS.name
    case_states: str = CASE_STATES.name
    case_events: str = CASE_EVENTS.name
    deliveries: str = DELIVERIES.name
    dead_letters: str = DEAD_LETTERS.name


@dataclass(slots=True)
class Batch:
    """What one look at Kafka gave, in order."""

    escalations: list[Escalation] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    answers: list[ProbeAnswer] = field(default_factory=list)
    bad: list[tuple[Message, InvalidRecord]] = field(default_factory=list)


class Feed:
    """A consumer and a producer. Its calls block: they are made in a thread."""

    def __init__(self, bootstrap: str, group: str, topics: Topics) -> None:
        self.topics = topics
        self._bootstrap = bootstrap
        self._faults: list[KafkaError] = []
        # A static member: started again after a crash it has its partitions at once, not after
        # the session's 45 s; and a second notifier of the group puts an end to the first.
        self._consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": group, "group.instance.id": group,
            "enable.auto.commit": False, "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
        })  # fmt: skip
        self._consumer.subscribe([topics.escalations, topics.actions, topics.heartbeats])
        self._producer = Producer({
            "bootstrap.servers": bootstrap, "enable.idempotence": True,
            "partitioner": "murmur2_random", "linger.ms": 5,
        })  # fmt: skip

    async def read(self, at_most: int = 500, wait_s: float = 0.1) -> Batch:
        """Return what is there; waits ``wait_s`` at most for the first records."""
        messages = await asyncio.to_thread(self._consumer.consume, at_most, wait_s)
        batch = Batch()
        for message in messages:
            self._sort(message, batch)
        if batch.bad:
            await asyncio.to_thread(self._set_aside, batch.bad)
        for message in messages:
            if message.error() is None:
                self._consumer.store_offsets(message)
        return batch

    def _sort(self, message: Message, batch: Batch) -> None:
        fault = message.error()
        if fault is not None:
            if fault.fatal():
                raise Misconfigured(
                    f"Kafka at {self._bootstrap}: {fault.str()}; only one notifier of a group runs"
                )
            return
        topic, raw = message.topic(), message.value() or b""
        try:
            if topic == self.topics.heartbeats:
                if (answer := decode_answer(raw)) is not None:
                    batch.answers.append(answer)
            elif topic == self.topics.actions:
                batch.actions.append(decode_action(raw))
            else:
                batch.escalations.append(_escalation(raw))
        except InvalidRecord as bad:
            metrics.BAD_RECORDS.labels(topic, bad.reason.value).inc()
            batch.bad.append((message, bad))

    def _set_aside(self, bad: Iterable[tuple[Message, InvalidRecord]]) -> None:
        for message, fault in bad:
            headers = [
                ("reason", fault.reason.value.encode()),
                ("detail", fault.detail.encode()[:500]),
                ("source-topic", (message.topic() or "").encode()),
                ("source-partition", str(message.partition()).encode()),
                ("source-offset", str(message.offset()).encode()),
            ]
            self._send(self.topics.dead_letters, message.value(), message.key(), headers)
        self._flush()

    def commit(self) -> None:
        """Tell Kafka that everything read so far is on the disk; waits for no answer.

        Where it does not arrive the records come again, and are known by their ids.
        """
        with suppress(KafkaException):
            self._consumer.commit(asynchronous=True)

    async def probe(self, now_ms: int) -> int:
        """Send a probe onto each partition of the case events; return how many there are.

        Not waited for: what did not arrive is not answered. Raises ``Unavailable``.
        """
        return await asyncio.to_thread(self._probe, now_ms)

    def _probe(self, now_ms: int) -> int:
        topic = self.topics.case_events
        try:
            known = self._producer.list_topics(topic, timeout=_LEAVE_S).topics[topic]
            for number in known.partitions:
                self._producer.produce(topic, probe(now_ms), KEY, number)
        except (KafkaException, BufferError):
            raise Unavailable(f"Kafka at {self._bootstrap} takes no probe") from None
        self._producer.poll(0)
        return len(known.partitions)

    async def publish(self, records: Iterable[tuple[str, bytes]]) -> None:
        """Return when the broker has taken the records of deliveries."""
        await asyncio.to_thread(self._publish, list(records))

    def _publish(self, records: list[tuple[str, bytes]]) -> None:
        for key, raw in records:
            self._send(self.topics.deliveries, raw, key.encode(), [])
        self._flush()

    def _send(
        self, topic: str, raw: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        faults = self._faults
        while True:
            try:
                self._producer.produce(
                    topic, raw, key, headers=list(headers),
                    on_delivery=lambda fault, _: faults.append(fault) if fault else None,
                )  # fmt: skip
                return
            except BufferError:
                self._producer.poll(0.5)

    def _flush(self) -> None:
        waiting = self._producer.flush(_FLUSH_S)
        faults, self._faults = self._faults, []
        if waiting or faults:
            raise Unavailable(f"Kafka at {self._bootstrap} did not take a record; it comes again")

    async def close(self) -> None:
        """Leave the group, and give what is still to be sent a moment."""
        await asyncio.to_thread(self._producer.flush, 1.0)
        await leave(self._consumer)


async def leave(consumer: Consumer) -> None:
    """Close a consumer, but hold up a stop no longer than 5 s for a broker that is slow.

    By then everything is on the disk, and a static member is known again when it comes back.
    """
    closing = threading.Thread(target=consumer.close, daemon=True)
    closing.start()
    deadline = time.monotonic() + _LEAVE_S
    while closing.is_alive() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)


def _escalation(raw: bytes) -> Escalation:
    try:
        return _DECODER.decode(raw)
    except msgspec.ValidationError as fault:
        raise InvalidRecord(DeadLetterReason.WRONG_TYPE, f"not an escalation: {fault}") from None
    except msgspec.DecodeError:
        raise InvalidRecord(DeadLetterReason.NOT_JSON, "not an escalation") from None
