"""The engine says exactly what the literal reference says, on logs that no example has.

Compared are the fields of the replay contract and `provisional`, instants as instants. Cases are
judged as of the instants at which a judgement can change, and a millisecond on both sides.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core.case import Engine
from streams.core.replay import Replay, default_engine
from tests.reference import conflicts, escalations, iso, read_log, to_ms, verdicts, violations
from tests.reference.reading import Record
from tests.strategies import (
    BAD_LINES,
    GOOD_LINES,
    arrivals,
    instants_of_interest,
    lines_of,
    logs,
    random_case,
    random_log,
)

VERDICT = [
    "case_id",
    "item",
    "clock",
    "cycle",
    "start_event_id",
    "started_at",
    "due_at",
    "stopped_at",
    "stop_event_id",
    "status",
    "breached_at",
    "provisional",
]
ESCALATION = ["escalation_id", "case_id", "clock", "start_event_id", "level", "to", "at"]
VIOLATION = ["case_id", "rule", "event_id"]
INSTANTS = {"started_at", "due_at", "stopped_at", "breached_at", "at"}

BLOCKS = 40
CASES_IN_A_BLOCK = 50


@pytest.fixture(scope="module")
def engine() -> Engine:
    return default_engine()


def rows(judged: Any, names: list[str]) -> Counter[tuple[Any, ...]]:
    """What is compared: a multiset, instants in milliseconds."""
    return Counter(
        tuple(
            to_ms(one[name]) if name in INSTANTS and one[name] is not None else one[name]
            for name in names
        )
        for one in judged
    )


def differences(engine: Engine, lines: list[bytes], as_of_ms: int) -> list[str]:
    """One text per row that only one of the two has; empty where they agree."""
    records, bad = read_log(lines)
    replay = Replay(engine, as_of_ms)
    replay.read(lines)
    found = []
    if [line_no for line_no, _ in replay.faults] != [line_no for line_no, _ in bad]:
        found.append(f"bad lines: reference {bad}, engine {replay.faults}")
    for names, wanted, got in (
        (VERDICT, verdicts(records, as_of_ms), replay.verdicts()),
        (ESCALATION, escalations(records, as_of_ms), replay.escalations()),
        (VIOLATION, violations(records, as_of_ms), replay.violations()),
    ):
        want, have = rows(wanted, names), rows(got, names)
        found += [f"reference alone: {legible(row, names)}" for row in (want - have).elements()]
        found += [f"engine alone: {legible(row, names)}" for row in (have - want).elements()]
    return found


def legible(row: tuple[Any, ...], names: list[str]) -> dict[str, Any]:
    """The row with its names, instants as text again."""
    return {
        name: iso(value) if name in INSTANTS and value is not None else value
        for name, value in zip(names, row, strict=True)
    }


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_engine_judges_every_hard_case_as_the_reference_does(
    engine: Engine, block: int
) -> None:
    for seed in range(block * CASES_IN_A_BLOCK, (block + 1) * CASES_IN_A_BLOCK):
        rng = Random(seed)
        log = random_case(rng, f"S{seed}")
        instants = instants_of_interest(log)
        for as_of_ms in [*rng.sample(instants, min(3, len(instants))), instants[-1] + 1]:
            found = differences(engine, lines_of(log, seed), as_of_ms)
            assert found == [], f"seed {seed} as of {iso(as_of_ms)}"


@pytest.mark.parametrize("seed", [1, 2])
def test_the_engine_judges_a_log_of_many_cases_as_the_reference_does(
    engine: Engine, seed: int
) -> None:
    log = random_log(seed, 120)
    for as_of in ("2025-03-01T00:00:00+08:00", "2026-10-08T00:00:00+08:00", "2027-03-01T00:00:00Z"):
        assert differences(engine, lines_of(log, seed), to_ms(as_of)) == []


def test_the_engine_judges_the_good_lines_among_bad_ones(engine: Engine) -> None:
    lines = lines_of(random_log(3, 20)) + [line for _, line in [*BAD_LINES, *GOOD_LINES]]
    Random(3).shuffle(lines)
    assert differences(engine, lines, to_ms("2026-11-01T00:00:00+08:00")) == []


@pytest.mark.parametrize(("mistake", "line"), BAD_LINES, ids=[name for name, _ in BAD_LINES])
def test_the_engine_refuses_a_line_with_one_mistake(
    engine: Engine, mistake: str, line: bytes
) -> None:
    replay = Replay(engine, to_ms("2026-11-01T00:00:00+08:00"))
    replay.read([line])
    assert [line_no for line_no, _ in replay.faults] == [1]


@pytest.mark.parametrize(("look", "line"), GOOD_LINES, ids=[name for name, _ in GOOD_LINES])
def test_the_engine_takes_a_line_that_only_looks_bad(
    engine: Engine, look: str, line: bytes
) -> None:
    replay = Replay(engine, to_ms("2026-11-01T00:00:00+08:00"))
    replay.read([line])
    assert replay.faults == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_neither_order_nor_repetition_of_arrival_changes_what_the_engine_says(
    engine: Engine, drawn: st.DataObject
) -> None:
    log: list[Record] = drawn.draw(logs())
    arrived = [record for batch in drawn.draw(arrivals(log)) for record in batch]
    if log:
        as_of_ms = drawn.draw(st.sampled_from(instants_of_interest(log)))
        assert differences(engine, lines_of(arrived), as_of_ms) == []


def test_the_engine_reports_a_conflict_where_the_reference_does(engine: Engine) -> None:
    log = random_log(4, 60)
    replay = Replay(engine, to_ms("2026-11-01T00:00:00+08:00"))
    replay.read(lines_of(log))
    named = {(case_id, event_id) for _, case_id, event_id in replay.conflicts}
    assert named == {(record["case_id"], record["event_id"]) for record in conflicts(log)}
