"""Reads topics from their beginning to their end, for commands that compare or rebuild.

The end is that of the moment of asking. Nothing is committed, so that no worker or sink notices.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from schemas.errors import Unavailable

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message

ANSWER_S = 10.0
# A broker that gives nothing for this long, while it says that there is more, does not answer.
_SILENCE_S = 30.0
_BATCH = 20_000

Offsets = Mapping[int, int]  # of a topic's partitions


class LogRecord(NamedTuple):
    """One record; ``timestamp_ms`` is Kafka's. A tombstone has no value."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]] | None


def ends(bootstrap: str, topic: str) -> dict[int, int]:
    """Return the offset after the last record of each partition now.

    Raises ``Unavailable`` when no broker answers, or when the topic does not exist.
    """
    from confluent_kafka import KafkaException, TopicPartition

    consumer = _consumer(bootstrap)
    try:
        found = consumer.list_topics(topic, timeout=ANSWER_S).topics[topic]
        if found.error is not None or not found.partitions:
            raise Unavailable(
                f"topic {topic} does not exist at {bootstrap}: create it with `jushou topics "
                "--create`"
            )
        return {
            partition: consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=ANSWER_S
            )[1]
            for partition in found.partitions
        }
    except KafkaException as fault:
        raise Unavailable(
            f"no Kafka broker answers at {bootstrap} ({fault.args[0].str()}): start it, or set "
            "JUSHOU_BOOTSTRAP"
        ) from None
    finally:
        consumer.close()


def read(
    bootstrap: str, topic: str, until: Offsets, since: Offsets | None = None
) -> Iterator[LogRecord]:
    """Yield the records of each partition in order, from ``since`` (else the first) to ``until``.

    Raises ``Unavailable`` when the broker stops answering.
    """
    from confluent_kafka import OFFSET_BEGINNING, TopicPartition

    begin = since or {}
    unread = {each for each, end in until.items() if end > max(begin.get(each, 0), 0)}
    consumer = _consumer(bootstrap)
    try:
        consumer.assign(
            [TopicPartition(topic, each, begin.get(each, OFFSET_BEGINNING)) for each in unread]
        )
        heard_s = time.monotonic()
        while unread:
            messages = consumer.consume(_BATCH, timeout=1.0)
            if messages:
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > _SILENCE_S:
                raise Unavailable(f"the Kafka broker at {bootstrap} stopped answering: try again")
            for message in messages:
                yield from _taken(message, until, unread)
    finally:
        consumer.close()


def _taken(message: Message, until: Offsets, unread: set[int]) -> Iterator[LogRecord]:
    """Yield the record of a message below its end, and note partitions that are read."""
    from confluent_kafka import KafkaError, KafkaException

    partition, offset = message.partition() or 0, message.offset() or 0
    fault = message.error()
    if fault is not None:
        if fault.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(fault)
        unread.discard(partition)
        return
    if offset < until[partition]:
        headers = cast("list[tuple[str, bytes | None]] | None", message.headers())
        stamp = message.timestamp()[1]
        yield LogRecord(partition, offset, stamp, message.key(), message.value(), headers)
    if offset + 1 >= until[partition]:
        unread.discard(partition)


def _consumer(bootstrap: str) -> Consumer:
    from confluent_kafka import Consumer

    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "jushou-log",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
