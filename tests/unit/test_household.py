"""A household: who came first, its life, its leads, whatever order the facts come in."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.case_event import decode, precedence
from schemas.household import (
    HouseholdEvent,
    HouseholdState,
    KnownSignal,
    LaterLead,
    Life,
    Milestone,
    Standing,
)
from schemas.instants import DAY_MS, HOUR_MS
from schemas.lead import lead_case_id
from schemas.monitoring.load import load_monitoring
from streams.core.household import Lead, add_case, add_signal, settle, summary_as_of
from streams.core.risk import index_at, level_of, levels_at, levels_of
from tests.household_builders import lead, ms, says, seen

DATA = load_monitoring()
MARCH = ms("2026-03-01")
Fact = KnownSignal | HouseholdEvent


def after(*facts: Fact) -> HouseholdState:
    state = HouseholdState("H1")
    take(state, *facts)
    return state


def take(state: HouseholdState, *facts: Fact) -> list[Lead]:
    for fact in facts:
        if isinstance(fact, KnownSignal):
            add_signal(state, fact)
        else:
            add_case(state, fact)
    return settle(state, DATA)


def record(made: Lead) -> dict[str, Any]:
    return dict(msgspec.json.decode(made.record))


# Leads


def test_signals_of_one_month_are_one_lead_found_when_the_first_was_seen() -> None:
    state = HouseholdState("H1")
    (made,) = take(state, seen("s1", "2026-03-20"), seen("s2", "2026-03-05", "disaster"))
    assert made.case_id == lead_case_id("H1", MARCH)
    said = record(made)
    assert said["occurred_at"] == "2026-03-05T00:00:00+08:00"
    assert (said["item"], said["raised_by"], said["channel"]) == (
        "monitoring.lead", "government", "inspection",
    )  # fmt: skip
    assert take(state, seen("s3", "2026-03-25", "job-loss")) == []


def test_a_late_signal_seen_earlier_is_the_same_lead_found_earlier() -> None:
    state = HouseholdState("H1")
    (first,) = take(state, seen("s1", "2026-03-20"))
    (again,) = take(state, seen("s2", "2026-03-05"))
    assert again.case_id == first.case_id
    assert record(again)["event_id"] == record(first)["event_id"]
    assert record(again)["occurred_at"] < record(first)["occurred_at"]


def test_another_month_is_another_lead() -> None:
    leads = take(HouseholdState("H1"), seen("s1", "2026-03-31 23:59"), seen("s2", "2026-04-01"))
    assert len({each.case_id for each in leads}) == 2


def test_a_screening_below_its_threshold_makes_no_lead_and_no_risk_and_is_kept() -> None:
    state = HouseholdState("H1")
    assert take(state, seen("s1", "2026-03-05", source="screening", value=5.0)) == []
    summary = state.summary
    assert (summary.signals, summary.below_threshold, summary.drivers) == (0, 1, [])
    assert (summary.first_found_at, summary.first_direction) == (None, "")


def test_who_is_seen_again_after_the_lead_was_dismissed_is_found_again() -> None:
    state = HouseholdState("H1")
    (first,) = take(state, seen("s1", "2026-03-05"))
    dismissed = lead(first.case_id, "2026-03-05", ("2026-03-10", Life.DISMISSED))
    (second,) = take(state, dismissed, seen("s2", "2026-03-20", "disaster"))
    assert second.case_id == lead_case_id("H1", MARCH, 1)
    began = LaterLead(MARCH, ms("2026-03-20"), "s2", second.case_id)
    assert state.summary.later_leads == [began]
    assert take(state, seen("s3", "2026-03-08", "job-loss")) == []


def test_an_unknown_township_is_left_out_of_the_lead() -> None:
    (made,) = take(HouseholdState("H1"), seen("s1", "2026-03-05"))
    assert "township" not in record(made) or record(made)["township"] is None
    (made,) = take(HouseholdState("H1"), seen("s1", "2026-03-05", township="530102001"))
    assert record(made)["township"] == "530102001"


# Direction


@pytest.mark.parametrize(
    ("facts", "direction", "lead_days"),
    [
        ([seen("s1", "2026-03-01"), says("W1", "2026-03-11")], "government", 10),
        ([seen("s1", "2026-03-11"), says("W1", "2026-03-01")], "people", -10),
        ([says("W1", "2026-03-01")], "people", None),
        ([seen("s1", "2026-03-01")], "government", None),
        ([seen("s1", "2026-03-01"), says("W1", "2026-03-01")], "government", 0),
        ([says("W1", "2026-03-01", raised_by="proxy")], "people", None),
        ([says("W1", "2026-03-01", raised_by="government")], "government", None),
        ([lead("L1", "2026-03-01"), says("W1", "2026-03-03")], "government", 2),
        ([], "", None),
    ],
)
def test_the_first_direction_is_who_came_first(
    facts: list[Fact], direction: str, lead_days: int | None
) -> None:
    summary = after(*facts).summary
    assert summary.first_direction == direction
    assert summary.lead_time_s == (None if lead_days is None else lead_days * 86_400)


def test_a_blind_spot_names_the_indicator_that_should_have_seen_it() -> None:
    summary = after(says("W1", "2026-03-01")).summary
    assert (summary.first_request_item, summary.first_request_indicator) == (
        "water.drinking", "water-outage",
    )  # fmt: skip
    assert after(says("W1", "2026-03-01", item="health.appointment")).summary.requests == 1


def test_a_dismissed_household_that_asks_afterwards_is_noticed() -> None:
    dismissed = lead("L1", "2026-03-01", ("2026-03-10", Life.DISMISSED))
    before, later = says("W1", "2026-03-05"), says("W2", "2026-04-01")
    assert after(dismissed, before).summary.asked_after_dismissal_at is None
    summary = after(dismissed, before, later).summary
    assert summary.asked_after_dismissal_at == ms("2026-04-01")
    assert "life:asked-after-dismissal" in {driver.code for driver in summary.drivers}


# Life


@pytest.mark.parametrize(
    ("milestones", "status", "told"),
    [
        ([], "found", "found"),
        ([("03-05", Life.DISMISSED)], "dismissed", "found dismissed"),
        ([("03-05", Life.VERIFIED)], "verified", "found verified"),
        (
            [("03-05", Life.VERIFIED), ("03-09", Life.ASSISTED), ("09-09", Life.CLEARED)],
            "cleared",
            "found verified assisted cleared",
        ),
        (
            [("03-05", Life.VERIFIED), ("09-09", Life.CLEARED), ("10-09", Life.RELAPSED)],
            "relapsed",
            "found verified cleared relapsed",
        ),
        ([("03-05", Life.VERIFIED), ("03-05", Life.ASSISTED)], "assisted",
         "found verified assisted"),
    ],
)  # fmt: skip
def test_the_life_of_a_household_is_told_by_its_lead(
    milestones: list[tuple[str, Life]], status: str, told: str
) -> None:
    dated = [(f"2026-{day}", life) for day, life in milestones]
    summary = after(lead("L1", "2026-03-01", *dated)).summary
    assert summary.status == status
    assert " ".join(event.life for event in summary.life) == told


def test_who_is_confirmed_again_after_a_clearing_has_relapsed() -> None:
    first = lead("L1", "2026-01-01", ("2026-01-05", Life.VERIFIED), ("2026-06-01", Life.CLEARED))
    second = lead("L2", "2026-09-01", ("2026-09-05", Life.VERIFIED))
    summary = after(first, second).summary
    assert [event.life for event in summary.life].count(Life.RELAPSED) == 1
    assert summary.status == Life.VERIFIED


def test_a_second_lead_that_is_dismissed_does_not_end_the_monitoring() -> None:
    first = lead("L1", "2026-01-01", ("2026-01-05", Life.VERIFIED))
    second = lead("L2", "2026-02-01", ("2026-02-05", Life.DISMISSED))
    assert after(first, second).summary.status == Life.VERIFIED


def test_a_newer_word_of_a_case_replaces_all_before() -> None:
    old = says("W1", "2026-03-01", version=1)
    new = says("W1", "2026-03-01", version=2, closed="2026-03-05")
    assert after(old, new).summary == after(new, old).summary == after(new).summary
    assert after(new).summary.open_cases == 0


def test_the_summary_of_the_past_knows_nothing_of_what_came_later() -> None:
    past: list[Fact] = [
        seen("s1", "2026-03-01"),
        lead("L1", "2026-03-01", ("2026-03-05", Life.VERIFIED)),
        says("W1", "2026-03-20"),
    ]
    whole = after(
        past[0],
        lead("L1", "2026-03-01", ("2026-03-05", Life.VERIFIED), ("2026-09-01", Life.CLEARED)),
        says("W1", "2026-03-20", closed="2026-04-10"),
        seen("s2", "2026-05-01", "disaster", kind="sudden"),
    )
    assert summary_as_of(whole, DATA, ms("2026-04-01")) == after(*past).summary


# Order

SIGNALS = st.lists(
    st.builds(
        lambda number, day, hour, indicator, source, value, kind, county: KnownSignal(
            ms("2026-01-01") + day * DAY_MS + hour * HOUR_MS, f"s{number}", source, "health",
            indicator, county, "", kind, value,
        ),
        st.integers(0, 7), st.integers(0, 100), st.sampled_from([0, 9]),
        st.sampled_from(["dropout", "medical-expense", "disaster"]),
        st.sampled_from(["screening", "inspection"]), st.sampled_from([1.0, 50_000.0]),
        st.sampled_from(["none", "unstable", "sudden"]), st.sampled_from(["530102", "533301"]),
    ),
    max_size=7, unique_by=lambda signal: signal.signal_id,
)  # fmt: skip


def case_course(rng: Random, leads: list[str]) -> list[HouseholdEvent]:
    """What cases say in turn: each word adds to the one before."""
    said: list[HouseholdEvent] = []
    for case_id in [*leads, "W1", "W2"]:
        at = ms("2026-01-01") + rng.randrange(100) * DAY_MS
        is_lead = case_id not in ("W1", "W2")
        word = says(case_id, "2026-01-01", 1, raised_by=rng.choice(["self", "proxy"]))
        if is_lead:
            word = lead(case_id, "2026-01-01")
        word = msgspec.structs.replace(word, submitted_at=at)
        said.append(word)
        milestones: list[Milestone] = []
        for life in [Life.DISMISSED] if rng.random() < 0.4 else [Life.VERIFIED, Life.CLEARED]:
            at += rng.randrange(1, 20) * DAY_MS
            milestones.append(Milestone(at, f"{case_id}-{life}", life))
            word = msgspec.structs.replace(
                word, version=word.version + 1, milestones=list(milestones) if is_lead else []
            )
            said.append(word)
        closed = msgspec.structs.replace(
            word, version=word.version + 1, closed_at=at + DAY_MS, outcome="resolved"
        )
        said.append(closed)
    return said


@settings(max_examples=100, deadline=None)
@given(signals=SIGNALS, seed=st.integers(0, 2**32 - 1))
def test_no_order_batch_or_repetition_changes_a_household_or_its_leads(
    signals: list[KnownSignal], seed: int
) -> None:
    rng = Random(seed)
    leads = [lead_case_id("H1", DATA.window_of(signal.at)) for signal in signals[:3]]
    facts: list[Fact] = [*signals, *case_course(rng, sorted(set(leads)))]
    ends = []
    for _ in range(4):
        course = [*facts, *rng.choices(facts, k=rng.randrange(1 + len(facts)))]
        rng.shuffle(course)
        state = HouseholdState("H1")
        published: dict[str, list[bytes]] = {}
        while course:
            size = rng.randrange(1, 6)
            for made in take(state, *course[:size]):
                published.setdefault(made.case_id, []).append(made.record)
            course = course[size:]
        ends.append((msgspec.msgpack.encode(state), earliest(published)))
    assert all(end == ends[0] for end in ends)


@settings(max_examples=100, deadline=None)
@given(signals=SIGNALS, seed=st.integers(0, 2**32 - 1))
def test_the_risk_of_a_past_day_is_what_the_facts_of_that_day_come_to(
    signals: list[KnownSignal], seed: int
) -> None:
    leads = sorted({lead_case_id("H1", DATA.window_of(signal.at)) for signal in signals[:3]})
    state = after(*signals, *case_course(Random(seed), leads))
    for days in range(0, 160, 20):
        as_of = ms("2026-01-01") + days * DAY_MS
        of_then = summary_as_of(state, DATA, as_of)
        summary, index = state.summary, index_at(of_then.drivers, as_of)
        assert index_at(summary.drivers, as_of) == index
        known = [each for each in summary.past if each.at <= as_of]
        assert bool(known) == bool(of_then.past)
        if known:
            assert msgspec.structs.replace(known[-1], at=0) == Standing(
                0, of_then.county, of_then.township, of_then.kind, of_then.category,
                of_then.status, of_then.status_at,
            )  # fmt: skip
            levels = levels_at(levels_of(of_then.county, DATA), as_of)
            for told in (summary.levels, of_then.levels):
                assert level_of(index, levels_at(told, as_of)) == level_of(index, levels)
        first_seen = zip(summary.indicators, summary.indicators_at, strict=True)
        assert [each for each, at in first_seen if at <= as_of] == of_then.indicators


def test_the_levels_of_an_instant_are_those_of_the_county_that_it_was_in_then() -> None:
    summary = after(
        seen("s1", "2026-03-05", county="533301"),
        seen("s2", "2026-05-20", county="530102"),
        seen("s3", "2026-05-20 09:00", county="530103"),
    ).summary

    def watch_from(at: str) -> float:
        return levels_at(summary.levels, ms(at))[1].points_from

    assert [watch_from(at) for at in ("2020-01-01", "2026-05-19 23:59", "2026-05-20")] == [
        15.0, 15.0, 20.0,
    ]  # fmt: skip
    # Between counties of the same levels nothing changes.
    versions = {rules.since for rules in DATA.risk}
    assert {level.since for level in summary.levels} == versions | {ms("2026-05-20")}


def test_where_it_stood_is_told_by_the_instants_at_which_that_changed() -> None:
    summary = after(
        seen("s1", "2026-03-05", county="533301", kind="unstable"),
        seen("s2", "2026-03-08", county="533301", kind="unstable"),
        lead("L1", "2026-03-05", ("2026-03-10", Life.VERIFIED), county="533301"),
        says("W1", "2026-04-01"),
    ).summary
    assert [(each.at, each.county, each.kind, each.status) for each in summary.past] == [
        (ms("2026-03-05"), "533301", "unstable", "found"),
        (ms("2026-03-10"), "533301", "unstable", "verified"),
        (ms("2026-04-01"), "530102", "unstable", "verified"),
    ]


def earliest(published: dict[str, list[bytes]]) -> dict[str, bytes]:
    """What each case goes by in the end, of the records that were published under its id."""

    def as_a_case_does(raw: bytes) -> tuple[tuple[int, str, str, str], bytes]:
        _, event = decode(raw, {"monitoring.lead"})
        return precedence(event, ""), raw

    return {case_id: min(records, key=as_a_case_does) for case_id, records in published.items()}


def test_of_differing_signals_with_one_id_the_same_counts_whichever_came_first() -> None:
    one = seen("s1", "2026-03-05", kind="sudden")
    other = seen("s1", "2026-03-04", "disaster")
    assert msgspec.msgpack.encode(after(one, other)) == msgspec.msgpack.encode(after(other, one))
