"""A worker on a real broker whose closed cases have left memory: it answers for them as before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jushou.runtime.child_process import ChildProcess
from jushou.runtime.kafka_broker import KafkaBroker
from tests.builders import event
from tests.pipeline import Pipeline, until

MORNING = "2026-03-02 09:00"  # a Monday
JUNE = "2026-06-01T00:00:00+08:00"


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker whose topics have the names of production."""
    with KafkaBroker(tmp_path_factory.mktemp("archive-kafka")) as broker:
        yield broker


@pytest.fixture
def pipeline(own_broker: KafkaBroker, tmp_path: Path) -> Iterator[Pipeline]:
    """Fresh topics of one partition; the worker processes of a test end with it."""
    running = Pipeline(own_broker.bootstrap, tmp_path, partitions=1)
    running.fresh_topics()
    yield running
    running.stop()


def held_at_start(worker: ChildProcess) -> tuple[int, int]:
    """How many cases a worker restored, and how many of them outside of memory, as it says."""
    found = re.search(r"partition 0: (\d+) cases, (\d+) of them archived", worker.log_tail(200))
    assert found is not None, worker.log_tail(40)
    return int(found.group(1)), int(found.group(2))


def test_late_events_of_archived_cases_withdraw_and_fire_as_before_after_a_restart(
    pipeline: Pipeline,
) -> None:
    worker = pipeline.worker("--as-of", JUNE)
    pipeline.send(
        event("A", "1", "submitted", MORNING),
        event("B", "1", "submitted", MORNING),
        event("B", "2", "resolved", "2026-03-04 09:00"),
        event("C", "1", "submitted", MORNING),
        event("C", "2", "withdrawn", "2026-03-02 10:00"),
    )
    late = lambda: {case_id for case_id, *_ in pipeline.standing()}  # noqa: E731
    until(lambda: late() == {"A", "B"}, "A and B were late, C ended in time")
    pipeline.send(event("B", "3", "accepted", "2026-03-02 12:00"))
    until(lambda: pipeline.withdrawn() == 2, "both steps of B's clock are withdrawn")
    pipeline.send(event("C", "3", "reopened", "2026-04-02 10:00"))
    until(lambda: late() == {"A", "B", "C"}, "C is late, now that it is open again")
    until(lambda: pipeline.lag == 0, "everything is committed")
    worker.kill()
    said, standing = len(pipeline.escalations()), pipeline.standing()
    worker = pipeline.worker("--as-of", JUNE, "--until-idle", name="restored")
    assert worker.wait(60) == 0, worker.log_tail(40)
    assert held_at_start(worker) == (3, 1)
    assert (len(pipeline.escalations()), pipeline.standing()) == (said, standing)
    states = pipeline.states()
    assert {case_id: state.closed_at is None for case_id, state in states.items()} == {
        "A": True, "B": False, "C": True,
    }  # fmt: skip
