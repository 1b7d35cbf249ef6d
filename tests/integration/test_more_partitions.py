"""More partitions: the log is moved to new topics, and what is rebuilt there says the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jushou.runtime.kafka_broker import KafkaBroker
from tests.builders import event
from tests.integration.test_worker import AS_OF, expected_standing, expected_verdicts, lines
from tests.pipeline import Pipeline


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Pipeline]:
    with KafkaBroker(tmp_path / "four") as broker:
        running = Pipeline(broker.bootstrap, tmp_path / "workers-of-four", partitions=4)
        running.fresh_topics()
        yield running
        running.stop()


@pytest.fixture
def seven(tmp_path: Path) -> Iterator[Pipeline]:
    with KafkaBroker(tmp_path / "seven") as broker:
        running = Pipeline(broker.bootstrap, tmp_path / "workers-of-seven", partitions=7)
        yield running
        running.stop()


def move(source: Pipeline, target: Pipeline) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jushou.cli.main", "move", "--from", source.bootstrap,
         "--to", target.bootstrap],
        env={"JUSHOU_PARTITIONS": "7", "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_log_that_was_moved_to_more_partitions_says_the_same_and_publishes_nothing_again(
    four: Pipeline, seven: Pipeline
) -> None:
    half = len(lines("mixed")) // 2
    four.load(lines("mixed")[:half], "history")
    four.judge(AS_OF["mixed"])
    four.load(lines("mixed")[half:], "the rest")
    four.judge(AS_OF["mixed"])
    before = four.escalations()
    assert four.withdrawn() > 0
    done = move(four, seven)
    assert done.returncode == 0, done.stderr
    assert f"{len(lines('mixed')):,}  jushou.case-events.v1" in done.stdout
    seven.judge(AS_OF["mixed"])
    assert seven.verdicts(AS_OF["mixed"]) == expected_verdicts("mixed")
    assert seven.standing() == expected_standing("mixed")

    def identities(escalations: list[dict[str, object]]) -> list[tuple[str, str]]:
        return sorted((str(one["escalation_id"]), str(one["revision"])) for one in escalations)

    assert identities(seven.escalations()) == identities(before)
    assert set(seven.dead_letters()) == set(four.dead_letters())
    assert four.dead_letters()
    # Used partitions are all of the new ones, and what is sent later finds its case there.
    seven.send(event("W1-new", "1", "submitted", "2026-05-31 09:00"))
    seven.judge(AS_OF["mixed"])
    assert "W1-new" in seven.states()
    again = move(four, seven)
    assert again.returncode == 1
    assert "begin with empty topics" in again.stderr
