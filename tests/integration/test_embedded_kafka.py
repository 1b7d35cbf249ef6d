"""The embedded broker: ready when it says so, keeps records, dies with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from jushou.runtime.kafka_broker import CLASSES, KafkaBroker
from schemas.errors import Misconfigured, Unavailable

PARTITIONS = 4
DEADLINE_S = 60.0


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(tmp_path / "kafka")
    yield broker
    broker.kill()


def create_topic(broker: KafkaBroker, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic(topic, PARTITIONS)])[topic].result(DEADLINE_S)


def produce(broker: KafkaBroker, topic: str, keys: list[str]) -> dict[str, int]:
    """Send one record per key; the partition that each was acknowledged on."""
    partitions: dict[str, int] = {}
    failures = []

    def acknowledged(error: object, message: object) -> None:
        if error:
            failures.append(error)
        else:
            partitions[message.key().decode()] = message.partition()  # type: ignore[attr-defined]

    producer = Producer(
        {"bootstrap.servers": broker.bootstrap, "partitioner": "murmur2_random", "acks": "all"}
    )
    for key in keys:
        producer.produce(topic, key=key, value=b"{}", on_delivery=acknowledged)
    assert producer.flush(DEADLINE_S) == 0
    assert failures == []
    return partitions


def read_keys(broker: KafkaBroker, topic: str, count: int) -> set[str]:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": f"{topic}.readers"})
    try:
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
        keys: set[str] = set()
        deadline = time.monotonic() + DEADLINE_S
        while len(keys) < count and time.monotonic() < deadline:
            for message in consumer.consume(count, timeout=0.5):
                assert message.error() is None
                keys.add((message.key() or b"").decode())
        return keys
    finally:
        consumer.close()


def exists(pid: int) -> bool:
    """Whether the process runs; one that only waits to be buried does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_broker_starts_with_the_classes_that_setup_kept(kafka_broker: KafkaBroker) -> None:
    maps = Path(f"/proc/{kafka_broker.process.pid}/maps").read_text()
    assert str(CLASSES) in maps, "run `make setup`"


def test_a_key_goes_to_the_partition_that_java_and_aiokafka_compute(
    kafka_broker: KafkaBroker, topic_name: Callable[..., str]
) -> None:
    topic = topic_name()
    create_topic(kafka_broker, topic)
    keys = [f"case-{number}" for number in range(50)]
    expected = {key: (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS for key in keys}
    assert produce(kafka_broker, topic, keys) == expected
    assert set(expected.values()) == set(range(PARTITIONS))


def test_a_topic_that_nobody_declared_is_refused(
    kafka_broker: KafkaBroker, topic_name: Callable[..., str]
) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": kafka_broker.bootstrap,
            "group.id": topic_name("group"),
            "allow.auto.create.topics": True,
        }
    )
    try:
        topic = topic_name()
        metadata = consumer.list_topics(topic, timeout=DEADLINE_S)
        assert metadata.topics[topic].error is not None
        assert topic not in consumer.list_topics(timeout=DEADLINE_S).topics
    finally:
        consumer.close()


def test_records_and_offsets_survive_a_restart_on_the_same_port(own_broker: KafkaBroker) -> None:
    with own_broker as broker:
        bootstrap = broker.bootstrap
        create_topic(broker, "kept")
        produce(broker, "kept", ["a", "b", "c"])
        commit(broker, "kept", 2)
    with own_broker as broker:
        assert broker.bootstrap == bootstrap
        assert read_keys(broker, "kept", 3) == {"a", "b", "c"}
        assert committed(broker, "kept") == 2


def test_acknowledged_records_survive_a_crash_and_another_port(own_broker: KafkaBroker) -> None:
    own_broker.start()
    create_topic(own_broker, "kept")
    produce(own_broker, "kept", ["a", "b"])
    own_broker.kill()
    assert own_broker.process.returncode == -signal.SIGKILL
    with KafkaBroker(own_broker.folder) as moved:
        assert moved.port != own_broker.port
        assert read_keys(moved, "kept", 2) == {"a", "b"}


def test_the_broker_dies_with_its_parent(tmp_path: Path) -> None:
    folder = str(tmp_path / "kafka")
    program = (
        "import sys, time, pathlib\n"
        "from jushou.runtime.kafka_broker import KafkaBroker\n"
        f"broker = KafkaBroker(pathlib.Path({folder!r})).start()\n"
        "print(broker.process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        broker_pid = int(parent.stdout.readline())
        assert exists(broker_pid)
        parent.kill()
    deadline = time.monotonic() + DEADLINE_S
    while exists(broker_pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert not exists(broker_pid)


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    taken = KafkaBroker(tmp_path / "second", port=kafka_broker.port)
    with pytest.raises(Unavailable, match=rf"kafka\.log(.|\n)*{kafka_broker.port}"):
        taken.start()
    assert not taken.process.running


def test_missing_jars_are_named_with_the_remedy(tmp_path: Path) -> None:
    broker = KafkaBroker(tmp_path / "kafka", jars=tmp_path / "nowhere")
    with pytest.raises(Misconfigured, match=r"nowhere: run `make setup`"):
        broker.start()


def commit(broker: KafkaBroker, topic: str, offset: int) -> None:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "readers"})
    try:
        consumer.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
    finally:
        consumer.close()


def committed(broker: KafkaBroker, topic: str) -> int:
    """The group's offset, once its coordinator has loaded it."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "readers"})
    deadline = time.monotonic() + DEADLINE_S
    try:
        while True:
            try:
                (position,) = consumer.committed([TopicPartition(topic, 0)], timeout=DEADLINE_S)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            else:
                return int(position.offset)
    finally:
        consumer.close()
