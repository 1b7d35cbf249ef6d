"""A worker that is restarted with a new policy for open clocks says so to those who were told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jushou.runtime.kafka_broker import KafkaBroker
from tests.builders import event
from tests.pipeline import DEADLINE_S, Pipeline

ROOT = Path(__file__).parents[2]
OPEN = ROOT / "tests" / "fixtures" / "catalogue" / "open" / "civil-affairs.yaml"
PACKAGES = ("jushou", "streams", "sinks", "producers", "dashboards")
MONDAY = "2026-03-02 09:00"


@pytest.fixture
def pipeline(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Pipeline]:
    """Topics of production on a broker of its own; worker processes end with the test."""
    with KafkaBroker(tmp_path_factory.mktemp("policy-kafka")) as broker:
        running = Pipeline(broker.bootstrap, tmp_path)
        running.fresh_topics()
        yield running
        running.stop()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A checkout with a policy that gives "decide" 40 working days from 15 April, open ones too."""
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "schemas", checkout / "schemas", ignore=ignored)
    for name in PACKAGES:
        (checkout / name).symlink_to(ROOT / name)
    text = OPEN.read_text("utf-8").replace("within: 20wd", "within: 40wd")
    text = text.replace("2026-03-10", "2026-04-15").replace('"2026-03"', '"2026-04"')
    folder = checkout / "schemas" / "catalogue" / "2026-04"
    folder.mkdir()
    (folder / "civil-affairs.yaml").write_text(text, "utf-8")
    return checkout


def judge(pipeline: Pipeline, checkout: Path, as_of: str) -> None:
    """Run a worker of that checkout until nothing is left to do as of an instant."""
    worker = pipeline.worker(
        "--as-of", as_of, "--until-idle", PYTHONPATH=str(checkout), PYTHONSAFEPATH="1"
    )
    assert worker.wait(DEADLINE_S) == 0, worker.log_tail(40)


def warnings(pipeline: Pipeline) -> list[tuple[int, str, str, str]]:
    """The revisions of the warning of "decide"."""
    found = [
        (one["revision"], one["state"], one["cause"], one["policy"])
        for one in pipeline.escalations()
        if (one["clock"], one["level"]) == ("decide", "yellow")
    ]
    return sorted(set(found))


def test_a_policy_withdraws_at_its_first_midnight_what_was_sent_and_cannot_be_taken_away_again(
    pipeline: Pipeline, published: Path
) -> None:
    submitted = event("A", "1", "submitted", MONDAY, item="civil.minimum-living")
    pipeline.send(submitted, event("A", "2", "accepted", MONDAY))
    pipeline.judge("2026-04-14T12:00:00+08:00")
    fired = (1, "fired", "reached", "2021-11")
    assert warnings(pipeline) == [fired]
    judge(pipeline, published, "2026-04-14T23:59:59.999+08:00")
    assert warnings(pipeline) == [fired]
    judge(pipeline, published, "2026-04-15T00:00:00+08:00")
    withdrawn = (2, "withdrawn", "superseded", "2021-11")
    assert warnings(pipeline) == [fired, withdrawn]
    judge(pipeline, published, "2026-04-28T12:00:00+08:00")
    assert warnings(pipeline) == [fired, withdrawn, (3, "fired", "reinstated", "2026-04")]
    decide = next(cycle for cycle in pipeline.states()["A"].live if cycle.clock == "decide")
    assert (decide.policy, decide.limit) == ("2026-04", 40)
    _refuses_without_the_policy(pipeline)


def _refuses_without_the_policy(pipeline: Pipeline) -> None:
    """What was sent by it could not be withdrawn any more."""
    worker = pipeline.worker("--as-of", "2026-04-29T12:00:00+08:00", "--until-idle")
    assert worker.wait(DEADLINE_S) == 1, worker.log_tail(40)
    last = worker.log_tail(1)
    assert "policy 2026-04 of item civil.minimum-living" in last
    assert "put it back" in last
