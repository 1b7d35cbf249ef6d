"""Sending on the real broker: partitions as Java's, brackets around a load, failures told."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from itertools import count

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from jushou.runtime.kafka_broker import KafkaBroker
from jushou.runtime.ports import free_port
from producers.publish import BulkLoad, Publisher, publish_events
from schemas import bulk_load
from schemas.errors import Misconfigured, Unavailable
from schemas.partitioning import partition_of

PARTITIONS = 5
DEADLINE_S = 60.0
EVENTS = [(f"CA530112-{n % 50:06d}", b'{ "n":%d }' % n) for n in range(400)]

ByPartition = dict[int, list[Message]]


@pytest.fixture
def topic(kafka_broker: KafkaBroker, topic_name: Callable[..., str]) -> str:
    name = topic_name("produce")
    admin = AdminClient({"bootstrap.servers": kafka_broker.bootstrap})
    admin.create_topics([NewTopic(name, PARTITIONS)])[name].result(DEADLINE_S)
    return name


def read_all(bootstrap: str, topic: str) -> ByPartition:
    """Return every record that the topic holds now, by partition, in order."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{topic}.reader"})
    found: ByPartition = defaultdict(list)
    try:
        partitions = [
            TopicPartition(topic, number, OFFSET_BEGINNING)
            for number in consumer.list_topics(topic, DEADLINE_S).topics[topic].partitions
        ]
        deadline = time.monotonic() + DEADLINE_S
        total = sum(end_offset(consumer, each, deadline) for each in partitions)
        consumer.assign(partitions)
        while sum(map(len, found.values())) < total:
            assert time.monotonic() < deadline
            for message in consumer.consume(1000, 0.2):
                assert message.error() is None
                found[message.partition()].append(message)
    finally:
        consumer.close()
    return found


def end_offset(consumer: Consumer, partition: TopicPartition, deadline: float) -> int:
    while True:
        try:
            return consumer.get_watermark_offsets(partition, DEADLINE_S)[1]
        except KafkaException:
            # A broker that has just started answers before its partitions have a leader.
            if time.monotonic() > deadline:
                raise
            consumer.list_topics(partition.topic, DEADLINE_S)


def bracket_of(message: Message) -> tuple[str, str]:
    bracket = bulk_load.decode(message.value())
    return bracket.type, bracket.load


def test_a_key_is_on_the_partition_that_the_worker_expects(
    kafka_broker: KafkaBroker, topic: str
) -> None:
    publisher = Publisher(kafka_broker.bootstrap, topic)
    keys = [f"举手-{n}" for n in range(300)] + ["21", "foobar", "a-little-bit-longer-string"]
    assert publish_events(publisher, ((key, b"{}") for key in keys)) == len(keys)
    found = read_all(kafka_broker.bootstrap, topic)
    assert sum(map(len, found.values())) == len(keys)
    for partition, messages in found.items():
        for message in messages:
            assert partition_of(message.key(), PARTITIONS) == partition


def test_a_load_is_opened_before_and_closed_after_its_records_on_every_partition(
    kafka_broker: KafkaBroker, topic: str
) -> None:
    with BulkLoad(Publisher(kafka_broker.bootstrap, topic), "load-1") as load:
        publish_events(load, EVENTS[:3])
    found = read_all(kafka_broker.bootstrap, topic)
    assert set(found) == set(range(PARTITIONS))
    for messages in found.values():
        assert bracket_of(messages[0]) == ("load-opened", "load-1")
        assert bracket_of(messages[-1]) == ("load-closed", "load-1")
        for message in messages[1:-1]:
            assert message.headers() == [("load", b"load-1")]


def test_records_keep_their_key_their_bytes_and_the_order_within_their_case(
    kafka_broker: KafkaBroker, topic: str
) -> None:
    progress: list[int] = []
    with BulkLoad(Publisher(kafka_broker.bootstrap, topic), "load-2") as load:
        publish_events(load, EVENTS, progress.append)
    assert progress == [len(EVENTS)]
    sent, found = defaultdict(list), defaultdict(list)
    for case_id, raw in EVENTS:
        sent[case_id].append(raw)
    for messages in read_all(kafka_broker.bootstrap, topic).values():
        for message in messages[1:-1]:
            found[message.key().decode()].append(message.value())
    assert found == sent


def test_a_load_that_breaks_off_is_not_closed_and_says_so(
    kafka_broker: KafkaBroker, topic: str
) -> None:
    def breaking_off():  # type: ignore[no-untyped-def]
        yield EVENTS[0]
        raise OSError("the file ends here")

    with (
        pytest.raises(OSError, match="the file ends here") as raised,
        BulkLoad(Publisher(kafka_broker.bootstrap, topic), "load-3") as load,
    ):
        publish_events(load, breaking_off())
    assert "load load-3 stays open" in raised.value.__notes__[0]
    for messages in read_all(kafka_broker.bootstrap, topic).values():
        assert bracket_of(messages[0]) == ("load-opened", "load-3")
        assert all(message.headers() for message in messages[1:])


def test_more_records_than_the_queue_holds_are_all_sent(
    kafka_broker: KafkaBroker, topic: str
) -> None:
    publisher = Publisher(kafka_broker.bootstrap, topic)
    total = 250_000  # the queue holds 200,000
    numbers = count()
    publish_events(publisher, (("C1", b"%d" % next(numbers)) for _ in range(total)))
    (messages,) = read_all(kafka_broker.bootstrap, topic).values()
    assert [int(message.value()) for message in messages] == list(range(total))


def test_a_topic_that_does_not_exist_is_told_with_the_remedy(
    kafka_broker: KafkaBroker, topic_name: Callable[..., str]
) -> None:
    with pytest.raises(Misconfigured, match="jushou topics --create"):
        Publisher(kafka_broker.bootstrap, topic_name("missing"))


def test_a_broker_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        Publisher(f"127.0.0.1:{free_port()}", timeout_s=1.0)
