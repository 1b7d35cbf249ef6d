"""The batch transport while partitions move between two workers, and its hooks."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer
from faust.types import TP

from jushou.runtime.kafka_broker import KafkaBroker
from streams.transport import BatchApp, BatchInHandTooSlow, EndOffsetReader, RecordBatch
from tests.integration.batch_transport_support import (
    Cluster,
    add_agent,
    app_on,
    eventually,
    places,
    recording_app,
    served,
)

PARTITIONS = 4


@pytest.fixture(scope="session")
def cluster(kafka_broker: KafkaBroker) -> Cluster:
    return Cluster(kafka_broker.bootstrap)


class Story:
    """What happened in a worker, in order: hooks, and batches by the offset after them."""

    def __init__(self, app: BatchApp) -> None:
        self.lines: list[tuple[str, frozenset[TP]]] = []
        self.assigned: frozenset[TP] = frozenset()
        app.on_batches_assigned(self._assigned)
        app.on_batches_revoked(self._revoked)

    async def _assigned(self, partitions: frozenset[TP]) -> None:
        self.lines.append(("assigned", partitions))
        self.assigned = partitions

    async def _revoked(self, partitions: frozenset[TP]) -> None:
        self.lines.append(("revoked", partitions))
        self.assigned = frozenset()


class Load:
    """Records that keep coming, 400 at a time, until told to end."""

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self.produced = 0
        self._goes_on = True
        self._task = asyncio.create_task(self._produce(cluster, topic))

    async def _produce(self, cluster: Cluster, topic: str) -> None:
        while self._goes_on:
            more = range(self.produced, self.produced + 400)
            await asyncio.to_thread(cluster.produce, topic, more, PARTITIONS)
            self.produced += 400

    async def end(self) -> int:
        self._goes_on = False
        await self._task
        return self.produced


@contextlib.asynccontextmanager
async def steady_load(cluster: Cluster, topic: str) -> AsyncIterator[Load]:
    load = Load(cluster, topic)
    try:
        yield load
    finally:
        await load.end()


async def test_a_second_worker_that_joins_and_leaves_loses_nothing_and_repeats_nothing(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name(), PARTITIONS), topic_name("group")
    app, one = recording_app(cluster, group, topic, tmp_path / "1", max_batch_records=50)
    first = Story(app)
    joining, two = recording_app(cluster, group, topic, tmp_path / "2", max_batch_records=50)
    second = Story(joining)
    async with served(app), steady_load(cluster, topic) as load:
        await eventually(lambda: one.count >= 100)
        async with served(joining):
            await eventually(lambda: first.assigned and second.assigned)
            assert first.assigned | second.assigned == places(topic, PARTITIONS)
            assert len(first.assigned) == len(second.assigned) == 2
            await eventually(lambda: two.count >= 1_000)
        await eventually(lambda: first.assigned == places(topic, PARTITIONS))
        total = await load.end()
        await eventually(lambda: one.count + two.count >= total)
    times = Counter(one.values() + two.values())
    assert sorted(times) == list(range(total))
    assert set(times.values()) == {1}
    for worker in (one, two):
        assert all(offsets == sorted(offsets) for offsets in worker.offsets().values())
    assert [name for name, _ in second.lines] == ["assigned", "revoked"]
    assert cluster.committed(group, topic, PARTITIONS) == cluster.ends(topic, PARTITIONS)


async def test_partitions_are_revoked_after_the_batch_in_hand_was_completed_and_committed(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name(), 2), topic_name("group")
    cluster.produce(topic, range(2_000), 2)
    # The interval is never over: what is committed was committed for the revocation.
    app, one = recording_app(
        cluster, group, topic, tmp_path / "1", max_batch_records=50, commit_interval_s=600.0
    )
    one.hold_from = 100
    at_revocation: list[tuple[list[int], dict[int, list[int]], bool]] = []

    @app.on_batches_revoked
    async def note(_: frozenset[TP]) -> None:
        committed = await asyncio.to_thread(cluster.committed, group, topic, 2)
        at_revocation.append((committed, one.offsets(), one.in_hand is None))

    joining, _ = recording_app(cluster, group, topic, tmp_path / "2")
    async with served(app):
        await eventually(lambda: one.in_hand and one.count >= 100)
        async with served(joining):
            await eventually(lambda: not app.flow_control.is_active())
            assert at_revocation == []
            one.go_on.set()
            await eventually(lambda: at_revocation)
    committed, handled, nothing_in_hand = at_revocation[0]
    assert nothing_in_hand
    completed = [len(handled.get(number, [])) for number in range(2)]
    assert [max(offset, 0) for offset in committed] == completed
    assert sum(completed) >= 100


async def test_a_batch_that_outlasts_the_rebalance_stops_its_worker_and_is_done_by_the_other(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name(), 2), topic_name("group")
    cluster.produce(topic, range(100), 2)
    app, one = recording_app(cluster, group, topic, tmp_path / "1", rebalance_timeout_s=2.0)
    one.hold_from = 0
    joining, two = recording_app(cluster, group, topic, tmp_path / "2")
    with pytest.raises(BatchInHandTooSlow):  # noqa: PT012 - fails while it runs
        async with served(app) as worker:
            await eventually(lambda: one.in_hand)
            async with served(joining):
                await asyncio.wait([worker])
                await eventually(lambda: two.count == 100)
    assert one.batches == []


async def test_no_batch_is_delivered_before_the_assigned_hook_has_ended(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic = cluster.create(topic_name(), 2)
    cluster.produce(topic, range(100), 2)
    restored, told = asyncio.Event(), asyncio.Event()
    delivered: list[RecordBatch] = []
    app = app_on(cluster, topic_name("group"), tmp_path)

    async def keep(batch: RecordBatch) -> None:
        assert restored.is_set()
        delivered.append(batch)

    add_agent(app, topic, keep)

    @app.on_batches_assigned
    async def restore(partitions: frozenset[TP]) -> None:
        assert partitions == places(topic, 2)
        told.set()
        await restored.wait()

    async with served(app):
        await told.wait()
        await asyncio.sleep(0.5)  # two and a half polls, in which nothing may come
        assert delivered == []
        restored.set()
        await eventually(lambda: sum(map(len, delivered)) == 100)
    # Each partition begins by saying where reading starts, unless it had records at once.
    first = {batch.partition: batch for batch in reversed(delivered)}
    assert [first[number].first_offset for number in range(2)] == [0, 0]


async def test_a_restore_is_cut_short_when_its_partitions_are_revoked(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name(), 2), topic_name("group")
    cluster.produce(topic, range(100), 2)
    app, one = recording_app(cluster, group, topic, tmp_path / "1")
    story: list[str] = []
    told, never = asyncio.Event(), asyncio.Event()

    @app.on_batches_assigned
    async def restore(partitions: frozenset[TP]) -> None:
        story.append(f"restore {len(partitions)}")
        told.set()
        if len(partitions) == 2:
            try:
                await never.wait()
            except asyncio.CancelledError:
                story.append("cut short")
                raise

    @app.on_batches_revoked
    async def drop(partitions: frozenset[TP]) -> None:
        story.append(f"drop {len(partitions)}")

    joining, two = recording_app(cluster, group, topic, tmp_path / "2")
    async with served(app):
        await told.wait()
        async with served(joining):
            await eventually(lambda: one.count + two.count == 100)
            assert story == ["restore 2", "cut short", "drop 2", "restore 1"]
            never.set()
    assert one.count == two.count == 50


async def test_an_assigned_hook_that_raises_stops_the_worker(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(10))
    app, handled = recording_app(cluster, group, topic, tmp_path)

    @app.on_batches_assigned
    async def restore(_: frozenset[TP]) -> None:
        raise ArithmeticError("unreadable changelog")

    with pytest.raises(ArithmeticError, match="unreadable changelog"):
        async with served(app) as worker:
            await asyncio.wait([worker])
    assert handled.batches == []


async def test_a_static_member_that_returns_gets_its_partitions_without_a_rebalance(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name(), 2), topic_name("group")
    staying, _ = recording_app(cluster, group, topic, tmp_path / "1", instance_id="a")
    lasting = Story(staying)
    async with served(staying):
        await eventually(lambda: lasting.assigned == places(topic, 2))
        for turn in range(2):
            leaving, handled = recording_app(cluster, group, topic, tmp_path / "2", instance_id="b")
            async with served(leaving):
                await eventually(lambda: len(lasting.assigned) == 1)
                cluster.produce(topic, range(turn * 100, turn * 100 + 100), 2)
                await eventually(lambda handled=handled: handled.count == 50)
        names = [name for name, _ in lasting.lines]
    assert names == ["assigned", "revoked", "assigned"]  # for the first coming of "b" only


async def test_end_offsets_are_those_of_the_moment_and_stop_before_an_open_transaction(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic = cluster.create(topic_name(), 2)
    app, handled = recording_app(cluster, topic_name("group"), topic, tmp_path)
    async with served(app), EndOffsetReader(cluster.bootstrap) as reader:
        for total in (10, 20, 30):
            await asyncio.to_thread(cluster.produce, topic, range(total - 10, total), 2)
            asked = await reader.ask(places(topic, 2))
            assert asked.offsets == {tp: total // 2 for tp in places(topic, 2)}
        producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": topic})
        producer.init_transactions()
        producer.begin_transaction()
        producer.produce(topic, value=b"30", partition=0)
        producer.flush()
        assert (await reader.ask([TP(topic, 0)])).offsets == {TP(topic, 0): 15}
        producer.commit_transaction()
        await eventually(lambda: handled.count == 31)
        assert (await reader.ask([TP(topic, 0)])).offsets == {TP(topic, 0): 17}
        assert (await reader.ask([])).offsets == {}
