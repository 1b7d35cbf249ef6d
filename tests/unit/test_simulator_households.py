"""The simulated signals and cases tell one story: leads, directions, lives."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import msgspec
import pytest

from producers.simulator.delivery import NO_DISORDER
from producers.simulator.live import LiveProvince
from producers.simulator.province import Province, encode_event
from schemas.case_event import CaseEvent
from schemas.case_event import decode as decode_event
from schemas.case_state import CaseState
from schemas.household import LEAD_ITEM, HouseholdState, Life
from schemas.monitoring.load import load_monitoring
from schemas.signal import Signal, decode
from streams.core.household import add_case, add_signal, settle
from streams.core.household_facts import household_event
from streams.core.replay import default_engine

DATA = load_monitoring()


@pytest.fixture(scope="module")
def province() -> Province:
    return Province(3, dt.date(2026, 1, 5), 170, 4_000, disorder=NO_DISORDER)


@pytest.fixture(scope="module")
def events(province: Province) -> list[CaseEvent]:
    return list(province.by_case())


@pytest.fixture(scope="module")
def households(province: Province, events: list[CaseEvent]) -> dict[str, HouseholdState]:
    """Every household as the worker would have it in the end."""
    engine, cases = default_engine(), dict[str, CaseState]()
    for event in events:
        case_id, stored = decode_event(encode_event(event), engine.rules)
        state = cases.setdefault(case_id, CaseState(case_id))
        engine.add(state, stored, province.until)
    found: dict[str, HouseholdState] = {}
    for signal in province.signals():
        read = decode(msgspec.json.encode(signal))
        add_signal(found.setdefault(read.household, HouseholdState(read.household)), read.signal)
    for state in cases.values():
        said = household_event(state)
        if said is not None:
            add_case(found.setdefault(said.household, HouseholdState(said.household)), said)
    return found


def test_the_leads_of_the_signals_are_the_leads_of_the_history_to_the_byte(
    events: list[CaseEvent], households: dict[str, HouseholdState]
) -> None:
    of_history = {event.case_id: encode_event(event) for event in events if event.item == LEAD_ITEM}
    of_signals = {
        lead.case_id: lead.record for state in households.values() for lead in settle(state, DATA)
    }
    assert of_signals == of_history
    assert len(of_history) > 200


def test_both_directions_and_every_turn_of_a_life_occur(
    households: dict[str, HouseholdState],
) -> None:
    for state in households.values():
        settle(state, DATA)
    summaries = [state.summary for state in households.values()]
    first = Counter(each.first_direction for each in summaries if each.lead_time_s is not None)
    assert first["government"] > 20
    assert first["people"] > 20
    assert any(each.asked_after_dismissal_at for each in summaries)
    told = Counter(event.life for each in summaries for event in each.life)
    assert set(told) == set(Life)
    assert told[Life.RELAPSED] < told[Life.CLEARED] < told[Life.VERIFIED] < told[Life.FOUND]
    assert any(each.below_threshold for each in summaries)


def test_what_strikes_a_county_is_seen_there_by_its_own_indicator(province: Province) -> None:
    hail = next(
        each for each in province.struck if each.name == "hailstorm" and each.item == LEAD_ITEM
    )
    by_county: dict[str, Counter[str]] = defaultdict(Counter)
    for signal in province.signals():
        by_county[signal.county][signal.indicator] += 1
    for county in hail.counties:
        assert by_county[county]["disaster"] >= 2


def test_live_leads_are_raised_by_their_signals_and_not_by_an_event(province: Province) -> None:
    live = LiveProvince(province, province.until, rate=50.0)
    events: list[CaseEvent] = []
    signals: list[Signal] = []
    for second in range(1, 60):
        now = province.until + second * 1000
        events += live.due(now)
        for signal in live.seen():
            assert decode(msgspec.json.encode(signal)).signal.at <= now
            signals.append(signal)
    assert not [event for event in events if event.item == LEAD_ITEM]
    assert len(signals) > 5
    assert len({signal.signal_id for signal in signals}) == len(signals)
