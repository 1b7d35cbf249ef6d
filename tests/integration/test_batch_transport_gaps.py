"""The batch transport where offsets have gaps, and beside topics and tables of plain Faust."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from jushou.runtime.kafka_broker import KafkaBroker
from streams.transport import RecordBatch
from tests.integration.batch_transport_support import (
    DEADLINE_S,
    Cluster,
    Handled,
    add_agent,
    app_on,
    eventually,
    recording_app,
    served,
)


@pytest.fixture(scope="session")
def cluster(kafka_broker: KafkaBroker) -> Cluster:
    return Cluster(kafka_broker.bootstrap)


@pytest.fixture
def eager_cleaner(cluster: Cluster) -> Iterator[None]:
    """Compaction looks for work every 0.1 s instead of every 15 s."""

    def alter(operation: AlterConfigOpType) -> None:
        entry = ConfigEntry("log.cleaner.backoff.ms", "100", incremental_operation=operation)
        broker = ConfigResource(ResourceType.BROKER, "1", incremental_configs=[entry])
        for done in cluster.admin.incremental_alter_configs([broker]).values():
            done.result(DEADLINE_S)

    alter(AlterConfigOpType.SET)
    yield
    alter(AlterConfigOpType.DELETE)


async def test_a_compacted_topic_is_read_over_its_gaps_with_its_tombstones(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path, eager_cleaner: None
) -> None:
    topic, group = topic_name(), topic_name("group")
    cluster.create(
        topic,
        cleanup_policy="compact",
        segment_ms="50",
        min_cleanable_dirty_ratio="0.01",
        max_compaction_lag_ms="100",
    )
    producer = Producer({"bootstrap.servers": cluster.bootstrap})
    for number in range(300):  # every 30th has a key of its own and stays where it is
        key = f"own-{number}" if number % 30 == 0 else str(number % 10)
        value = None if number % 10 == 9 else str(number).encode()
        producer.produce(topic, key=key.encode(), value=value)
    producer.flush()

    def has_gaps() -> bool:
        cluster.produce(topic, range(1_000, 1_001))  # a new segment: only closed ones are compacted
        return len(cluster.offsets_kept(topic)) < 50

    await eventually(has_gaps)
    kept, end = cluster.offsets_kept(topic), cluster.ends(topic)
    app, handled = recording_app(cluster, group, topic, tmp_path, max_batch_records=3)
    async with served(app):
        await eventually(lambda: handled.batches and handled.batches[-1].next_offset == end[0])
        await eventually(lambda: cluster.committed(group, topic) == end)
    # The broker may have gone on meanwhile.
    assert set(cluster.offsets_kept(topic)) <= set(handled.offsets()[0]) <= set(kept)
    assert handled.offsets()[0][:4] == [0, 30, 60, 90]
    assert any(record.value is None for batch in handled.batches for record in batch)


async def test_only_committed_transactions_are_delivered_and_the_position_reaches_the_end(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": topic})
    producer.init_transactions()

    def transaction(values: range, end: Callable[[], None]) -> None:
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value=str(value).encode())
        producer.flush()
        end()

    reached: list[int] = []
    app, handled = app_on(cluster, group, tmp_path, max_batch_records=7), Handled()

    async def handle(batch: RecordBatch) -> None:
        reached.append(batch.next_offset)
        await handled.handle(batch)

    add_agent(app, topic, handle)
    transaction(range(20), producer.commit_transaction)
    transaction(range(100, 120), producer.abort_transaction)
    transaction(range(20, 40), producer.commit_transaction)
    async with served(app):
        await eventually(lambda: handled.count == 40)
        transaction(range(200, 220), producer.abort_transaction)  # nothing but a marker to read
        end = [84]  # 80 records and 4 markers, of which the last is written after the call returns
        await eventually(lambda: cluster.ends(topic) == end)
        await eventually(lambda: reached[-1] == end[0])
        await eventually(lambda: cluster.committed(group, topic) == end)
    assert handled.values() == list(range(40))
    assert reached == sorted(reached)


async def test_a_table_and_a_plain_topic_of_faust_work_beside_a_batch_topic_and_over_a_restart(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    group = topic_name("group")
    batched, plain = topic_name("batched"), topic_name("plain")
    for topic in (batched, plain, f"{group}-counts-changelog"):
        cluster.create(topic, 2)
    all_seen: Counter[int] = Counter()
    for turn in range(2):
        values = range(turn * 500, turn * 500 + 500)
        cluster.produce(batched, values, 2)
        cluster.produce(plain, values, 2)
        app = app_on(cluster, group, tmp_path)
        handled, counts = Handled(), app.Table("counts", default=int, partitions=2)
        add_agent(app, batched, handled.handle)
        restored: list[int] = []

        @app.on_batches_assigned
        async def note(_: Any, counts: Any = counts, restored: list[int] = restored) -> None:
            restored.append(sum(counts.values()))

        @app.agent(app.topic(plain, value_type=bytes), name="plain", concurrency=1)
        async def count(stream: Any, counts: Any = counts) -> None:
            async for event in stream.events():
                counts[str(event.message.partition)] += 1

        async with served(app):
            await eventually(lambda handled=handled: handled.count == 500)
            await eventually(
                lambda counts=counts, turn=turn: sum(counts.values()) == 500 * (turn + 1)
            )
        assert restored == [500 * turn]  # tables are restored before the hook
        all_seen.update(handled.values())
        for topic in (batched, plain):
            assert cluster.committed(group, topic, 2) == cluster.ends(topic, 2)
    assert sorted(all_seen.elements()) == list(range(1_000))
