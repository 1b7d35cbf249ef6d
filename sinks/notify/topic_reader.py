"""A topic read once from its beginning to the end that it has now, for the command line."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import Misconfigured, Unavailable

_TIMEOUT_S = 10.0
# For a moment after a topic was made, or when a broker goes.
_NO_LEADER = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)


def read_topic(
    bootstrap: str,
    topic: str,
    keys: Container[bytes] | None = None,
    partition: int | None = None,
) -> Iterator[bytes]:
    """Yield the values of a topic as it stands, partition after partition.

    Those of ``keys`` alone, or of one ``partition``, where these are given.
    Raises ``Unavailable`` when the broker does not answer, ``Misconfigured`` without the topic.
    """
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "jushou-read-once",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "enable.partition.eof": False,
    })  # fmt: skip
    try:
        for key, value in _read(consumer, bootstrap, topic, partition):
            if keys is None or key in keys:
                yield value
    except KafkaException as fault:
        text = fault.args[0].str()
        raise Unavailable(f"Kafka at {bootstrap} does not answer: {text}") from None
    finally:
        consumer.close()


def _read(
    consumer: Consumer, bootstrap: str, topic: str, only: int | None
) -> Iterator[tuple[bytes, bytes]]:
    listed = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
    if listed.error is not None or not listed.partitions:
        raise Misconfigured(
            f"topic {topic} does not exist at {bootstrap}: create it with `jushou topics --create`"
        )
    for partition in sorted(listed.partitions) if only is None else [only]:
        low, high = _ends(consumer, TopicPartition(topic, partition))
        consumer.assign([TopicPartition(topic, partition, low)])
        while low < high:
            # Never more than there are: it waits until it has as many as it was asked for.
            messages = consumer.consume(min(5_000, high - low), timeout=_TIMEOUT_S)
            if not messages:
                raise Unavailable(f"Kafka at {bootstrap} gives nothing of {topic}")
            for message in messages:
                if (fault := message.error()) is not None:
                    raise KafkaException(fault)
                low = (message.offset() or 0) + 1
                value = message.value()
                if value is not None:
                    yield message.key() or b"", value
        consumer.unassign()


def _ends(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """Return the first offset and the end; a partition without a leader is waited for."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            low, high = consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S)
            return low, high
        except KafkaException as fault:
            if time.monotonic() > deadline_s or fault.args[0].code() not in _NO_LEADER:
                raise
            time.sleep(0.1)
