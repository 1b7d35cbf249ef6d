"""The keeper of one partition: what a batch and a sweep lead to, without a broker."""

from __future__ import annotations

import pytest

from schemas import bulk_load, case_state
from schemas.bulk_load import LoadBracket
from schemas.case_state import CaseState
from schemas.escalation import Escalation
from streams.agents.keeper import Effects
from streams.state.partition import PartitionState
from tests.builders import Delivered, Partition, at, delivered, engine, event

MORNING = "2026-03-02 09:00"  # a Monday


def fired(effects: Effects) -> list[tuple[str, str, str, int, str]]:
    return [
        (one.clock, one.level, one.state.value, one.revision, one.cause.value)
        for one in effects.escalations
    ]


def bracket(kind: str, load: str, closed_at: str = MORNING) -> Delivered:
    raw = bulk_load.encode(LoadBracket(type=kind, load=load, at="2026-03-02T09:00:00+08:00"))
    return delivered(raw, timestamp=at(closed_at))


def reasons(effects: Effects) -> list[str]:
    return [letter.fault.reason.value for letter in effects.dead_letters]


def test_a_breach_fires_in_total_silence_and_only_after_its_instant() -> None:
    partition = Partition()
    partition.push(MORNING, delivered(event("A", "1", "submitted", MORNING)))
    assert fired(partition.sweep("2026-03-03 05:00:00.000")) == []
    assert fired(partition.sweep("2026-03-03 05:00:00.001")) == [
        ("accept", "yellow", "fired", 1, "reached"),
        ("dispatch", "yellow", "fired", 1, "reached"),
    ]
    assert fired(partition.sweep("2026-03-03 08:59:59.999")) == []
    assert fired(partition.sweep("2026-03-03 09:00:00.000")) == []
    assert fired(partition.sweep("2026-03-03 09:00:00.001")) == [
        ("accept", "red", "fired", 1, "reached"),
        ("dispatch", "red", "fired", 1, "reached"),
    ]
    assert fired(partition.sweep("2026-03-03 09:00:00.002")) == []


def test_applying_fires_nothing_so_a_backlog_cannot_fire_before_its_stop_is_read() -> None:
    partition = Partition()
    effects = partition.push(
        "2026-06-01 09:00",
        delivered(event("A", "1", "submitted", MORNING)),
        delivered(event("A", "2", "rejected", "2026-03-02 10:00", attributes={"reason": "no"})),
    )
    assert fired(effects) == []
    assert fired(partition.sweep("2026-06-01 09:00")) == []


def test_an_event_that_arrives_after_its_breach_withdraws_it_as_mistaken() -> None:
    partition = Partition()
    partition.push(MORNING, delivered(event("A", "1", "submitted", MORNING)))
    partition.sweep("2026-03-03 10:00")
    partition.push("2026-03-03 11:00", delivered(event("A", "2", "accepted", "2026-03-02 12:00")))
    assert fired(partition.sweep("2026-03-03 11:00")) == [
        ("accept", "yellow", "withdrawn", 2, "mistaken"),
        ("accept", "red", "withdrawn", 2, "mistaken"),
    ]


def test_an_extension_supersedes_a_warning_which_fires_again_under_its_id() -> None:
    partition = Partition()
    submitted = event("A", "1", "submitted", MORNING, item="civil.minimum-living")
    partition.push(MORNING, delivered(submitted), delivered(event("A", "2", "accepted", MORNING)))
    # 30 working days after 2 March end on 14 April (Qingming on the 6th is a holiday).
    warned = partition.sweep("2026-04-14 12:00").escalations
    warning = next(one for one in warned if one.clock == "decide")
    extended = event("A", "3", "extended", "2026-04-14 13:00")
    extended["attributes"] = {"clock": "decide", "by": "15wd"}
    partition.push("2026-04-14 13:00", delivered(extended))
    superseded = [
        one for one in partition.sweep("2026-04-14 13:00").escalations if one.clock == "decide"
    ]
    assert fired(Effects(escalations=superseded)) == [
        ("decide", "yellow", "withdrawn", 2, "superseded")
    ]
    again = [one for one in partition.sweep("2026-06-30 12:00").escalations
             if one.clock == "decide" and one.level == "yellow"]  # fmt: skip
    assert [(one.escalation_id, one.revision, one.cause) for one in again] == [
        (warning.escalation_id, 3, "reinstated")
    ]


def test_a_load_is_judged_once_when_it_closes_and_what_is_past_due_is_known_late() -> None:
    partition = Partition()
    partition.push("2026-03-10 09:00", bracket("load-opened", "history"))
    partition.push(
        "2026-03-10 09:00", delivered(event("A", "1", "submitted", MORNING), load="history")
    )
    assert fired(partition.sweep("2026-03-10 09:00")) == []
    partition.push(
        "2026-03-10 09:01",
        delivered(event("A", "2", "accepted", "2026-03-02 10:00"), load="history"),
        bracket("load-closed", "history", "2026-03-10 09:01"),
    )
    effects = partition.sweep("2026-03-10 09:01")
    assert {one.clock for one in effects.escalations} == {"dispatch"}
    assert all(one.known_late and one.revision == 1 for one in effects.escalations)
    later = partition.sweep("2026-03-20 09:00").escalations
    assert later
    assert not any(one.known_late for one in later)


def test_a_case_that_two_loads_touch_is_judged_when_the_last_one_closes() -> None:
    partition = Partition()
    partition.push(
        "2026-03-10 09:00",
        delivered(event("A", "1", "submitted", MORNING), load="one"),
        delivered(event("A", "2", "accepted", "2026-03-02 10:00"), load="two"),
        bracket("load-closed", "one"),
    )
    assert fired(partition.sweep("2026-03-10 09:00")) == []
    partition.push("2026-03-10 09:01", bracket("load-closed", "two"))
    assert fired(partition.sweep("2026-03-10 09:01")) != []


def test_a_load_that_falls_silent_can_be_closed() -> None:
    partition = Partition()
    partition.push(
        "2026-03-10 09:00",
        delivered(event("A", "1", "submitted", MORNING), load="history"),
        seen_s=100.0,
    )
    assert partition.state.loads.silent_since(100.0) == []
    assert partition.state.loads.silent_since(100.1) == ["history"]
    partition.keeper.close_load("history", at("2026-03-10 09:00"))
    assert fired(partition.sweep("2026-03-10 09:00")) != []


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"{", "not-json"),
        (b"[]", "not-an-object"),
        (None, "not-json"),
        (event("A", "1", "submitted", MORNING, county="110101"), "wrong-value"),
        (event("A", "1", "submitted", MORNING, item="water.wine"), "unknown-item"),
        (event("A", "1", "submitted", MORNING, item=None), "missing-field"),
        (event("A", "1", "submitted", MORNING, household="13800138000"), "personal-data"),
        (event("A", "1", "submitted", "2026-03-03 09:00:00.001"), "too-far-ahead"),
        (event("A", "1", "submitted", MORNING, schema_version="2"), "unknown-schema-version"),
    ],
)
def test_a_bad_record_is_set_aside_with_its_reason_and_its_neighbours_go_on(
    record: dict[str, object] | bytes | None, reason: str
) -> None:
    partition = Partition()
    bad = delivered(b"") if record is None else delivered(record)
    bad.value = None if record is None else bad.value
    effects = partition.push(
        MORNING, delivered(event("B", "1", "submitted", MORNING)), bad,
        delivered(event("C", "1", "submitted", MORNING)),
    )  # fmt: skip
    assert reasons(effects) == [reason]
    assert effects.dead_letters[0].value == bad.value
    assert effects.dead_letters[0].offset == 1
    assert [case_id for case_id, _ in effects.states] == ["B", "C"]
    assert partition.state.next_offset == 3


def test_no_dead_letter_quotes_personal_data() -> None:
    partition = Partition()
    letter = partition.push(
        MORNING, delivered(event("A", "1", "note", MORNING, attributes={"tel": "13800138000"}))
    ).dead_letters[0]
    assert "13800138000" not in letter.fault.detail
    assert "13800138000" not in str(letter.fault)


def test_a_record_whose_key_is_not_its_case_is_set_aside() -> None:
    wrong = delivered(event("A", "1", "submitted", MORNING), key=b"B")
    assert reasons(Partition().push(MORNING, wrong)) == ["wrong-key"]


def test_a_record_with_another_key_is_set_aside_also_when_its_case_is_known() -> None:
    partition = Partition()
    partition.push(MORNING, delivered(event("A", "1", "submitted", MORNING)))
    wrong = delivered(event("A", "2", "accepted", MORNING), key=b"B")
    assert reasons(partition.push(MORNING, wrong)) == ["wrong-key"]
    right = delivered(event("A", "3", "accepted", MORNING))
    effects = partition.push(MORNING, delivered(event("A", "2", "note", MORNING), key=b"B"), right)
    assert reasons(effects) == ["wrong-key"]
    assert [one.event_id for one in partition.state.touch("A").events] == ["1", "3"]


def test_a_load_closes_at_its_place_among_the_records_of_a_batch() -> None:
    def course(close: Delivered) -> list[Delivered]:
        return [
            delivered(event("B", "1", "submitted", MORNING), load="one"),
            delivered(event("A", "1", "submitted", MORNING), load="one"),
            close,
            # Its load is closed: what comes now with the same header is held by nothing.
            delivered(event("A", "2", "note", "2026-03-02 10:00"), load="one"),
            delivered(event("C", "1", "submitted", MORNING), load="one"),
        ]

    plain = bracket("load-closed", "one", "2026-03-03 12:00")
    escaped = bracket("load-closed", "one", "2026-03-03 12:00")
    escaped.value = (escaped.value or b"").replace(b"load-closed", b"l\\u006fad\\u002dclosed")
    for close in (plain, escaped):
        partition = Partition()
        partition.push("2026-03-03 12:00", *course(close))
        known_late = {
            (one.case_id, one.known_late) for one in partition.sweep("2026-03-03 12:00").escalations
        }
        assert known_late == {("A", True), ("B", True), ("C", False)}


def test_a_record_on_the_wrong_partition_is_set_aside() -> None:
    partition = Partition()
    partition.keeper.partitions = 64
    letters = [
        reasons(partition.push(MORNING, delivered(event(f"A{n}", "1", "submitted", MORNING))))
        for n in range(40)
    ]
    assert letters.count(["wrong-partition"]) > 30


def test_an_event_type_that_the_item_does_not_have_goes_to_the_dead_letters() -> None:
    partition = Partition()
    effects = partition.push(
        MORNING,
        delivered(event("A", "1", "submitted", MORNING)),
        delivered(event("A", "2", "recommended", MORNING)),
    )
    assert reasons(effects) == ["unknown-type"]


def test_events_before_the_item_is_known_are_held_and_the_unknown_ones_set_aside_then() -> None:
    partition = Partition()
    early = delivered(event("A", "2", "recommended", "2026-03-02 10:00"))
    effects = partition.push(
        MORNING.replace("09", "11"),
        early,
        delivered(event("A", "3", "accepted", "2026-03-02 10:30")),
    )
    assert reasons(effects) == []
    effects = partition.push("2026-03-02 12:00", delivered(event("A", "1", "submitted", MORNING)))
    assert reasons(effects) == ["unknown-type"]
    assert effects.dead_letters[0].value == early.value
    state = case_state.decode(effects.states[0][1])
    assert [cycle.clock for cycle in state.ended] == ["accept"]


def test_an_event_ahead_of_now_takes_effect_when_its_time_comes() -> None:
    partition = Partition()
    partition.push(
        MORNING,
        delivered(event("A", "1", "submitted", MORNING)),
        delivered(event("A", "2", "accepted", "2026-03-02 20:00")),
    )
    state = partition.state.peek("A")
    assert state is not None
    assert [cycle.clock for cycle in state.live] == ["accept", "dispatch", "overall"]
    partition.sweep("2026-03-02 20:00:00.001")
    state = partition.state.peek("A")
    assert state is not None
    assert [cycle.clock for cycle in state.live] == ["dispatch", "overall"]


def test_a_duplicate_changes_nothing_but_the_offset() -> None:
    partition = Partition()
    submitted = event("A", "1", "submitted", MORNING)
    partition.push(MORNING, delivered(submitted))
    before = partition.state.peek("A")
    partition.push(MORNING, delivered(submitted))
    after = partition.state.peek("A")
    assert before is not None
    assert after is not None
    assert (after.events, after.live, after.ended) == (before.events, before.live, before.ended)
    assert partition.state.next_offset == 2


def test_a_sweep_is_capped_and_the_rest_comes_in_the_next_one() -> None:
    partition = Partition()
    many = [delivered(event(f"A{n}", "1", "submitted", MORNING)) for n in range(30)]
    partition.push(MORNING, *many)
    now = "2026-03-03 09:00:00.001"
    assert len(partition.sweep(now, 10).states) == 10
    assert partition.keeper.has_work(at(now))
    fired_in_all = 10
    while partition.keeper.has_work(at(now)):
        fired_in_all += len(partition.sweep(now, 10).states)
    assert fired_in_all == 30


def test_a_deadline_that_moved_is_validated_and_does_not_fire_early() -> None:
    partition = Partition()
    submitted = event("A", "1", "submitted", MORNING, item="civil.temporary-aid")
    partition.push(
        MORNING,
        delivered(submitted),
        delivered(event("A", "2", "accepted", MORNING)),
        delivered(event("A", "3", "supplement_requested", "2026-03-03 09:00")),
    )
    clocks = {one.clock for one in partition.sweep("2026-05-01 00:00:00.001").escalations}
    assert clocks == {"overall"}


def restored(states: list[tuple[str, bytes]], published: dict | None = None) -> Partition:
    state = PartitionState(0, engine().rules)
    for case_id, packed in states:
        state.restore(case_id, packed)
    state.settle({}, engine().version, 0.0)
    return Partition(state)


def test_a_restored_partition_goes_on_as_the_one_that_crashed() -> None:
    records = [event("A", "1", "submitted", MORNING), event("B", "1", "submitted", MORNING)]
    first = Partition()
    states = first.push(MORNING, *map(delivered, records)).states
    other = restored(states)
    now = "2026-03-20 00:00"
    assert fired(other.sweep(now)) == fired(first.sweep(now))
    assert sorted(other.state.counts.take_changed()) == sorted(first.state.counts.take_changed())


def test_a_crash_between_escalations_and_states_repeats_ids_and_revisions() -> None:
    first = Partition()
    states = first.push(MORNING, delivered(event("A", "1", "submitted", MORNING))).states
    once = first.sweep("2026-03-03 10:00").escalations
    again = restored(states).sweep("2026-03-03 10:00").escalations
    identity = [(one.escalation_id, one.revision) for one in once]
    assert identity == [(one.escalation_id, one.revision) for one in again]


def test_a_crash_between_an_event_and_its_judgement_still_withdraws() -> None:
    first = Partition()
    first.push(MORNING, delivered(event("A", "1", "submitted", MORNING)))
    first.sweep("2026-03-03 10:00")
    states = first.push(
        "2026-03-03 11:00", delivered(event("A", "2", "accepted", "2026-03-02 12:00"))
    ).states
    withdrawn = restored(states).sweep("2026-03-03 11:00").escalations
    assert {one.state.value for one in withdrawn} == {"withdrawn"}


def test_a_rebuild_publishes_only_what_differs_from_what_was_published() -> None:
    records = [event("A", "1", "submitted", MORNING), event("B", "1", "submitted", MORNING)]
    first = Partition()
    first.push(MORNING, *map(delivered, records))
    first.sweep("2026-03-03 10:00")
    seen = first.state.peek("A"), first.state.peek("B")
    state = PartitionState(0, engine().rules, generation=2)
    state.note_published({one.case_id: one.fired for one in seen if one is not None})
    rebuilt = Partition(state)
    late = event("B", "2", "accepted", "2026-03-02 12:00")
    rebuilt.push("2026-03-03 11:00", *map(delivered, [*records, late]))
    effects = rebuilt.sweep("2026-03-03 11:00")
    assert {(one.case_id, one.clock, one.revision) for one in effects.escalations} == {
        ("B", "accept", 2)
    }
    packed = dict(effects.states)["B"]
    assert (case_state.decode(packed).generation, case_state.decode(packed).change > 0) == (2, True)


def test_counts_are_absolute_and_follow_a_case_through_its_life() -> None:
    partition = Partition()
    partition.push(MORNING, delivered(event("A", "1", "submitted", MORNING)))
    before = dict(partition.state.counts.take_changed())
    assert {group[0]: count for group, count in before.items()} == {"received": 1, "open": 1}
    withdrawn = event("A", "2", "withdrawn", "2026-03-02 10:00")
    partition.push("2026-03-02 10:00", delivered(withdrawn))
    after = dict(partition.state.counts.take_changed())
    assert {group[0]: count for group, count in after.items()} == {"open": 0, "closed": 1}


def test_the_reason_of_an_escalation_says_item_clock_limit_and_due_in_both_languages() -> None:
    partition = Partition()
    partition.push(MORNING, delivered(event("A", "1", "submitted", MORNING)))
    red: Escalation = next(
        one for one in partition.sweep("2026-03-03 10:00").escalations if one.level == "red"
    )
    assert "2026年3月3日09:00" in red.reason.zh
    assert "24小时" in red.reason.zh
    assert "2026-03-03 09:00" in red.reason.en
    assert (red.limit, red.to, red.county, red.department) == ("24h", "county", "530102", "water")


def test_a_state_of_another_version_of_the_rules_is_folded_again() -> None:
    first = Partition()
    packed = first.push(MORNING, delivered(event("A", "1", "submitted", MORNING))).states[0][1]
    old: CaseState = case_state.decode(packed)
    old.judged_by, old.live = "older", []
    other = restored([("A", case_state.encode(old))])
    other.sweep(MORNING)
    state = other.state.peek("A")
    assert state is not None
    assert len(state.live) == 3


def test_a_breach_of_a_clock_that_ended_within_one_batch_still_fires() -> None:
    partition = Partition()
    partition.push(
        "2026-03-10 09:00",
        delivered(event("A", "1", "submitted", MORNING)),
        delivered(event("A", "2", "resolved", "2026-03-09 09:00")),
    )
    levels = {(one.clock, one.level) for one in partition.sweep("2026-03-10 09:00").escalations}
    assert ("accept", "red") in levels


def test_a_crash_between_the_close_of_a_load_and_its_judgement_forgets_nothing() -> None:
    first = Partition()
    states = first.push(
        "2026-03-10 09:00",
        delivered(event("A", "1", "submitted", MORNING), load="history"),
        delivered(event("A", "2", "resolved", "2026-03-09 09:00"), load="history"),
        bracket("load-closed", "history"),
    ).states
    expected = fired(first.sweep("2026-03-10 09:00"))
    assert expected
    assert fired(restored(states).sweep("2026-03-10 09:00")) == expected


@pytest.mark.parametrize("kind", ["recommended", "note"])
def test_integers_of_any_size_are_kept_and_counted(kind: str) -> None:
    huge = 10**25
    partition = Partition()
    odd = event("A", "2", kind, MORNING, sequence=huge)
    odd["attributes"] = {"offers": huge, "list": [{"deep": -huge}]}
    partition.push(MORNING, delivered(event("A", "1", "submitted", MORNING, item="employment.job")))
    effects = partition.push(MORNING, delivered(odd))
    assert effects.dead_letters == []
    state = case_state.decode(effects.states[0][1])
    assert [one.event_id for one in state.events] == ["1", "2"]
    broken = {violation.rule for violation in state.violations}
    assert broken == ({"offers", "offers-per-round"} if kind == "recommended" else set())
    again = partition.push(MORNING, delivered(event("A", "3", kind, MORNING)))
    assert again.dead_letters == []
