"""The simulated province's history: valid, the same for the same seed, and like real life."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import pytest

from producers.simulator.delivery import NO_DISORDER, Disorder
from producers.simulator.province import Province, encode_event
from schemas.case_event import CaseEvent, StoredEvent, decode
from schemas.catalogue.load import load_catalogue
from schemas.instants import DAY_MS, parse_instant, start_of_day
from schemas.regions.load import regions
from schemas.regions.townships import townships

START = dt.date(2026, 3, 2)
DAYS = 90
CASES = 3_000


def province(seed: int = 1, **options: object) -> Province:
    return Province(seed, START, DAYS, CASES, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def history() -> list[CaseEvent]:
    return list(province().by_case())


@pytest.fixture(scope="module")
def cases(history: list[CaseEvent]) -> dict[str, list[CaseEvent]]:
    by_case = defaultdict(list)
    for event in history:
        by_case[event.case_id].append(event)
    return by_case


def item_of(case: list[CaseEvent]) -> str | None:
    return next((event.item for event in case if event.type == "submitted"), None)


def test_every_event_is_one_that_the_case_agent_accepts(history: list[CaseEvent]) -> None:
    items = load_catalogue().versions
    for event in history:
        case_id, stored = decode(encode_event(event), items)
        assert case_id == event.case_id
        assert isinstance(stored, StoredEvent)
        assert stored.whole is None, "the slow path is for unusual producers"


def test_every_type_is_one_that_its_item_has(cases: dict[str, list[CaseEvent]]) -> None:
    catalogue = load_catalogue()
    for case in cases.values():
        if (item := item_of(case)) is not None:
            assert {event.type for event in case} <= catalogue.item(item).types


def test_every_item_of_the_catalogue_and_every_county_occur(history: list[CaseEvent]) -> None:
    submitted = [event for event in history if event.type == "submitted"]
    assert {event.item for event in submitted} == set(load_catalogue().versions)
    assert {event.county for event in submitted} == set(regions().counties)
    assert all(event.township.startswith(event.county) for event in submitted)
    assert {event.township for event in submitted} <= set(townships())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def log(seed: int) -> list[bytes]:
        return [encode_event(event) for event in Province(seed, START, 20, 200).by_case()]

    assert log(1) == log(1)
    assert log(1) != log(2)


def test_both_orders_hold_the_same_events(history: list[CaseEvent]) -> None:
    by_time = [encode_event(event) for event in province().by_time()]
    assert Counter(by_time) == Counter(encode_event(event) for event in history)


def test_in_the_order_of_time_each_case_keeps_its_order_of_arrival(
    cases: dict[str, list[CaseEvent]],
) -> None:
    by_case = defaultdict(list)
    for event in province().by_time():
        by_case[event.case_id].append(event)
    assert by_case == cases


def test_in_the_order_of_time_events_arrive_within_a_minute_of_each_other() -> None:
    newest = 0
    for event in province(disorder=NO_DISORDER).by_time():
        occurred_at = parse_instant(event.occurred_at)
        assert occurred_at > newest - 60_000
        newest = max(newest, occurred_at)


def test_nothing_is_from_after_the_end_and_the_rest_is_kept_for_later() -> None:
    until = start_of_day(20_560) + DAY_MS // 2
    cut = province(until=until)
    assert all(parse_instant(event.occurred_at) <= until for event in cut.by_case())
    unfinished = cut.unfinished()
    assert len(unfinished) > CASES / 50
    assert all(arrival.arrived_at > until for case in unfinished for arrival in case)


def test_most_cases_have_4_to_12_events(cases: dict[str, list[CaseEvent]]) -> None:
    lengths = [len(case) for case in cases.values()]
    assert sum(4 <= length <= 12 for length in lengths) > 0.75 * len(lengths)


def test_real_life_occurs_supplements_bounces_reopenings_and_the_rest(
    history: list[CaseEvent],
) -> None:
    types = {event.type for event in history}
    assert types >= {
        "supplement_requested", "supplement_provided", "suspended", "resumed", "returned",
        "transferred", "extended", "reopened", "withdrawn", "rejected", "note",
    }  # fmt: skip


def test_some_transfers_change_the_county_and_some_the_department(
    history: list[CaseEvent],
) -> None:
    transfers = [event for event in history if event.type == "transferred"]
    assert any(event.county for event in transfers)
    assert any(event.department for event in transfers)
    assert all(event.county or event.department for event in transfers)


def test_events_come_late_twice_and_at_odds_as_often_as_is_asked() -> None:
    disorder = Disorder(late=0.05, repeated=0.1, conflicting=0.01)
    events = list(province(disorder=disorder).by_case())
    copies = Counter(encode_event(event) for event in events)
    per_id = Counter((event.case_id, event.event_id) for event in events)
    repeated = sum(count - 1 for count in copies.values())
    conflicting = len(copies) - len(per_id)
    assert repeated / len(per_id) == pytest.approx(0.1, rel=0.25)
    assert conflicting / len(per_id) == pytest.approx(0.01, rel=0.5)


def test_without_disorder_each_case_is_in_order_and_each_id_comes_once() -> None:
    events = list(province(disorder=NO_DISORDER).by_case())
    assert len({(event.case_id, event.event_id) for event in events}) == len(events)
    ordered = sorted(events, key=lambda event: (event.case_id, parse_instant(event.occurred_at)))
    assert sorted(events, key=lambda event: event.case_id) == ordered


def test_households_are_pseudonyms_and_some_raise_several_cases(
    history: list[CaseEvent],
) -> None:
    households = Counter(event.household for event in history if event.type == "submitted")
    assert all(name.startswith("hh-") for name in households)
    assert max(households.values()) > 2


def test_officials_act_on_working_days_and_citizens_at_any_time(
    history: list[CaseEvent],
) -> None:
    def weekdays(type_: str) -> set[int]:
        instants = (parse_instant(event.occurred_at) for event in history if event.type == type_)
        return {(dt.datetime.fromtimestamp(at / 1000, dt.UTC) + dt.timedelta(hours=8)).weekday()
                for at in instants}  # fmt: skip

    assert weekdays("submitted") == set(range(7))
    # 2026-05-09 is a Saturday that is worked, and no other day off is within the history.
    assert weekdays("approved") <= {0, 1, 2, 3, 4, 5}


def test_a_drought_strikes_one_county_with_cases_of_water(
    cases: dict[str, list[CaseEvent]],
) -> None:
    drought = next(each for each in province().struck if each.name == "drought")
    (county,) = drought.counties
    begins, ends = start_of_day(drought.first_day), start_of_day(drought.last_day + 1)

    def raised(first: int, last: int) -> int:
        return sum(
            event.county == county
            and event.item == "water.drinking"
            and first <= parse_instant(event.occurred_at) < last
            for case in cases.values()
            for event in case[:1]
        )

    assert drought.cases == round(0.006 * CASES)
    assert raised(begins, ends) >= drought.cases * 0.8
    assert raised(begins - 8 * DAY_MS, begins) < drought.cases / 3
