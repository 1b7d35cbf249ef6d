"""How punctual the simulated offices are, judged by the rules of the product."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pytest

from producers.simulator.province import Province, encode_event
from streams.core.replay import Replay, default_engine

START = dt.date(2026, 3, 2)
Verdicts = list[dict[str, object]]


@pytest.fixture(scope="module")
def judged() -> Replay:
    province = Province(3, START, 120, 6_000)
    replay = Replay(default_engine(), province.until)
    replay.read(encode_event(event) for event in province.by_case())
    return replay


@pytest.fixture(scope="module")
def verdicts(judged: Replay) -> Verdicts:
    return [verdict for verdict in judged.verdicts() if verdict["clock"] != "overall"]


def late_share(verdicts: Verdicts) -> float:
    return sum(verdict["breached_at"] is not None for verdict in verdicts) / len(verdicts)


def test_no_line_is_bad(judged: Replay) -> None:
    assert judged.faults == []


def test_between_5_and_12_percent_of_stage_clocks_are_late(verdicts: Verdicts) -> None:
    assert 0.05 <= late_share(verdicts) <= 0.12


def test_most_clocks_of_every_item_are_met_but_some_are_not(verdicts: Verdicts) -> None:
    by_item = defaultdict(list)
    for verdict in verdicts:
        by_item[verdict["item"]].append(verdict)
    assert len(by_item) == 15  # a look-up of facilities has no clock
    for item, of_item in by_item.items():
        assert 0 < late_share(of_item) < 0.25, item


def test_all_rules_of_counts_are_broken_now_and_then(judged: Replay) -> None:
    broken = {violation["rule"] for violation in judged.violations()}
    assert broken >= {"reason-required", "offers-per-round"}
