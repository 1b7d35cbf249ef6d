"""The worker on a real broker: right, and right again after crashes, rebalances and losses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jushou.runtime.kafka_broker import KafkaBroker
from schemas.instants import parse_instant
from schemas.topics import AGGREGATES, CASE_STATES, CHECKPOINTS
from tests.builders import event
from tests.pipeline import Pipeline, until

EXAMPLES = Path(__file__).parents[1] / "examples"
AS_OF = {"mixed": "2026-06-01T00:00:00+08:00", "yearend": "2026-12-20T00:00:00+08:00"}
VERDICT = ("case_id", "item", "clock", "cycle", "start_event_id", "started_at", "due_at",
           "stopped_at", "stop_event_id", "status", "breached_at")  # fmt: skip


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker whose topics have the names of production."""
    with KafkaBroker(tmp_path_factory.mktemp("worker-kafka")) as broker:
        yield broker


@pytest.fixture
def pipeline(own_broker: KafkaBroker, tmp_path: Path) -> Iterator[Pipeline]:
    """Fresh topics; the worker processes of a test end with it."""
    running = Pipeline(own_broker.bootstrap, tmp_path)
    running.fresh_topics()
    yield running
    running.stop()


def lines(log: str) -> list[bytes]:
    return (EXAMPLES / f"{log}.jsonl").read_bytes().splitlines()


def expected_verdicts(log: str) -> Counter[tuple[Any, ...]]:
    def value(row: dict[str, Any], name: str) -> Any:
        return parse_instant(row[name]) if name.endswith("_at") and row[name] else row[name]

    rows = map(json.loads, (EXAMPLES / f"{log}.verdicts.jsonl").read_text("utf-8").splitlines())
    return Counter(tuple(value(row, name) for name in VERDICT) for row in rows)


def expected_standing(log: str) -> Counter[tuple[Any, ...]]:
    text = (EXAMPLES / f"{log}.escalations.jsonl").read_text("utf-8")
    return Counter(
        (row["case_id"], row["clock"], row["start_event_id"], row["level"],
         parse_instant(row["at"]))
        for row in map(json.loads, text.splitlines())
    )  # fmt: skip


@pytest.mark.parametrize("log", AS_OF)
def test_a_bracketed_load_is_judged_once_and_exactly(pipeline: Pipeline, log: str) -> None:
    pipeline.load(lines(log))
    pipeline.judge(AS_OF[log])
    assert pipeline.verdicts(AS_OF[log]) == expected_verdicts(log)
    assert pipeline.standing() == expected_standing(log)
    assert pipeline.withdrawn() == 0
    assert pipeline.lag == 0


def test_a_log_that_trickles_in_without_brackets_ends_in_the_same_truth(
    pipeline: Pipeline,
) -> None:
    everything = [json.loads(line) for line in lines("mixed")]
    half = len(everything) // 2
    pipeline.send(*everything[:half])
    pipeline.judge(AS_OF["mixed"])
    pipeline.send(*everything[half:])
    pipeline.judge(AS_OF["mixed"])
    assert pipeline.verdicts(AS_OF["mixed"]) == expected_verdicts("mixed")
    assert pipeline.standing() == expected_standing("mixed")
    assert pipeline.withdrawn() > 0


def test_workers_killed_at_any_moment_lose_nothing_and_double_nothing(
    pipeline: Pipeline,
) -> None:
    pipeline.load(lines("mixed"), "first")
    for number in range(3):
        worker = pipeline.worker("--as-of", AS_OF["mixed"], name=f"victim-{number}")
        before = len(pipeline.escalations())
        until(
            lambda before=before: len(pipeline.escalations()) > before or pipeline.lag == 0,
            "the worker did something",
        )
        worker.kill()
    pipeline.judge(AS_OF["mixed"])
    assert pipeline.verdicts(AS_OF["mixed"]) == expected_verdicts("mixed")
    assert pipeline.standing() == expected_standing("mixed")
    said: dict[tuple[str, int], tuple[str, str]] = {}
    for one in pipeline.escalations():
        effect = (one["state"], one["at"])
        assert said.setdefault((one["escalation_id"], one["revision"]), effect) == effect


def test_two_workers_share_the_partitions_and_one_takes_over_from_a_dead_one(
    pipeline: Pipeline,
) -> None:
    one = pipeline.worker("--as-of", AS_OF["mixed"], name="one", JUSHOU_WORKER_INSTANCE="one")
    other = pipeline.worker("--as-of", AS_OF["mixed"], name="other", JUSHOU_WORKER_INSTANCE="other")
    everything = [json.loads(line) for line in lines("mixed")]
    pipeline.send(*everything[:400])
    until(lambda: pipeline.lag == 0, "both have applied the first part")
    one.kill()
    pipeline.send(*everything[400:])
    until(lambda: pipeline.lag == 0, "the other one has applied the rest")
    until(lambda: pipeline.standing() == expected_standing("mixed"), "all that is due has fired")
    assert other.running
    assert pipeline.verdicts(AS_OF["mixed"]) == expected_verdicts("mixed")


def test_a_lost_changelog_is_rebuilt_from_the_input_and_nothing_is_said_again(
    pipeline: Pipeline,
) -> None:
    pipeline.load(lines("mixed"))
    pipeline.judge(AS_OF["mixed"])
    said = len(pipeline.escalations())
    pipeline.delete_topics([CASE_STATES.name, CHECKPOINTS.name, AGGREGATES.name])
    pipeline.create_missing_topics()
    pipeline.judge(AS_OF["mixed"])
    assert pipeline.verdicts(AS_OF["mixed"]) == expected_verdicts("mixed")
    assert len(pipeline.escalations()) == said


def test_a_trimmed_changelog_is_noticed_and_rebuilt_as_a_new_generation(
    pipeline: Pipeline,
) -> None:
    pipeline.load(lines("mixed"))
    pipeline.judge(AS_OF["mixed"])
    said = len(pipeline.escalations())
    pipeline.delete_topics([CASE_STATES.name])
    pipeline.create_missing_topics()
    pipeline.judge(AS_OF["mixed"])
    states = pipeline.states()
    assert {state.generation for state in states.values()} == {2}
    assert pipeline.verdicts(AS_OF["mixed"]) == expected_verdicts("mixed")
    assert len(pipeline.escalations()) == said


def test_bad_records_go_to_the_dead_letters_and_their_neighbours_go_on(
    pipeline: Pipeline,
) -> None:
    from producers.publish import Publisher

    morning = "2026-03-02 09:00"
    publisher = Publisher(pipeline.bootstrap)
    bad = [b"{", b"", b"\xff\xfe", json.dumps(event("B", "1", "nonsense", morning)).encode()]
    for raw in bad:
        publisher.send("B", raw)
    publisher.flush()
    pipeline.send(event("A", "1", "submitted", morning), event("B", "2", "submitted", morning))
    pipeline.judge("2026-03-02T10:00:00+08:00")
    assert set(pipeline.states()) == {"A", "B"}
    assert sorted(pipeline.dead_letters()) == sorted(bad)


def test_live_deadlines_fire_without_traffic_once_their_instant_has_passed(
    pipeline: Pipeline,
) -> None:
    import time

    from schemas.instants import HOUR_MS, render_instant

    # Due in two seconds: a water case that was submitted almost 24 hours ago.
    due = int(time.time() * 1000) + 2_000
    record = event("A", "1", "submitted", "2026-03-02 09:00")
    record["occurred_at"] = render_instant(due - 24 * HOUR_MS)
    pipeline.send(record)
    pipeline.worker()
    reds = lambda: [one for one in pipeline.escalations() if one["level"] == "red"]  # noqa: E731
    until(lambda: len(reds()) == 2, "both clocks of the first day are breached")
    for one in reds():
        assert parse_instant(one["at"]) == due
        assert parse_instant(one["published_at"]) > due


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(pipeline: Pipeline) -> None:
    worker = pipeline.worker("--as-of", AS_OF["mixed"])
    pipeline.load(lines("mixed"))
    until(lambda: pipeline.lag == 0, "everything is applied")
    assert worker.stop(30) == 0, worker.log_tail(40)
    pipeline.judge(AS_OF["mixed"])
    assert pipeline.standing() == expected_standing("mixed")
