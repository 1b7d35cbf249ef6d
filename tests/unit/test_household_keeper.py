"""The keeper of a partition of households: loads, restores, duplicates, new monitoring data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas import bulk_load, case_state, household
from schemas.bulk_load import LoadBracket
from schemas.case_event import Heading, StoredEvent
from schemas.case_state import CaseState
from schemas.household import HouseholdSummary
from schemas.instants import DAY_MS
from schemas.monitoring.load import load_monitoring
from streams.agents.household_keeper import HouseholdEffects, HouseholdKeeper
from streams.agents.household_rekey import Rekeyer
from streams.core.household import folded_by
from tests.household_builders import encoded, ms, says, signal_record

DATA = load_monitoring()
NOW = ms("2026-03-10")


@dataclass
class Sent:
    """A record as the transport delivers it."""

    value: bytes | None
    key: bytes | None = None
    offset: int = 0
    headers: Iterable[tuple[str, bytes]] = field(default_factory=list)
    timestamp: int = NOW


def keeper() -> HouseholdKeeper:
    return HouseholdKeeper(DATA, 0, 1)


def signal(number: int, name: str = "H1", load: str | None = None, **fields: Any) -> Sent:
    record = signal_record(f"s{number}", name, "2026-03-02 09:00", **fields)
    headers = [(bulk_load.LOAD_HEADER, load.encode())] if load else []
    return Sent(encoded(record), name.encode(), number, headers)


def bracket(kind: Any, load: str) -> Sent:
    return Sent(
        bulk_load.encode(LoadBracket(type=kind, load=load, at="2026-03-10T00:00:00Z")), b"x"
    )


def restored(
    effects: HouseholdEffects, data: Any = DATA
) -> tuple[HouseholdKeeper, HouseholdEffects]:
    other = HouseholdKeeper(data, 0, 1)
    return other, other.restore(effects.states, 0.0)


def test_a_signal_that_comes_again_writes_nothing() -> None:
    kept = keeper()
    first = kept.apply_signals([signal(1)], 0.0)
    assert (len(first.leads), len(first.states)) == (1, 1)
    assert not kept.apply_signals([signal(1), signal(1)], 0.0)


def test_a_household_is_folded_once_for_all_that_a_batch_says_of_it() -> None:
    effects = keeper().apply_signals([signal(number) for number in range(5)], 0.0)
    assert (len(effects.leads), len(effects.states)) == (1, 1)


def test_a_load_holds_its_leads_until_it_is_closed() -> None:
    kept = keeper()
    kept.apply_signals([bracket("load-opened", "L")], 0.0)
    held = kept.apply_signals(
        [signal(1, load="L"), signal(2, "H2", load="L"), signal(3, "H3")], 1.0
    )
    assert [lead.case_id for lead in held.leads] == [
        one.case_id
        for one in kept.peek("H3").published  # type: ignore[union-attr]
    ]
    closed = kept.apply_signals([bracket("load-closed", "L")], 2.0)
    assert (len(closed.of_loads["L"]), closed.leads) == (2, [])
    assert not len(kept.loads)
    assert not any(state.loads for state in kept.households())


def test_a_load_that_fell_silent_is_closed_and_its_leads_go_out() -> None:
    kept = keeper()
    kept.apply_signals([signal(1, load="L")], 10.0)
    assert not kept.close_silent_loads(10.0)
    assert len(kept.close_silent_loads(10.1).of_loads["L"]) == 1


def test_a_restart_in_the_middle_of_a_load_forgets_none_of_its_leads() -> None:
    kept = keeper()
    held = kept.apply_signals([signal(1, load="L")], 0.0)
    other, effects = restored(held)
    assert not effects
    closed = other.apply_signals([bracket("load-closed", "L")], 1.0)
    assert len(closed.of_loads["L"]) == 1


def test_new_monitoring_data_folds_what_was_kept_again() -> None:
    held = keeper().apply_signals([signal(1, value=3.0)], 0.0)
    assert not held.leads
    lower = DATA.thresholds[0].by_region["default"] | {}  # type: ignore[operator]
    lower["dropout"] = dataclasses.replace(lower["dropout"], value=3.0)
    version = dataclasses.replace(DATA.thresholds[0], by_region={"default": lower})
    data = dataclasses.replace(DATA, thresholds=(version,))
    _, effects = restored(held, data)
    assert (len(effects.leads), len(effects.states)) == (1, 1)
    assert household.decode(effects.states[0][1]).folded_by == folded_by(data)


def test_states_that_an_older_fold_made_are_folded_again() -> None:
    held = keeper().apply_signals([signal(1)], 0.0)
    state = household.decode(held.states[0][1])
    state.folded_by, state.summary = DATA.version, HouseholdSummary()
    held.states = [(state.household, household.encode(state))]
    _, effects = restored(held, DATA)
    again = household.decode(effects.states[0][1])
    assert (again.folded_by, again.summary.signals) == (folded_by(DATA), 1)


def test_a_newer_state_has_a_larger_change_and_a_rebuilt_one_a_larger_generation() -> None:
    kept = keeper()
    first = household.decode(kept.apply_signals([signal(1)], 0.0).states[0][1])
    event = Sent(household.encode_event(says("W1", "2026-03-05")))
    second = household.decode(kept.apply_events([event]).states[0][1])
    assert (first.generation, first.change) < (second.generation, second.change)
    rebuilt = HouseholdKeeper(DATA, 0, 1, generation=2)
    third = household.decode(rebuilt.apply_signals([signal(1)], 0.0).states[0][1])
    assert (second.generation, second.change) < (third.generation, third.change)


def test_what_cases_say_again_or_too_late_writes_nothing() -> None:
    kept = keeper()
    newest = Sent(household.encode_event(says("W1", "2026-03-05", version=2)))
    older = Sent(household.encode_event(says("W1", "2026-03-05", version=1)))
    assert kept.apply_events([newest]).states
    assert not kept.apply_events([newest, older, Sent(None)])


def case_sent(**fields: Any) -> Sent:
    given: dict[str, Any] = {
        "generation": 1, "change": 1, "item": "water.drinking", "county": "530102",
        "raised_by": "self", "channel": "app", "household": "H1", "submitted_at": NOW - DAY_MS,
    } | fields  # fmt: skip
    state = CaseState("W1", **given)
    return Sent(case_state.encode(state), b"W1")


def test_a_case_is_keyed_again_only_when_it_says_something_new() -> None:
    rekeyer = Rekeyer()
    (said,) = rekeyer.events([case_sent(change=1), case_sent(change=2)])
    assert (said.household, said.case_id, said.version) == ("H1", "W1", 2**40 + 2)
    assert rekeyer.events([case_sent(change=3, bounces=1)]) == []
    (closed,) = rekeyer.events([case_sent(change=4, closed_at=NOW, outcome="resolved")])
    assert closed.outcome == "resolved"
    rekeyer.forget()
    assert len(rekeyer.events([case_sent(change=5, closed_at=NOW, outcome="resolved")])) == 1


def test_a_case_without_a_household_or_not_yet_submitted_says_nothing() -> None:
    rekeyer = Rekeyer()
    assert rekeyer.events([case_sent(household=None)]) == []
    assert rekeyer.events([case_sent(submitted_at=None)]) == []


def submission(event_id: str, household_: str, days_ago: int) -> StoredEvent:
    return StoredEvent(
        NOW - days_ago * DAY_MS, event_id, "submitted", heading=Heading(household=household_)
    )


def kept_with(events: Iterable[household.HouseholdEvent], name: str) -> HouseholdKeeper:
    kept = keeper()
    kept.apply_events(
        [Sent(household.encode_event(each)) for each in events if each.household == name]
    )
    return kept


def test_a_case_that_turns_out_to_be_another_households_leaves_the_first_one() -> None:
    late = [submission("e2", "H2", 3), submission("e1", "H1", 2)]
    before, after = case_sent(change=1), case_sent(change=2, household="H2")
    told = case_sent(change=2, household="H2", events=late)
    remembering, restarted = Rekeyer(), Rekeyer()
    # A record replaced by one of the same id, and a submission that came late, after a restart.
    for said in (
        [*remembering.events([before]), *remembering.events([after])],
        [*Rekeyer().events([before]), *restarted.events([told])],
    ):
        for name, cases in (("H1", 0), ("H2", 1)):
            kept = kept_with(said, name)
            state = kept.peek(name)
            assert state is not None
            assert (state.summary.requests, state.summary.open_cases) == (cases, cases)
        # What was said first may come again after a rebalance.
        again = kept_with([*said, said[0]], "H1").peek("H1")
        assert again is not None
        assert again.summary.requests == 0


def test_a_household_that_never_had_a_case_hears_nothing_of_its_going() -> None:
    late = [submission("e1", "H1", 3), submission("e2", "H2", 2)]
    said = Rekeyer().events([case_sent(events=late)])
    assert [(each.household, each.gone) for each in said] == [("H2", True), ("H1", False)]
    assert not len(kept_with(said, "H2"))
