"""Restores a partition from its changelog, or says that it must be rebuilt from the input.

Runs before an assigned partition resumes. Reads the compacted states, the checkpoint, the
published counts and, for a rebuild, the escalations that were published: a rebuilt case then
publishes only what differs from them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas import checkpoint as checkpoints
from schemas.aggregate import Aggregate
from schemas.case_state import Fired
from schemas.checkpoint import Checkpoint
from schemas.errors import Unavailable
from schemas.escalation import Escalation, EscalationState
from schemas.instants import parse_instant
from schemas.topics import AGGREGATES, CASE_STATES, CHECKPOINTS, ESCALATIONS
from streams.core.groups import GroupKey

_log = logging.getLogger(__name__)
# A broker that gives nothing for this long, while it says that there is more, does not answer.
SILENCE_S = 60.0
_BATCH = 20_000
_WAIT_S = 1.0

_aggregate = msgspec.json.Decoder(Aggregate).decode
_escalation = msgspec.json.Decoder(Escalation).decode


@dataclass(slots=True)
class Restored:
    """What was found of one partition; ``checkpoint`` is null where none was ever written."""

    partition: int
    states: dict[str, bytes] = field(default_factory=dict)
    counts: dict[GroupKey, int] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    generation: int = 0
    count_change: int = 0
    fired: dict[str, list[Fired]] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Say whether the states are all those that the checkpoint speaks of."""
        return self.checkpoint is not None and len(self.states) >= self.checkpoint.cases


def restore(bootstrap: str, partition: int) -> Restored:
    """Read back one partition. Blocking: run it in a thread.

    Raises ``Unavailable`` when the broker stops answering.
    """
    found = Restored(partition)

    def take_state(message: Message) -> None:
        key, value = message.key(), message.value()
        if key is not None and value is not None:
            found.states[key.decode()] = value

    def take_checkpoint(message: Message) -> None:
        found.checkpoint = checkpoints.decode(message.value())
        found.generation = max(found.generation, found.checkpoint.generation)

    def take_count(message: Message) -> None:
        aggregate = _aggregate(message.value())
        found.generation = max(found.generation, aggregate.generation)
        found.count_change = max(found.count_change, aggregate.change)
        key = msgspec.structs.astuple(aggregate.group)
        if aggregate.count:
            found.counts[key] = aggregate.count
        else:
            found.counts.pop(key, None)

    _read(bootstrap, CASE_STATES.name, partition, take_state)
    _read(bootstrap, CHECKPOINTS.name, partition, take_checkpoint)
    _read(bootstrap, AGGREGATES.name, partition, take_count)
    if not found.is_whole:
        read_back_escalations(bootstrap, found)
    return found


def read_back_escalations(bootstrap: str, found: Restored) -> None:
    """Note the last published revision of every escalation, by case."""
    newest: dict[str, Escalation] = {}

    def take(message: Message) -> None:
        escalation = _escalation(message.value())
        known = newest.get(escalation.escalation_id)
        if known is None or known.revision <= escalation.revision:
            newest[escalation.escalation_id] = escalation

    _read(bootstrap, ESCALATIONS.name, found.partition, take)
    for escalation in newest.values():
        found.fired.setdefault(escalation.case_id, []).append(_note(escalation))


def _note(escalation: Escalation) -> Fired:
    return Fired(
        clock=escalation.clock,
        start_event_id=escalation.start_event_id,
        level=escalation.level,
        revision=escalation.revision,
        standing=escalation.state is EscalationState.FIRED,
        at=parse_instant(escalation.at),
        due_at=None if escalation.due_at is None else parse_instant(escalation.due_at),
        limit=int(escalation.limit.rstrip("hwd")),
        known_late=escalation.known_late,
        cycle=escalation.cycle,
        policy=escalation.policy,
    )


def _read(bootstrap: str, topic: str, partition: int, take: Callable[[Message], None]) -> None:
    for count, message in enumerate(_messages(bootstrap, topic, partition), start=1):
        take(message)
        if count % 200_000 == 0:
            _log.info("restoring %s[%d]: %d records", topic, partition, count)


def _messages(bootstrap: str, topic: str, partition: int) -> Iterator[Message]:
    """Yield the records of a partition from its beginning to its end as of now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            # No group is joined: the partition is assigned by hand and nothing is committed.
            "group.id": "jushou-restore",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.message.max.bytes": 16 * 1024 * 1024,
            "queued.min.messages": 200_000,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, partition, 0)])
        silent_s = 0.0
        while True:
            messages = consumer.consume(_BATCH, _WAIT_S)
            silent_s = 0.0 if messages else silent_s + _WAIT_S
            if silent_s >= SILENCE_S:
                raise Unavailable(
                    f"{topic}[{partition}]: the broker gave nothing for {SILENCE_S} s"
                )
            for message in messages:
                fault = message.error()
                if fault is None:
                    yield message
                elif fault.code() == KafkaError._PARTITION_EOF:
                    return
                else:
                    raise KafkaException(fault)
    finally:
        consumer.close()
