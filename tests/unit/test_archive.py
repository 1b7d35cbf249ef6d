"""A partition whose closed cases leave memory behaves as one that keeps them."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import case_state, checkpoint
from schemas.case_state import CaseState
from schemas.checkpoint import Checkpoint
from schemas.errors import Unavailable
from schemas.instants import DAY_MS, HOUR_MS
from streams.agents.keeper import CaseKeeper
from streams.state.archive import Archive
from streams.state.departures import Departures
from streams.state.id_filter import IdFilter
from streams.state.partition import PartitionState
from streams.state.restore import Read, Restored, _take_checkpoint
from tests.builders import Partition, at, delivered, engine, event
from tests.unit.order_free_claims import (
    assert_as_the_reference,
    assert_counts_follow_the_states,
    assert_each_published_once,
    assert_well_formed,
)
from tests.unit.order_free_course import Step, course_of
from tests.unit.order_free_world import Broker, Worker
from tests.unit.test_order_free import SLICES, log_of, play_with_crashes, take

MORNING = "2026-03-02 09:00"  # a Monday
seeds = st.integers(0, 2**32 - 1)


def many(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, print_blob=True)


class Archiving(Worker):
    """A worker that archives what was closed ``after_ms`` ago, after every batch and slice."""

    def __init__(self, broker: Broker, folder: Path, after_ms: int, at_most: int = 5_000) -> None:
        self.folder, self.after_ms, self.at_most = folder, after_ms, at_most
        self.archived = 0
        self.rng = Random(0)
        super().__init__(broker)

    def start(self) -> None:
        """Come up as the real one does: what was closed long ago goes past memory."""
        broker, archive = self.broker, Archive(self.folder, 0, self.after_ms)
        found, is_whole = Restored(0, archive), broker.next_offset is not None
        if is_whole:
            self._read_back(found)
        else:
            broker.states = {}
        state = PartitionState(0, engine().rules, broker.generation, archive)
        state.generation += not is_whole
        if is_whole:
            assert found.is_whole
            state.next_offset, state.now = broker.next_offset or 0, broker.now
            state.escalations_next = broker.escalations_next
            for case_id, packed in found.states.items():
                state.restore(case_id, packed)
        state.note_published(broker.published(broker.escalations_next if is_whole else 0))
        state.settle(broker.counts, engine().version, 0.0)
        self.state, self.keeper = state, CaseKeeper(engine(), state, partitions=1)

    def _read_back(self, found: Restored) -> None:
        """Read the states, some of them twice, and sort them at any time in between."""
        broker = self.broker
        cases = len(broker.states)
        last = Checkpoint(broker.generation, broker.next_offset or 0, cases, broker.now)
        _take_checkpoint(found, Read("checkpoints", 0, checkpoint.KEY, checkpoint.encode(last)))
        for case_id, packed in [*self._older(), *broker.states.items()]:
            found.take_state(case_id, packed)
            if self.rng.random() < 0.3:
                found.sort()
        found.sort()

    def _older(self) -> list[tuple[str, bytes]]:
        """Outdated states of the cases: open and closed, as a log that is not compacted has."""
        older = []
        for case_id, packed in self.broker.states.items():
            state = case_state.decode(packed)
            state.closed_at = self.rng.choice([None, 0])
            state.fired = []
            older.append((case_id, case_state.encode(state)))
        return older

    def _write(self, effects: object) -> None:
        super()._write(effects)  # type: ignore[arg-type]
        self.archived += self.state.archive_closed(self.at_most)


def said_in(effects: list[object]) -> Counter[str]:
    """All that batches or slices led to, whatever its order."""
    return Counter(
        repr(one)
        for each in effects
        for part in ("dead_letters", "escalations", "states")
        for one in getattr(each, part)
    )


def step_of(worker: Worker, step: Step, at_most: int) -> Counter[str]:
    if not step.lines:
        return said_in(list(worker.sweep(step.now_ms, at_most)))
    worker.broker.send_lines(step.lines)
    return said_in([worker.read(step.now_ms)])


@many(250)
@given(seed=seeds)
def test_a_partition_that_archives_at_once_says_what_one_that_never_does_says(seed: int) -> None:
    rng = Random(seed)
    log, after_ms = log_of(rng, seed), rng.choice([0, 0, DAY_MS])
    with tempfile.TemporaryDirectory() as folder:
        archiving = Archiving(Broker(), Path(folder), after_ms, rng.choice([1, 2, 5_000]))
        keeping = Worker(Broker())
        for step in course_of(rng, log):
            at_most = rng.choice(SLICES)
            assert step_of(archiving, step, at_most) == step_of(keeping, step, at_most)
            if rng.random() < 0.3:
                archiving.publish_counts()
                keeping.publish_counts()
                assert archiving.broker.counts == keeping.broker.counts
            if rng.random() < 0.2:
                archiving.start()
                keeping.start()
            assert_the_same(archiving.state, keeping.state)


def test_random_courses_archive_cases_and_bring_them_back(tmp_path: Path) -> None:
    left = came_back = 0
    for seed in range(40):
        rng = Random(seed)
        log, worker = log_of(rng, seed), Archiving(Broker(), tmp_path, 0)
        for step in course_of(rng, log):
            take(worker, step, rng)
        left += worker.archived
        came_back += worker.archived - worker.state.archived
    assert left > 40
    assert came_back > 10


def assert_the_same(one: PartitionState, other: PartitionState) -> None:
    assert len(one) == len(other)
    packed = [sorted(map(case_state.encode, state.cases())) for state in (one, other)]
    assert packed[0] == packed[1]
    for state in other.cases():
        assert state.case_id in one
        assert one.peek(state.case_id) == state
    assert "none" not in one
    assert one.peek("none") is None


@many(150)
@given(seed=seeds)
def test_crashes_and_lost_changelogs_change_nothing_with_an_archive(seed: int) -> None:
    rng = Random(seed)
    log = log_of(rng, seed)
    with tempfile.TemporaryDirectory() as folder:
        worker = Archiving(Broker(), Path(folder), rng.choice([0, DAY_MS]))
        course = course_of(rng, log)
        play_with_crashes(worker, course, rng, at_once=False)
        if rng.random() < 0.3:
            worker.lose_states()
        as_of_ms = course[-1].now_ms
        worker.read(as_of_ms)
        worker.sweep(as_of_ms)
        assert_as_the_reference(worker, log, as_of_ms)
        assert_well_formed(worker.broker)
        assert_counts_follow_the_states(worker)


@many(100)
@given(seed=seeds)
def test_a_bulk_load_ends_in_the_truth_with_an_archive(seed: int) -> None:
    rng = Random(seed)
    log = log_of(rng, seed)
    with tempfile.TemporaryDirectory() as folder:
        worker = Archiving(Broker(), Path(folder), 0)
        course = course_of(rng, log)
        worker.broker.send_bracket("load-opened", "history", course[0].now_ms)
        for step in course:
            take(worker, step, rng, "history")
        assert worker.archived == 0
        as_of_ms = course[-1].now_ms
        worker.broker.send_bracket("load-closed", "history", as_of_ms)
        worker.read(as_of_ms)
        worker.sweep(as_of_ms, rng.choice(SLICES))
        assert_as_the_reference(worker, log, as_of_ms)
        assert_each_published_once(worker.broker)


def closed_case(folder: Path, after_ms: int = 30 * DAY_MS) -> Partition:
    """A partition with an open case ``A`` and one, ``B``, that was withdrawn an hour later."""
    partition = Partition(PartitionState(0, engine().rules, archive=Archive(folder, 0, after_ms)))
    partition.push(
        MORNING,
        delivered(event("A", "1", "submitted", MORNING)),
        delivered(event("B", "1", "submitted", MORNING)),
        delivered(event("B", "2", "withdrawn", MORNING.replace("09:", "10:"))),
    )
    return partition


def archived_by(partition: Partition, now: str) -> int:
    partition.sweep(now)
    return partition.state.archive_closed(100)


def test_a_case_leaves_memory_thirty_days_after_its_end_to_the_hour(tmp_path: Path) -> None:
    partition = closed_case(tmp_path)
    assert archived_by(partition, "2026-04-01 09:59:59.999") == 0
    assert archived_by(partition, "2026-04-01 10:00") == 1
    assert (len(partition.state), partition.state.archived) == (2, 1)


def test_a_reopened_case_comes_back_and_leaves_again_after_its_next_end(tmp_path: Path) -> None:
    partition = closed_case(tmp_path)
    assert archived_by(partition, "2026-05-01 09:00") == 1
    partition.push("2026-05-01 09:00", delivered(event("B", "3", "reopened", "2026-05-01 08:00")))
    assert (len(partition.state), partition.state.archived) == (2, 0)
    late = {one.case_id for one in partition.sweep("2026-05-20 09:00").escalations}
    assert late == {"B"}
    ended = event("B", "4", "resolved", "2026-05-20 10:00")
    partition.push("2026-05-20 10:00", delivered(ended))
    assert archived_by(partition, "2026-06-10 10:00") == 0
    assert archived_by(partition, "2026-06-20 10:00") == 1


def test_a_late_event_of_an_archived_case_withdraws_what_was_mistaken(tmp_path: Path) -> None:
    partition = Partition(PartitionState(0, engine().rules, archive=Archive(tmp_path, 0, 0)))
    submitted = event("A", "1", "submitted", MORNING)
    partition.push(MORNING, delivered(submitted))
    partition.sweep("2026-03-03 09:00:00.001")
    ended = event("A", "2", "resolved", "2026-03-03 10:00")
    partition.push("2026-03-03 10:00", delivered(ended))
    assert archived_by(partition, "2026-03-03 10:00:00.001") == 1
    accepted = event("A", "3", "accepted", "2026-03-02 10:00")
    partition.push("2026-03-04 09:00", delivered(accepted))
    said = partition.sweep("2026-03-04 09:00").escalations
    assert {(one.clock, one.state.value) for one in said} == {("accept", "withdrawn")}


def test_a_timer_that_was_outlived_leaves_the_case_where_it_is(tmp_path: Path) -> None:
    partition = closed_case(tmp_path, 0)
    assert archived_by(partition, "2026-03-02 10:00") == 1
    effects = partition.sweep("2026-03-12 00:00:00.001")
    assert "B" not in dict(effects.states)
    assert partition.state.archived == 1
    assert len(list(partition.state.cases())) == 2


def test_a_case_that_time_or_a_judgement_can_still_change_stays(tmp_path: Path) -> None:
    archive = Archive(tmp_path, 0, 0)
    closed = CaseState("A", closed_at=5)
    assert archive.leaves_at(closed) == 5
    cycle = case_state.Cycle("accept", "1", 1, 0, "2021-11", 24)
    pending = case_state.StoredEvent(at=9, event_id="1", type="note")
    for hindrance in (
        {"closed_at": None}, {"live": [cycle]}, {"events": [pending]}, {"unjudged": True},
        {"loads": ["history"]}, {"held": {"1": b"{}"}},
    ):  # fmt: skip
        assert archive.leaves_at(CaseState("A", **{"closed_at": 5} | hindrance)) is None


def test_what_was_published_before_a_crash_brings_its_archived_case_back(tmp_path: Path) -> None:
    partition = closed_case(tmp_path, 0)
    assert archived_by(partition, "2026-03-02 10:00") == 1
    note = case_state.Fired("accept", "1", "red", 1, True, 5, 5, 24)
    partition.state.note_published({"B": [note], "C": [note]})
    assert partition.state.archived == 0
    state = partition.state.peek("B")
    assert state is not None
    assert (state.fired, state.unjudged) == ([note], True)
    assert set(partition.state.published) == {"C"}


def archive_of(folder: Path, *case_ids: str) -> Archive:
    archive = Archive(folder, 0)
    archive.put({case_id: case_state.encode(CaseState(case_id)) for case_id in case_ids})
    return archive


def test_cases_with_one_hash_are_not_mistaken_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.state.archive.hash", lambda _: 7, raising=False)
    archive = archive_of(tmp_path, "A", "B")
    assert [case_id in archive for case_id in "ABC"] == [True, True, False]
    found = archive.find("A")
    assert found is not None
    archive.forget(found[0])
    assert [case_id in archive for case_id in "ABC"] == [False, True, False]


def test_a_forgotten_case_can_be_put_again_and_is_there_once(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "A", "B")
    for _ in range(3):
        found = archive.find("A")
        assert found is not None
        archive.forget(found[0])
        assert ("A" in archive, len(archive)) == (False, 1)
        archive.put({"A": case_state.encode(CaseState("A"))})
    assert sorted(state.case_id for state in archive.states()) == ["A", "B"]
    archive.clear()
    assert ("A" in archive, len(archive), list(archive.states())) == (False, 0, [])


def test_the_file_has_no_name_so_that_nothing_is_left_behind(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "A")
    assert list(tmp_path.iterdir()) == []
    assert "A" in archive


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "A")
    archive.close()
    with pytest.raises(Unavailable, match=tmp_path.name):
        archive.find("A")


def test_a_filter_never_denies_what_is_in_it_and_seldom_says_what_is_not() -> None:
    rng, known = Random(1), IdFilter()
    keys = [rng.getrandbits(64) - 2**63 for _ in range(200_000)]
    for key in keys:
        known.add(key)
    assert all(map(known.may_hold, keys))
    mistaken = sum(known.may_hold(rng.getrandbits(64) - 2**63) for _ in range(20_000))
    assert mistaken < 200
    assert known.__sizeof__() < 6 * len(keys)


def test_departures_come_up_from_their_hour_on_each_once_and_no_more_than_asked_for() -> None:
    departures = Departures()
    for number in range(5):
        departures.add(str(number), b"older", at(MORNING) + number * HOUR_MS + 17)
    departures.add("0", b"newer", at(MORNING) + 18)
    assert departures.take(at(MORNING) - 1, 9) == []
    assert departures.take(at(MORNING), 9) == [("0", b"newer")]
    assert departures.take(at(MORNING) + 9 * HOUR_MS, 2) == [("1", b"older"), ("2", b"older")]
    assert departures.take(at(MORNING) + 9 * HOUR_MS, 9) == [("3", b"older"), ("4", b"older")]
    assert departures.take(at(MORNING) + 9 * HOUR_MS, 9) == []
