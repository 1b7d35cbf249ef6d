"""Who had a case when; the readings of `streams/core/custody.py` one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.case_event import decode
from schemas.case_state import CaseState
from schemas.catalogue.model import Text
from schemas.instants import HOUR_MS, parse_instant
from streams.core.case import Engine
from streams.core.custody import Custody, Holder, Level, custody
from streams.core.explanation_custody import custody_account
from streams.core.explanation_words import Names
from streams.core.replay import default_engine
from streams.core.verdicts import verdicts
from tests.strategies import lines_of, random_log

DAY = "2026-03-02"
COUNTY = Holder(Level.COUNTY, "water", "530102")
TOWNSHIP = Holder(Level.TOWNSHIP, "water", "530102", "530102001")
SUBMISSION = {
    "item": "water.drinking", "county": "530102", "raised_by": "self", "channel": "wechat",
    "township": "530102001",
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Engine:
    return default_engine()


def instant(hour: int) -> int:
    return parse_instant(f"{DAY}T{hour:02d}:00:00+08:00")


def stored(engine: Engine, *steps: tuple[int, str, dict[str, Any]]) -> list[Any]:
    """Events at whole hours of one day."""
    records = [
        {
            "event_id": f"e{number}",
            "case_id": "C",
            "type": kind,
            "occurred_at": f"{DAY}T{hour:02d}:00:00+08:00",
            "schema_version": "1",
            **(SUBMISSION if kind == "submitted" else {}),
            **fields,
        }
        for number, (hour, kind, fields) in enumerate(steps)
    ]
    return [decode(json.dumps(record).encode(), engine.rules)[1] for record in records]


def walked(engine: Engine, *steps: tuple[int, str, dict[str, Any]], as_of: int = 20) -> Custody:
    events = stored(engine, *steps)
    return custody(events, engine.rules["water.drinking"], instant(as_of))


def path(found: Custody) -> list[tuple[Holder, int, int | None]]:
    start = instant(0)
    return [
        (
            held.holder,
            (held.since - start) // HOUR_MS,
            None if held.until is None else (held.until - start) // HOUR_MS,
        )
        for held in found.held
    ]


def test_a_dispatch_hands_the_case_from_the_county_to_the_township(engine: Engine) -> None:
    found = walked(engine, (1, "submitted", {}), (2, "accepted", {}), (5, "dispatched", {}))
    assert path(found) == [(COUNTY, 1, 5), (TOWNSHIP, 5, None)]
    assert [held.accepted_at for held in found.held] == [instant(2), None]
    assert [(total.holder, total.held_ms, total.unaccepted_ms) for total in found.totals] == [
        (COUNTY, 4 * HOUR_MS, HOUR_MS),
        (TOWNSHIP, 15 * HOUR_MS, 15 * HOUR_MS),
    ]


def test_a_dispatch_names_the_township_that_gets_it(engine: Engine) -> None:
    found = walked(engine, (1, "submitted", {}), (2, "dispatched", {"township": "530102007"}))
    assert found.held[-1].holder.township == "530102007"


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("530102001", "五华区华山街道", "Huashan Subdistrict, Wuhua District"),
        ("530102999", "五华区乡镇530102999", "Township 530102999, Wuhua District"),
    ],
)
def test_the_account_names_a_township_by_its_name_or_its_code(
    engine: Engine, code: str, zh: str, en: str
) -> None:
    events = stored(engine, (1, "submitted", {}), (2, "dispatched", {"township": code}))
    names = Names(engine.catalogue)
    told = custody_account(events, engine.rules["water.drinking"], names, instant(20))
    assert told.intervals[-1].holder.name == Text(zh, en)


def test_a_second_dispatch_to_the_same_township_changes_nothing(engine: Engine) -> None:
    found = walked(engine, (1, "submitted", {}), (2, "dispatched", {}), (3, "dispatched", {}))
    assert path(found) == [(COUNTY, 1, 2), (TOWNSHIP, 2, None)]


def test_a_returned_case_goes_back_to_the_one_who_had_it_before(engine: Engine) -> None:
    found = walked(
        engine, (1, "submitted", {}), (2, "accepted", {}), (3, "dispatched", {}),
        (7, "returned", {}), (9, "accepted", {}),
    )  # fmt: skip
    assert path(found) == [(COUNTY, 1, 3), (TOWNSHIP, 3, 7), (COUNTY, 7, None)]
    assert found.held[-1].accepted_at == instant(9), "a case that comes back is accepted again"
    assert [(bounce.holder, bounce.back_to) for bounce in found.bounces] == [(TOWNSHIP, COUNTY)]
    assert {total.holder: total.bounces for total in found.totals} == {COUNTY: 0, TOWNSHIP: 1}


def test_further_returns_go_further_back_and_end_at_the_first_holder(engine: Engine) -> None:
    health = Holder(Level.COUNTY, "health", "530102")
    found = walked(
        engine, (1, "submitted", {}), (2, "transferred", {"department": "health"}),
        (3, "dispatched", {}), (4, "returned", {}), (5, "returned", {}), (6, "returned", {}),
    )  # fmt: skip
    assert [held.holder for held in found.held][2:] == [
        Holder(Level.TOWNSHIP, "health", "530102", "530102001"), health, COUNTY, COUNTY,
    ]  # fmt: skip
    assert [bounce.back_to for bounce in found.bounces] == [health, COUNTY, COUNTY]


def test_a_transfer_goes_to_the_department_of_the_other_county(engine: Engine) -> None:
    found = walked(
        engine, (1, "submitted", {}), (2, "dispatched", {}),
        (4, "transferred", {"county": "530103"}),
    )  # fmt: skip
    assert found.held[-1].holder == Holder(Level.COUNTY, "water", "530103")


def test_a_transfer_that_names_only_a_township_goes_to_that_township(engine: Engine) -> None:
    found = walked(
        engine, (1, "submitted", {}), (2, "dispatched", {}),
        (4, "transferred", {"township": "530102009"}),
    )  # fmt: skip
    assert found.held[-1].holder == Holder(Level.TOWNSHIP, "water", "530102", "530102009")


def test_what_is_bounced_back_is_addressed_to_whom_it_came_from(engine: Engine) -> None:
    state = CaseState("C")
    whereabouts = []
    for event in stored(
        engine, (1, "submitted", {}),
        (2, "transferred", {"county": "530103", "department": "health", "township": "530103004"}),
        (3, "returned", {}), (4, "dispatched", {}), (5, "returned", {}), (6, "returned", {}),
    ):  # fmt: skip
        engine.add(state, event, instant(20))
        whereabouts.append((state.county, state.department, state.township))
    here, there = ("530102", "water", "530102001"), ("530103", "health", "530103004")
    assert whereabouts == [here, there, here, here, here, here]
    last = custody(state.events, engine.rules["water.drinking"], instant(20)).held[-1]
    assert last.holder == COUNTY


def test_a_closed_case_is_with_nobody_until_it_is_reopened(engine: Engine) -> None:
    found = walked(
        engine, (1, "submitted", {}), (2, "dispatched", {}), (5, "resolved", {}),
        (6, "returned", {}), (9, "reopened", {}),
    )  # fmt: skip
    assert path(found) == [(COUNTY, 1, 2), (TOWNSHIP, 2, 5), (COUNTY, 9, None)]
    assert found.bounces == []


def test_what_comes_after_the_instant_is_not_looked_at(engine: Engine) -> None:
    found = walked(
        engine, (1, "submitted", {}), (2, "accepted", {}), (5, "dispatched", {}), as_of=4
    )
    assert path(found) == [(COUNTY, 1, None)]


def test_no_hand_over_moves_a_clock_of_the_citizen(engine: Engine) -> None:
    def due(*steps: tuple[int, str, dict[str, Any]]) -> set[tuple[str, int | None]]:
        state = CaseState("C")
        for event in stored(engine, *steps):
            engine.add(state, event, instant(20))
        return {(verdict.clock, verdict.due_at) for verdict in verdicts(state, instant(20))}

    handed_about = [
        (1, "submitted", {}), (2, "transferred", {"county": "530103"}), (3, "returned", {}),
        (4, "transferred", {"department": "health"}), (5, "returned", {}),
    ]  # fmt: skip
    assert due(*handed_about) == due((1, "submitted", {}))


def test_custody_of_hard_cases_lies_end_to_end_and_adds_up(engine: Engine) -> None:
    as_of = parse_instant("2027-06-01T00:00:00+08:00")
    cases: dict[str, CaseState] = {}
    for line in lines_of(random_log(11, 400)):
        case_id, event = decode(line, engine.rules)
        engine.add(cases.setdefault(case_id, CaseState(case_id)), event, as_of)
    for state in cases.values():
        if state.item is None:
            continue
        found = custody(state.events, engine.rules[state.item], as_of)
        assert len(found.bounces) == state.bounces
        for earlier, later in zip(found.held, found.held[1:], strict=False):
            assert earlier.until is not None
            assert earlier.until <= later.since
            assert earlier.until == later.since or later.by.type == "reopened"
        if found.held:
            # What falls due is addressed to the office that the account says has the case.
            holder = found.held[-1].holder
            assert (state.department, state.county) == (holder.department, holder.county)
            assert state.township == found.township
        is_held = bool(found.held) and found.held[-1].until is None
        assert is_held == (state.submitted_at is not None and state.closed_at is None)
        held_ms = sum((held.until or as_of) - held.since for held in found.held)
        assert held_ms == sum(total.held_ms for total in found.totals)
