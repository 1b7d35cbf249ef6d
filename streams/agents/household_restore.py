"""Reads the households of partitions back from their changelog, and one household from anywhere.

Runs before assigned partitions resume, and in ``jushou household``, which asks no worker.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import Unavailable
from schemas.household import HouseholdCheckpoint, HouseholdState, decode, decode_checkpoint
from schemas.partitioning import partition_of
from schemas.topics import HOUSEHOLD_CHECKPOINTS, HOUSEHOLD_STATES

_SILENCE_S = 60.0
_BATCH = 20_000
_WAIT_S = 0.05
_METADATA_S = 10.0


@dataclass(slots=True)
class RestoredHouseholds:
    """What was found of one partition; ``checkpoint`` is null where none was ever written."""

    partition: int
    states: dict[str, bytes] = field(default_factory=dict)
    checkpoint: HouseholdCheckpoint | None = None

    @property
    def is_whole(self) -> bool:
        """Say whether the states are all those that the checkpoint speaks of."""
        return self.checkpoint is not None and len(self.states) >= self.checkpoint.households


def restore_households(bootstrap: str, partitions: Iterable[int]) -> dict[int, RestoredHouseholds]:
    """Read partitions back. Blocking: run it in a thread; ``Unavailable`` if the broker is."""
    found = {number: RestoredHouseholds(number) for number in partitions}
    topics = (HOUSEHOLD_CHECKPOINTS.name, HOUSEHOLD_STATES.name)
    for message in _records(bootstrap, [(topic, number) for topic in topics for number in found]):
        one, value = found[message.partition() or 0], message.value()
        if value is None:
            continue
        if message.topic() == HOUSEHOLD_STATES.name:
            one.states[(message.key() or b"").decode()] = value
        else:
            one.checkpoint = decode_checkpoint(value)
    return found


def find_household(bootstrap: str, name: str) -> HouseholdState | None:
    """Return the newest state of a household, ``None`` if there is no such one.

    Reads its whole partition of the changelog: seconds for a province.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "jushou-household"})
    try:
        topics = consumer.list_topics(HOUSEHOLD_STATES.name, timeout=_METADATA_S).topics
        partitions = len(topics[HOUSEHOLD_STATES.name].partitions)
    except KafkaException as fault:
        raise Unavailable(f"Kafka at {bootstrap} does not answer: {fault.args[0].str()}") from None
    finally:
        consumer.close()
    if not partitions:
        return None
    key, newest = name.encode(), None
    place = (HOUSEHOLD_STATES.name, partition_of(key, partitions))
    for message in _records(bootstrap, [place]):
        if message.key() == key:
            newest = message.value()
    return decode(newest) if newest is not None else None


def _records(bootstrap: str, places: list[tuple[str, int]]) -> Iterator[Message]:
    """Yield the records of partitions from their beginning to their end as of now."""
    if not places:
        return
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "jushou-restore",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
            "fetch.message.max.bytes": 16 * 1024 * 1024,
            "queued.min.messages": 200_000,
        }
    )
    try:
        consumer.assign([TopicPartition(*place, 0) for place in places])
        yield from _until_ended(consumer, set(places))
    finally:
        consumer.close()


def _until_ended(consumer: Consumer, unread: set[tuple[str, int]]) -> Iterator[Message]:
    heard_s = time.monotonic()
    while unread:
        messages = consumer.consume(_BATCH, _WAIT_S)
        if messages:
            heard_s = time.monotonic()
        elif time.monotonic() - heard_s > _SILENCE_S:
            raise Unavailable(f"restore: the broker gave nothing for {_SILENCE_S:.0f} s; is it up?")
        for message in messages:
            fault = message.error()
            if fault is None:
                yield message
            elif fault.code() == KafkaError._PARTITION_EOF:
                unread.discard((message.topic() or "", message.partition() or 0))
            else:
                raise KafkaException(fault)
