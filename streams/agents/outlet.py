"""Writes what the keeper decided, in the order that a crash cannot hurt.

Escalations are acknowledged by the broker before the states that note them, and states before
the offsets of the events are committed. A crash in between repeats ids and revisions, which are
deduplicated wherever they have an effect; it never loses one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from schemas import checkpoint as checkpoints
from schemas.aggregate import SCHEMA_VERSION as AGGREGATE_VERSION
from schemas.checkpoint import Checkpoint
from schemas.dead_letter import dead_letter_headers
from schemas.errors import Unavailable
from schemas.escalation import Escalation
from schemas.instants import render_instant
from schemas.topics import (
    AGGREGATES,
    CASE_EVENTS,
    CASE_STATES,
    CHECKPOINTS,
    DEAD_LETTERS,
    ESCALATIONS,
)
from streams.agents.keeper import DeadLetter, Effects, StateRecord
from streams.core.groups import GroupKey
from streams.state.partition import PartitionState

# Seconds until a record that the broker does not take is an error: longer than a broker's restart.
# Never longer than the session: what waits in librdkafka while the process stands still must not go
# out once another has the partition.
DELIVERY_TIMEOUT_S = 120.0
_PRODUCERS = 2
_encode = msgspec.json.Encoder().encode


class Outlet:
    """Producers for all that a worker writes. Not safe for use by two tasks at once.

    What is written of one partition goes through one producer, and stays in its order. There are
    two, so that one partition's records can be waited for while those of another are sent.

    ``may_write`` is called before each record and raises where the partitions may be another's;
    they are ``session_timeout_s`` after the group last heard of this worker.
    """

    def __init__(
        self,
        bootstrap: str,
        session_timeout_s: float = DELIVERY_TIMEOUT_S,
        may_write: Callable[[], None] = lambda: None,
    ) -> None:
        self._may_write = may_write
        self._timeout_s = min(DELIVERY_TIMEOUT_S, session_timeout_s)
        self._fault: KafkaError | None = None
        self._escalations_next: dict[int, int] = {}
        config = _config(bootstrap, self._timeout_s) | {"on_delivery": self._delivered}
        # Reports of what was delivered cost as much as the sending: only escalations have them,
        # for their offsets.
        quiet = config | {"delivery.report.only.error": True}
        self._producers = [Producer(quiet) for _ in range(_PRODUCERS)]
        self._escalator = Producer(config)

    def _delivered(self, fault: KafkaError | None, message: Message) -> None:
        if fault is not None:
            self._fault = fault
            return
        partition, offset = message.partition(), message.offset()
        if partition is not None and offset is not None:
            known = self._escalations_next.get(partition, 0)
            self._escalations_next[partition] = max(known, offset + 1)

    def state_writer(self, partition: int) -> Callable[[StateRecord], None]:
        """Return what sends a state of a partition at once; ``flush`` has it acknowledged."""
        producer = self._producer(partition)

        def write(state: StateRecord) -> None:
            self._send(producer, CASE_STATES.name, partition, state[0].encode(), state[1])

        return write

    def _producer(self, partition: int) -> Producer:
        return self._producers[partition % _PRODUCERS]

    async def write(self, effects: Effects, state: PartitionState, now: int) -> None:
        """Have the effects of one batch or sweep of a partition acknowledged, in their order.

        ``now`` (milliseconds) is the time of publication. Raises ``Unavailable`` when the broker
        does not take a record: the worker stops, and what was not committed is done again.
        """
        if effects.escalations:
            await self._publish(effects.escalations, state, now)
        self.send(effects, state.partition)
        await self.flush(state.partition)

    def send(self, effects: Effects, partition: int) -> None:
        """Send dead letters and states, which need no order among them; ``flush`` waits for them.

        Escalations need one: they go through ``write``.
        """
        for letter in effects.dead_letters:
            self._set_aside(letter, partition)
        write = self.state_writer(partition)
        for state in effects.states:
            write(state)

    async def _publish(
        self, escalations: Iterable[Escalation], state: PartitionState, now: int
    ) -> None:
        published_at = render_instant(now)
        for escalation in escalations:
            escalation.published_at = published_at
            key, value = escalation.case_id.encode(), _encode(escalation)
            self._send(self._escalator, ESCALATIONS.name, state.partition, key, value)
        await self._flush(self._escalator)
        ended = self._escalations_next.get(state.partition, 0)
        state.escalations_next = max(state.escalations_next, ended)

    def checkpoint(self, state: PartitionState) -> None:
        """Note how far the states are written; called after they were, and not waited for."""
        record = Checkpoint(
            generation=state.generation,
            next_offset=state.next_offset,
            cases=len(state),
            now=state.now,
            escalations_next=state.escalations_next,
        )
        producer, encoded = self._producer(state.partition), checkpoints.encode(record)
        self._send(producer, CHECKPOINTS.name, state.partition, checkpoints.KEY, encoded)

    async def publish_counts(
        self, state: PartitionState, counts: Iterable[tuple[GroupKey, int]]
    ) -> None:
        """Publish changed counts, each absolute and newer than all before."""
        state.count_change += 1
        # As ``Aggregate`` is written: a tuple looks like its group, and all else is a number.
        rest = (
            f',"partition":{state.partition},"count":%d,"generation":{state.generation},'
            f'"change":{state.count_change},"schema_version":"{AGGREGATE_VERSION}"}}'
        ).encode()
        producer = self._producer(state.partition)
        for group, count in counts:
            key = _encode(group)
            value = b'{"group":' + key + rest % count
            self._send(producer, AGGREGATES.name, state.partition, key, value)
        await self.flush(state.partition)

    def _set_aside(self, letter: DeadLetter, partition: int) -> None:
        headers = dead_letter_headers(letter.fault, CASE_EVENTS.name, partition, letter.offset)
        self._may_write()
        self._producer(partition).produce(
            DEAD_LETTERS.name,
            key=letter.key,
            value=letter.value,
            headers=[*headers, *letter.headers],
        )

    def _send(
        self, producer: Producer, topic: str, partition: int, key: bytes, value: bytes
    ) -> None:
        self._may_write()
        try:
            producer.produce(topic, value, key, partition)
        except BufferError:
            # The queue is full: wait until the broker has taken some.
            producer.poll(1.0)
            producer.produce(topic, value, key, partition)

    async def flush(self, partition: int) -> None:
        """Wait until the broker has acknowledged all that was sent of a partition.

        Errors: as ``write``.
        """
        await self._flush(self._producer(partition))

    async def _flush(self, producer: Producer) -> None:
        loop = asyncio.get_running_loop()
        left = await loop.run_in_executor(None, producer.flush, self._timeout_s + 5)
        if self._fault is not None or left:
            fault = self._fault or "time ran out"
            raise Unavailable(f"Kafka did not take {max(left, 1)} record(s): {fault}")

    async def close(self) -> None:
        """Send what is left; errors are those of ``write``."""
        for producer in self._producers:
            await self._flush(producer)


def _config(bootstrap: str, timeout_s: float) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        # A flush sends at once; until then records of a batch gather.
        "linger.ms": 20,
        "batch.num.messages": 10_000,
        "batch.size": 1_000_000,
        "queue.buffering.max.messages": 2_000_000,
        "queue.buffering.max.kbytes": 1_048_576,
        "message.max.bytes": 8_000_000,
        "delivery.timeout.ms": int(timeout_s * 1000),
    }
