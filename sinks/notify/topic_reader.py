"""A topic read once from its beginning to the end that it has now, for the command line."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import Misconfigured, Unavailable

_TIMEOUT_S = 10.0


def read_topic(bootstrap: str, topic: str) -> Iterator[bytes]:
    """Yield the values of a topic as it stands, partition after partition.

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
        yield from _read(consumer, bootstrap, topic)
    except KafkaException as fault:
        text = fault.args[0].str()
        raise Unavailable(f"Kafka at {bootstrap} does not answer: {text}") from None
    finally:
        consumer.close()


def _read(consumer: Consumer, bootstrap: str, topic: str) -> Iterator[bytes]:
    listed = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
    if listed.error is not None or not listed.partitions:
        raise Misconfigured(
            f"topic {topic} does not exist at {bootstrap}: create it with `jushou topics --create`"
        )
    for partition in sorted(listed.partitions):
        low, high = consumer.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=_TIMEOUT_S
        )
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
                    yield value
        consumer.unassign()
