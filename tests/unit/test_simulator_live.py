"""The province going on live: paced by the caller, and true to its open cases."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from producers.simulator.live import LiveProvince
from producers.simulator.province import Province, encode_event
from schemas.case_event import CaseEvent, decode
from schemas.catalogue.load import load_catalogue
from schemas.instants import parse_instant

START = dt.date(2026, 3, 2)


def going_on(seconds: int, rate: float = 20.0) -> tuple[Province, list[CaseEvent], int]:
    province = Province(5, START, 60, 2_000)
    now = province.until + 1
    live = LiveProvince(province, now, rate)
    events = [event for second in range(1, seconds + 1) for event in live.due(now + second * 1000)]
    return province, events, now


def test_as_many_events_come_as_the_rate_asks() -> None:
    province = Province(5, START, 30, 300)
    live = LiveProvince(province, province.until, rate=2.5)
    counts = [len(live.due(province.until + second * 1000)) for second in range(1, 9)]
    assert sum(counts) == 20
    assert live.due(province.until + 8_000) == []


def test_after_a_long_silence_the_caller_is_not_flooded() -> None:
    province = Province(5, START, 30, 300)
    live = LiveProvince(province, province.until, rate=2.0)
    assert len(live.due(province.until + 3_600_000)) == 60


def test_events_happen_now_or_had_been_on_their_way() -> None:
    province, events, now = going_on(60)
    instants = [parse_instant(event.occurred_at) for event in events]
    assert all(at <= province.until or now < at <= now + 60_000 for at in instants)
    assert sum(at > now for at in instants) > 0.9 * len(instants)


def test_open_cases_go_on_and_new_ones_are_raised() -> None:
    province, events, _ = going_on(60)
    known = {event.case_id for event in province.by_case()}
    raised = {
        event.case_id
        for event in events
        if event.type == "submitted" and parse_instant(event.occurred_at) > province.until
    }
    assert raised
    assert raised.isdisjoint(known)
    assert {event.case_id for event in events} & known


def test_each_case_goes_on_as_it_was_to_go_on_when_the_history_ended() -> None:
    province, events, now = going_on(120)
    coming = {
        (arrival.event.case_id, arrival.event.event_id): arrival.event.type
        for case in province.unfinished()
        for arrival in case
        if arrival.occurred_at > province.until
    }
    followed = defaultdict(list)
    for event in events:
        original = event.event_id.rpartition("-L")[0]
        if (event.case_id, original) in coming:
            assert event.type == coming[event.case_id, original]
            followed[event.case_id].append((original, parse_instant(event.occurred_at)))
    assert len(followed) > 100
    for steps in followed.values():
        # Numbers of events are in the order of the case's life.
        assert steps == sorted(steps)
        instants = [at for _, at in steps]
        assert now < instants[0]
        assert instants == sorted(set(instants))


def test_every_live_event_is_accepted_and_has_an_id_of_its_own() -> None:
    items = load_catalogue().versions
    _, events, _ = going_on(60)
    ids = [(decode(encode_event(event), items)[0], event.event_id) for event in events]
    originals = [pair for pair in ids if "-L" in pair[1]]
    assert len(set(originals)) == len(originals)
