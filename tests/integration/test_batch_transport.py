"""The batch transport on a real broker: delivery, commits, failures and flow control."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from confluent_kafka import Producer
from faust.exceptions import ImproperlyConfigured

from jushou.runtime.kafka_broker import KafkaBroker
from streams.transport import BatchApp, RecordBatch, WorkerStillBusy, batch_topic
from tests.integration.batch_transport_support import (
    Cluster,
    Handled,
    add_agent,
    app_on,
    eventually,
    recording_app,
    served,
)

PARTITIONS = 4


@pytest.fixture(scope="session")
def cluster(kafka_broker: KafkaBroker) -> Cluster:
    return Cluster(kafka_broker.bootstrap)


async def test_under_load_each_record_is_handled_once_in_order_and_all_is_committed(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name(), PARTITIONS), topic_name("group")
    app, handled = recording_app(cluster, group, topic, tmp_path, max_batch_records=500)
    async with served(app):
        for start in range(0, 40_000, 10_000):
            await asyncio.to_thread(
                cluster.produce, topic, range(start, start + 10_000), PARTITIONS
            )
        await eventually(lambda: handled.count >= 40_000)
        ends = cluster.ends(topic, PARTITIONS)
        await eventually(lambda: cluster.committed(group, topic, PARTITIONS) == ends)
    assert handled.offsets() == {number: list(range(10_000)) for number in range(PARTITIONS)}
    assert max(map(len, handled.batches)) <= 500
    assert sorted(handled.values()) == list(range(40_000))


async def test_a_restart_goes_on_exactly_where_the_last_worker_stopped(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(1_000))
    app, first = recording_app(cluster, group, topic, tmp_path, max_batch_records=100)
    first.hold_from = 300
    async with served(app):
        await eventually(lambda: first.in_hand and first.count == 300)
        asyncio.get_running_loop().call_later(0.3, first.go_on.set)  # after the stop began
    assert first.count == 400
    app, second = recording_app(cluster, group, topic, tmp_path)
    cluster.produce(topic, range(1_000, 1_500))
    async with served(app):
        await eventually(lambda: first.count + second.count >= 1_500)
    assert first.values() + second.values() == list(range(1_500))


async def test_stopping_completes_and_commits_the_batch_in_hand_and_none_that_waits(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(1_000))
    app, handled = recording_app(cluster, group, topic, tmp_path, max_batch_records=100)
    handled.hold_from = 0
    async with served(app):
        await eventually(lambda: handled.in_hand)
        asyncio.get_running_loop().call_later(0.3, handled.go_on.set)  # after the stop began
    assert handled.values() == list(range(100))
    assert cluster.committed(group, topic) == [100]


async def test_an_agent_that_never_ends_does_not_keep_the_worker_and_is_not_committed(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(10))
    app, handled = recording_app(cluster, group, topic, tmp_path)
    handled.hold_from = 0
    with pytest.raises(WorkerStillBusy):
        async with served(app, stop_within_s=0.5):
            await eventually(lambda: handled.in_hand)
    assert handled.batches == []
    assert max(cluster.committed(group, topic)) <= 0


def app_that_keeps_open(
    cluster: Cluster, group: str, topic: str, folder: Path
) -> tuple[BatchApp, list[Callable[[], None]]]:
    """An app whose agent keeps every batch of 100 records open; and what completes each."""
    app = app_on(cluster, group, folder, max_batch_records=100)
    completions: list[Callable[[], None]] = []

    @app.agent(batch_topic(app, topic), name="keeps-open", concurrency=1)
    async def agent(stream: Any) -> None:
        async for batch in stream:
            complete = stream.keep_open()
            completions.append(complete) if batch.records else complete()

    return app, completions


async def test_batches_kept_open_are_committed_as_far_as_all_before_them_are_complete(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(400))
    app, completions = app_that_keeps_open(cluster, group, topic, tmp_path)
    async with served(app):
        await eventually(lambda: len(completions) == 4)  # the next is given before one is complete
        completions[1]()
        completions[2]()
        await app.consumer.commit()
        assert max(cluster.committed(group, topic)) <= 0
        completions[0]()
        await app.consumer.commit()
        assert cluster.committed(group, topic) == [300]
        asyncio.get_running_loop().call_later(0.3, completions[3])  # after the stop began
    assert cluster.committed(group, topic) == [400]


async def test_a_batch_that_stays_open_is_not_committed_when_the_worker_ends(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(200))
    app, completions = app_that_keeps_open(cluster, group, topic, tmp_path)

    async def end_with_the_second_open() -> None:
        async with served(app, stop_within_s=0.5):
            await eventually(lambda: len(completions) == 2)
            completions[0]()
            await app.consumer.commit()

    with pytest.raises(WorkerStillBusy):
        await end_with_the_second_open()
    assert cluster.committed(group, topic) == [100]


class Refused(Exception):
    """Raised by an agent of these tests."""


async def test_an_agent_that_raises_stops_the_worker_and_its_batch_is_not_committed(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(1_000))
    app, handled = app_on(cluster, group, tmp_path, max_batch_records=100), Handled()

    async def refuse_the_third(batch: RecordBatch) -> None:
        if batch.first_offset == 200:
            raise Refused
        await handled.handle(batch)

    add_agent(app, topic, refuse_the_third)
    with pytest.raises(Refused):
        async with served(app) as worker:
            await asyncio.wait([worker])
    assert handled.values() == list(range(200))
    assert cluster.committed(group, topic) == [200]


async def test_a_batch_whose_agent_is_ended_by_the_failure_of_another_is_not_committed(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    held, failing = cluster.create(topic_name("held")), cluster.create(topic_name("failing"))
    group = topic_name("group")
    cluster.produce(held, range(10))
    app, handled = recording_app(cluster, group, held, tmp_path)
    handled.hold_from = 0

    async def refuse(batch: RecordBatch) -> None:
        if batch.records:
            raise Refused

    add_agent(app, failing, refuse)
    with pytest.raises(Refused):  # noqa: PT012 - the failure is provoked while the worker runs
        async with served(app) as worker:
            await eventually(lambda: handled.in_hand)
            cluster.produce(failing, range(1))
            await asyncio.wait([worker])
    assert handled.batches == []
    assert max(cluster.committed(group, held)) <= 0


WORKER = """
import asyncio, sys
from pathlib import Path
from streams.transport import batch_app, batch_topic, serve
bootstrap, group, topic, folder = sys.argv[1:]
app = batch_app(group, bootstrap=bootstrap, datadir=Path(folder))
@app.agent(batch_topic(app, topic), name="agent", concurrency=1)
async def agent(stream):
    async for batch in stream:
        if batch.records:
            raise ValueError("refused")
asyncio.run(serve(app))
"""


def test_a_worker_process_whose_agent_raises_ends_with_a_non_zero_code(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    cluster.produce(topic, range(10))
    argv = [sys.executable, "-c", WORKER, cluster.bootstrap, group, topic, str(tmp_path)]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.endswith("ValueError: refused\n")
    assert max(cluster.committed(group, topic)) <= 0


async def test_a_topic_that_does_not_exist_stops_the_worker_and_is_named(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic = topic_name("missing")
    app, _ = recording_app(cluster, topic_name("group"), topic, tmp_path)
    with pytest.raises(ImproperlyConfigured, match=topic):
        async with served(app) as worker:
            await asyncio.wait([worker])


async def test_a_failure_of_the_group_coordination_stops_the_worker_instead_of_idling_it(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic = cluster.create(topic_name())
    cluster.produce(topic, range(10))
    app, handled = recording_app(cluster, topic_name("group"), topic, tmp_path)
    with pytest.raises(KafkaError, match="fenced"):  # noqa: PT012 - fails while it runs
        async with served(app) as worker:
            await eventually(lambda: handled.count == 10)
            client = app.consumer._thread._consumer  # type: ignore[attr-defined]
            client._coordinator._pending_exception = KafkaError("fenced")
            await asyncio.wait([worker])


async def test_a_slow_agent_bounds_what_waits_while_another_topic_goes_on(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    slow, quick = cluster.create(topic_name("slow")), cluster.create(topic_name("quick"))
    cluster.produce(slow, range(5_000))
    app = app_on(cluster, topic_name("group"), tmp_path, max_batch_records=50)
    held, passed = Handled(), Handled()
    held.hold_from = 0
    agent = add_agent(app, slow, held.handle, max_waiting_batches=4)
    add_agent(app, quick, passed.handle)
    async with served(app):
        await eventually(lambda: held.in_hand)
        waiting = next(iter(agent._actors)).stream.channel.queue
        for number in range(20):  # each one a whole turn of fetching
            cluster.produce(quick, range(number, number + 1))
            await eventually(lambda wanted=number + 1: passed.count == wanted)
        assert 3 <= waiting.qsize() <= 5
        held.go_on.set()
        await eventually(lambda: held.count == 5_000)
    assert held.values() == list(range(5_000))


async def test_an_agent_that_has_caught_up_is_fetched_for_at_once(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic = cluster.create(topic_name())
    cluster.produce(topic, range(3_000))
    app, handled = app_on(cluster, topic_name("group"), tmp_path, max_batch_records=10), Handled()

    async def handle(batch: RecordBatch) -> None:
        await asyncio.sleep(0.005)
        await handled.handle(batch)

    add_agent(app, topic, handle)
    async with served(app):
        # Of 300 batches 8 at most may wait: time and again there is enough for some milliseconds.
        # Faust by itself would look again a second later, each time.
        await eventually(lambda: handled.count == 3_000)
    assert max(map(len, handled.batches)) <= 10


async def test_a_record_of_its_own_is_a_batch_and_under_traffic_hundreds_are(
    cluster: Cluster, topic_name: Callable[..., str], tmp_path: Path
) -> None:
    topic, group = cluster.create(topic_name()), topic_name("group")
    app, handled = recording_app(cluster, group, topic, tmp_path)
    producer = Producer({"bootstrap.servers": cluster.bootstrap})
    async with served(app):
        for number in range(10):
            cluster.produce(topic, range(number, number + 1))
            await eventually(lambda wanted=number + 1: handled.count == wanted)
        assert list(map(len, handled.batches)) == [1] * 10
        began_s, sent = time.monotonic(), 10
        while sent < 20_010:
            due = int((time.monotonic() - began_s) * 10_000)
            for number in range(sent, min(due, 20_010)):
                producer.produce(topic, str(number).encode())
            sent = max(sent, min(due, 20_010))
            producer.poll(0)
            await asyncio.sleep(0.01)
        await eventually(lambda: handled.count == 20_010)
    assert (len(handled.batches) - 10) * 300 < 20_000
    assert handled.values() == list(range(20_010))
