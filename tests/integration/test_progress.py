"""How far a group is, asked of a real broker."""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from jushou.runtime.kafka_broker import KafkaBroker
from jushou.runtime.progress import lag

PARTITIONS = 2


def filled(bootstrap: str, *topics: str) -> None:
    """Make the topics, with ten records in each of their partitions."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for each in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in topics]).values():
        each.result(30)
    producer = Producer({"bootstrap.servers": bootstrap})
    for topic in topics:
        for number in range(10 * PARTITIONS):
            producer.produce(topic, b"x", partition=number % PARTITIONS)
    assert producer.flush(30) == 0


def commit(bootstrap: str, group: str, topic: str, *offsets: int) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    places = [TopicPartition(topic, number, offset) for number, offset in enumerate(offsets)]
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()


def test_a_group_is_behind_by_what_it_has_not_committed_in_all_topics(
    kafka_broker: KafkaBroker, topic_name: Callable[..., str]
) -> None:
    bootstrap, group = kafka_broker.bootstrap, topic_name("group")
    one, other = topic_name("one"), topic_name("other")
    filled(bootstrap, one, other)
    assert lag(bootstrap, group, [one, other]) == 40
    commit(bootstrap, group, one, 10, 7)
    assert (lag(bootstrap, group, [one]), lag(bootstrap, group, [one, other])) == (3, 23)
    commit(bootstrap, group, one, 10, 10)
    assert lag(bootstrap, group, [one]) == 0


def test_what_the_broker_no_longer_has_is_not_behind(
    kafka_broker: KafkaBroker, topic_name: Callable[..., str]
) -> None:
    bootstrap, group, topic = kafka_broker.bootstrap, topic_name("group"), topic_name()
    filled(bootstrap, topic)
    commit(bootstrap, group, topic, 2, 9)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    places = [TopicPartition(topic, number, 6) for number in range(PARTITIONS)]
    for each in admin.delete_records(places).values():
        each.result(30)
    assert lag(bootstrap, group, [topic]) == 4 + 1
