"""The stream says in the end what the set of the events says, however they came.

The keeper of a partition is driven through random courses: any order, repetition and batches,
sweeps in between, crashes after any written record, lost changelogs, bulk loads. The literal
reference is told nothing of the course. A failure prints the seed: ``course_of(Random(seed), …)``.
"""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.reading import Record
from tests.strategies import logs, random_log
from tests.unit.order_free_claims import (
    assert_as_the_reference,
    assert_counts_follow_the_states,
    assert_each_published_once,
    assert_well_formed,
    effects,
    sayings,
)
from tests.unit.order_free_course import Step, course_of, of_one_item
from tests.unit.order_free_world import Broker, Crashed, Worker

SLICES = [1, 2, 2_000]

seeds = st.integers(0, 2**32 - 1)
randoms = st.randoms(use_true_random=False)
few = settings(
    max_examples=60, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)


def many(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, print_blob=True)


def log_of(rng: Random, seed: int) -> list[Record]:
    return of_one_item(random_log(seed, rng.choice([1, 1, 2, 3])))


def take(worker: Worker, step: Step, rng: Random, load: str | None = None) -> None:
    """One step of a course; counts are published now and then."""
    if step.lines:
        worker.broker.send_lines(step.lines, load)
        worker.read(step.now_ms)
    else:
        worker.sweep(step.now_ms, rng.choice(SLICES))
    if rng.random() < 0.3:
        worker.publish_counts()


def assert_at_rest(worker: Worker, as_of_ms: int) -> None:
    again = worker.sweep(as_of_ms)
    assert [(one.escalations, one.states) for one in again] == [([], [])]


def assert_all(worker: Worker, log: list[Record], as_of_ms: int) -> None:
    assert_at_rest(worker, as_of_ms)
    assert_as_the_reference(worker, log, as_of_ms)
    assert_well_formed(worker.broker)
    assert_counts_follow_the_states(worker)


def check_any_course(rng: Random, log: list[Record]) -> None:
    worker = Worker(Broker())
    course = course_of(rng, log)
    for step in course:
        take(worker, step, rng)
    assert_all(worker, log, course[-1].now_ms)
    assert_each_published_once(worker.broker)


@many(1500)
@given(seed=seeds)
def test_any_course_of_a_log_ends_in_what_the_reference_says(seed: int) -> None:
    rng = Random(seed)
    check_any_course(rng, log_of(rng, seed))


@few
@given(log=logs(), rng=randoms)
def test_a_course_that_goes_wrong_can_be_made_small(log: list[Record], rng: Random) -> None:
    if log:
        check_any_course(rng, of_one_item(log))


def play_with_crashes(worker: Worker, course: list[Step], rng: Random, at_once: bool) -> None:
    """Crash after any written record; ``at_once``: a broken sweep is redone before more is read."""
    for step in course:
        if rng.random() < 0.35:
            worker.crash_after = rng.choice([0, 1, 2, 3, 5, 8])
        try:
            take(worker, step, rng)
        except Crashed:
            worker.start()
            worker.read(step.now_ms)
            if at_once and not step.lines:
                worker.sweep(step.now_ms)
    worker.crash_after = None
    worker.read(course[-1].now_ms)
    worker.sweep(course[-1].now_ms)


@many(700)
@given(seed=seeds)
def test_crashes_change_nothing_but_repeat_what_is_the_same(seed: int) -> None:
    rng = Random(seed)
    log, worker = log_of(rng, seed), Worker(Broker())
    course = course_of(rng, log)
    play_with_crashes(worker, course, rng, at_once=True)
    assert_all(worker, log, course[-1].now_ms)
    calm = Worker(Broker())
    for step in course:
        take(calm, step, rng)
    assert sayings(worker.broker) == sayings(calm.broker)


@many(300)
@given(seed=seeds)
def test_a_lost_changelog_is_rebuilt_and_only_differences_are_published(seed: int) -> None:
    rng = Random(seed)
    log, worker = log_of(rng, seed), Worker(Broker())
    course = course_of(rng, log)
    bracket = rng.random() < 0.5
    if bracket:
        worker.broker.send_bracket("load-opened", "history", course[0].now_ms)
    for step in course:
        take(worker, step, rng, "history" if bracket else None)
        if rng.random() < 0.2:
            worker.lose_states()
            worker.read(step.now_ms)
    as_of_ms = course[-1].now_ms
    if bracket:
        worker.broker.send_bracket("load-closed", "history", as_of_ms)
    worker.read(as_of_ms)
    worker.sweep(as_of_ms)
    said = len(worker.broker.escalations)
    worker.lose_states()
    worker.read(as_of_ms)
    worker.sweep(as_of_ms, rng.choice(SLICES))
    assert len(worker.broker.escalations) == said
    assert_all(worker, log, as_of_ms)
    assert_each_published_once(worker.broker)
    assert {state.generation for state in worker.state.cases()} == {worker.broker.generation}


@many(400)
@given(seed=seeds)
def test_a_bulk_load_withdraws_nothing_and_fires_what_stands_once_at_its_close(seed: int) -> None:
    rng = Random(seed)
    log, worker = log_of(rng, seed), Worker(Broker())
    course = course_of(rng, log)
    worker.broker.send_bracket("load-opened", "history", course[0].now_ms)
    for step in course:
        take(worker, step, rng, "history")
    as_of_ms = course[-1].now_ms
    assert worker.broker.escalations == []
    worker.broker.send_bracket("load-closed", "history", as_of_ms)
    if rng.random() < 0.3:
        worker.start()
    worker.read(as_of_ms)
    worker.sweep(as_of_ms, rng.choice(SLICES))
    assert_all(worker, log, as_of_ms)
    assert [one.revision for one in worker.broker.escalations] == [1] * len(effects(worker.broker))
    assert all(one.known_late for one in worker.broker.escalations)


@many(1_000)
@given(seed=seeds)
def test_crashes_change_nothing_whatever_comes_before_the_sweep_is_done_again(seed: int) -> None:
    rng = Random(seed)
    log, worker = log_of(rng, seed), Worker(Broker())
    course = course_of(rng, log)
    play_with_crashes(worker, course, rng, at_once=False)
    assert_all(worker, log, course[-1].now_ms)
    sayings(worker.broker)
