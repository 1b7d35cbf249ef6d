"""A worker that stood still while another took its partitions over writes nothing over it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from jushou.runtime.kafka_broker import KafkaBroker
from producers.publish import Publisher
from producers.simulator.benchmark import benchmark_log
from schemas import case_state
from schemas.topics import CASE_STATES
from streams.state.restore import records_of
from tests.pipeline import Pipeline, until

AS_OF = "2030-01-01T00:00:00+08:00"  # after the whole log


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with KafkaBroker(tmp_path / "kafka") as broker:
        running = Pipeline(broker.bootstrap, tmp_path)
        running.fresh_topics()
        yield running
        running.stop()


def has_states(pipeline: Pipeline) -> bool:
    consumer = Consumer({"bootstrap.servers": pipeline.bootstrap, "group.id": "looking"})
    try:
        places = [TopicPartition(CASE_STATES.name, n) for n in range(pipeline.settings.partitions)]
        return any(consumer.get_watermark_offsets(place)[1] for place in places)
    finally:
        consumer.close()


def overwritten(pipeline: Pipeline) -> list[str]:
    """Cases of which an older state was written after a newer one."""
    newest: dict[str, tuple[int, int]] = {}
    found = []
    places = {(CASE_STATES.name, n): 0 for n in range(pipeline.settings.partitions)}
    for record in records_of(pipeline.bootstrap, places):
        state = case_state.decode(record.value)
        version = (state.generation, state.change)
        if version < newest.get(state.case_id, (0, 0)):
            found.append(state.case_id)
        newest[state.case_id] = max(version, newest.get(state.case_id, (0, 0)))
    return found


def test_a_worker_that_wakes_after_its_session_ended_writes_over_nothing(
    pipeline: Pipeline,
) -> None:
    publisher = Publisher(pipeline.bootstrap)
    for case_id, raw in benchmark_log(40_000):
        publisher.send(case_id, raw)
    publisher.flush()
    frozen = pipeline.worker("--as-of", AS_OF, name="frozen", JUSHOU_WORKER_INSTANCE="frozen")
    until(lambda: has_states(pipeline), "it is in the middle of a batch")
    assert frozen.pid is not None
    os.kill(frozen.pid, signal.SIGSTOP)
    other = pipeline.worker(
        "--as-of", AS_OF, "--until-idle", name="other", JUSHOU_WORKER_INSTANCE="other"
    )
    assert other.wait(60) == 0, other.log_tail(40)
    truth = pipeline.standing()
    os.kill(frozen.pid, signal.SIGCONT)
    until(lambda: not frozen.running, "the one that wakes stops")
    assert "SessionExpired" in frozen.log_tail(400)
    assert overwritten(pipeline) == []
    pipeline.judge(AS_OF)
    assert pipeline.standing() == truth
    assert overwritten(pipeline) == []
