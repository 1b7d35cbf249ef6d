"""The benchmarks' log is what the figures say it is."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest

from producers.simulator.benchmark import benchmark_log
from schemas.case_event import StoredEvent, decode
from schemas.catalogue.load import load_catalogue

EVENTS = 20_000


@pytest.fixture(scope="module")
def log() -> list[tuple[str, bytes]]:
    return list(benchmark_log(EVENTS, seed=2))


@pytest.fixture(scope="module")
def cases(log: list[tuple[str, bytes]]) -> dict[str, list[StoredEvent]]:
    items = load_catalogue().versions
    by_case = defaultdict(list)
    for key, raw in log:
        case_id, event = decode(raw, items)
        assert case_id == key
        by_case[case_id].append(event)
    return by_case


def test_it_has_the_events_that_were_asked_for(log: list[tuple[str, bytes]]) -> None:
    assert EVENTS <= len(log) <= EVENTS + 11


def test_every_case_has_4_to_12_events_and_each_once(cases: dict[str, list[StoredEvent]]) -> None:
    for events in cases.values():
        assert 4 <= len(events) <= 12
        assert len({event.event_id for event in events}) == len(events)


def test_a_tenth_of_the_cases_is_under_way_in_the_middle(log: list[tuple[str, bytes]]) -> None:
    middle = len(log) // 2
    before = {case_id for case_id, _ in log[:middle]}
    after = {case_id for case_id, _ in log[middle:]}
    assert len(before & after) / len(before | after) == pytest.approx(0.1, rel=0.2)


def test_one_percent_of_the_events_comes_after_a_later_one_of_its_case(
    cases: dict[str, list[StoredEvent]],
) -> None:
    late = 0
    for events in cases.values():
        newest = events[0].order
        for event in events:
            late += event.order < newest
            newest = max(newest, event.order)
    assert late / EVENTS == pytest.approx(0.01, rel=0.2)


def test_the_same_seed_gives_the_same_log() -> None:
    def digest(seed: int) -> bytes:
        return msgspec.json.encode([raw.decode() for _, raw in benchmark_log(500, seed)])

    assert digest(1) == digest(1)
    assert digest(1) != digest(2)
