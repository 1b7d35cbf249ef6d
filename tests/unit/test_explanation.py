"""The account of a case agrees with the engine and can be counted with a finger."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from random import Random

import msgspec
import pytest

from schemas.case_event import StoredEvent, decode
from schemas.case_state import CaseState
from schemas.instants import HOUR_MS, parse_instant
from streams.core.case import Engine
from streams.core.explanation import explain
from streams.core.explanation_account import ClockAccount, Explanation, IntervalKind, StepState
from streams.core.explanation_notes import NoteCode
from streams.core.replay import default_engine
from streams.core.verdicts import standing, verdicts
from tests import builders
from tests.strategies import instants_of_interest, lines_of, random_case

BLOCKS = 20
CASES_IN_A_BLOCK = 100


@pytest.fixture(scope="module")
def engine() -> Engine:
    return default_engine()


def explained(
    engine: Engine, seed: int
) -> list[tuple[CaseState, list[StoredEvent], Explanation, int]]:
    """Some instants of a random case: the engine's state, its events, and the account."""
    rng = Random(seed)
    log = random_case(rng, f"S{seed}")
    events = [decode(line, engine.rules)[1] for line in lines_of(log, seed)]
    instants = instants_of_interest(log)
    found = []
    for as_of in [*rng.sample(instants, min(1, len(instants))), instants[-1] + 1]:
        state = CaseState(f"S{seed}")
        for event in events:
            engine.add(state, event, as_of)
        found.append((state, events, explain(engine, f"S{seed}", events, as_of), as_of))
    return found


def ms(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)


def must(text: str | None) -> int:
    assert text is not None
    return parse_instant(text)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_account_of_every_hard_case_agrees_with_the_engine(engine: Engine, block: int) -> None:
    for seed in range(block * CASES_IN_A_BLOCK, (block + 1) * CASES_IN_A_BLOCK):
        for state, _, account, as_of in explained(engine, seed):
            check_verdicts(state, account, as_of)
            check_ladder(engine, state, account, as_of)
            assert len(account.custody.bounces) == state.bounces
            for clock in account.clocks:
                check_intervals(account, clock, as_of)
                check_count(clock)


def check_verdicts(state: CaseState, account: Explanation, as_of: int) -> None:
    """Every cycle of the engine is there with the same verdict, and no other."""
    told = {
        (each.clock, each.cycle): (
            each.start.event_id, ms(each.start.at), ms(each.due_at), ms(each.stopped_at),
            each.stop and each.stop.event_id, each.status, ms(each.breached_at),
            each.provisional, each.rule.policy,
        )
        for each in account.clocks
    }  # fmt: skip
    judged = {
        (each.clock, each.cycle): (
            each.start_event_id, each.started_at, each.due_at, each.stopped_at,
            each.stop_event_id, each.status, each.breached_at, each.provisional, each.policy,
        )
        for each in verdicts(state, as_of)
    }  # fmt: skip
    assert told == judged
    assert [(each.code, each.event.event_id) for each in account.violations] == [
        (each.rule, each.event_id) for each in state.violations
    ]


def check_ladder(engine: Engine, state: CaseState, account: Explanation, as_of: int) -> None:
    """The steps told as fired are those that stand."""
    told = {
        (clock.clock, clock.start.event_id, step.level, ms(step.at))
        for clock in account.clocks
        for step in clock.ladder
        if step.state is StepState.FIRED
    }
    stands = set()
    if state.item is not None:
        stands = {
            (hit.cycle.clock, hit.cycle.start_event_id, hit.step.level, hit.at)
            for hit in standing(state, engine.rules[state.item], as_of)
        }
    assert told == stands


def check_intervals(account: Explanation, clock: ClockAccount, as_of: int) -> None:
    """Intervals lie end to end from the start to the end, and as far as due where it is ahead."""
    started, due = must(clock.start.at), ms(clock.due_at)
    end = as_of if clock.stopped_at is None else must(clock.stopped_at)
    until = end if clock.stopped_at is not None or due is None else max(end, due)
    if started == until:
        assert clock.intervals == []
        return
    assert must(clock.intervals[0].since) == started
    assert must(clock.intervals[-1].until) == until
    for earlier, later in pairwise(clock.intervals):
        assert earlier.until == later.since
    for each in clock.intervals:
        assert must(each.until) - must(each.since) == each.duration_ms > 0
        assert each.projected == (must(each.since) >= end)
        is_late = due is not None and must(each.since) >= due
        assert (each.kind is IntervalKind.OVERDUE) == is_late
    late_ms = sum(each.duration_ms for each in clock.intervals if each.kind is IntervalKind.OVERDUE)
    assert late_ms == (clock.late_ms or 0)
    if clock.status == "paused":
        # A pause that opens at the very instant has had no time yet.
        assert clock.intervals[-1].kind is IntervalKind.PAUSED or opens_at(account, end)


def opens_at(account: Explanation, instant: int) -> bool:
    return any(
        note.code == NoteCode.PAUSE_OPENED and ms(each.event.at) == instant
        for each in account.events
        for note in each.effects
    )


def check_count(clock: ClockAccount) -> None:
    """What is counted up to due is the limit: no more, and no less where there is a due."""
    if clock.unit == "h":
        if clock.stopped_at is None and clock.due_at is not None:
            running = sum(
                each.duration_ms for each in clock.intervals if each.kind is IntervalKind.RUNNING
            )
            assert running == clock.limit * HOUR_MS
        assert (clock.used == clock.limit * HOUR_MS) if clock.late_ms else True
        return
    counted = [day.counted for day in clock.days if day.counted is not None]
    assert counted == list(range(1, len(counted) + 1))
    if clock.due_at is None:
        assert len(counted) < clock.limit
        return
    assert len(counted) == clock.limit
    assert clock.days[-1].counted == clock.limit
    closing = must(f"{clock.days[-1].date}T00:00:00+08:00") + 24 * HOUR_MS
    assert closing == must(clock.due_at)
    assert clock.used == sum(1 for day in clock.days if day.counted and not day.projected)


def test_every_event_has_an_effect_or_a_reason(engine: Engine) -> None:
    seen: dict[str, int] = defaultdict(int)
    for seed in range(600):
        _, _, account, _ = explained(engine, seed)[-1]
        for each in account.events:
            assert each.effects or each.without_effect
            for note in (*each.effects, *each.without_effect):
                seen[note.code] += 1
                assert note.text.zh
                assert note.text.en
                assert "{" not in note.text.zh + note.text.en
    assert set(seen) == set(NoteCode)


def test_an_account_does_not_depend_on_the_order_of_the_events(engine: Engine) -> None:
    for seed in range(100):
        _, events, account, as_of = explained(engine, seed)[0]
        shuffled = list(events)
        Random(seed).shuffle(shuffled)
        assert explain(engine, f"S{seed}", shuffled, as_of) == account


def test_an_account_is_the_same_from_the_state_that_the_stream_keeps(engine: Engine) -> None:
    for seed in range(100):
        state, _, account, as_of = explained(engine, seed)[0]
        of_state = explain(engine, state.case_id, state.events, as_of)
        of_state.conflicts = account.conflicts
        assert of_state == account


def test_an_account_goes_to_json_and_back(engine: Engine) -> None:
    for seed in range(50):
        _, _, account, _ = explained(engine, seed)[0]
        assert msgspec.json.decode(msgspec.json.encode(account), type=Explanation) == account


def test_cycles_of_one_clock_are_named_once_and_none_that_was_cancelled_is_called_done(
    engine: Engine,
) -> None:
    records = [
        builders.event("J", "1", "submitted", "2026-04-27 10:00", item="employment.job"),
        *(
            builders.event("J", str(day), "recommended", f"2026-04-{day} 10:00")
            for day in (28, 29, 30)
        ),
        builders.event("J", "2", "withdrawn", "2026-05-20 10:00"),
    ]
    events = [decode(json.dumps(record).encode(), engine.rules)[1] for record in records]
    told = explain(engine, "J", events, builders.at("2026-06-01 00:00")).headline
    assert told.zh == "已办结；曾逾期：回访（3次）。"
    assert told.en == "Closed; was past due: Follow up (3 times)."
