"""Supervisions: asked, answered, closed, repeated; who is late, and who is only listed."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from schemas.action import Action, ActionType, Channel, Side
from schemas.escalation import Cause, Escalation
from schemas.instants import render_instant
from schemas.routing.load import shipped_routing
from sinks.notify.notice import case_notice, county_notice, order
from sinks.notify.supervision import Ground, State, Supervision, cycle_of, supervisions
from tests.notify_builders import DALI, escalation, ms, revised

ASKED = "2026-03-13 00:00"
NOON = "2026-03-16 12:00"
numbers = itertools.count()


def asked(case: str = "C1", **changes: Any) -> Escalation:
    return escalation(case, "supervise", at=ASKED, **changes)


def done(
    kind: ActionType, on: Escalation, at: str, side: Side = Side.COUNTY, note: str | None = None
) -> Action:
    return Action(
        action_id=f"a{next(numbers)}", type=kind, case_id=on.case_id, level=on.level,
        escalation_id=on.escalation_id, at=render_instant(ms(at)), by="water desk", side=side,
        channel=Channel.COMMAND, note=note,
    )  # fmt: skip


def at(instant: str, *records: Escalation | Action) -> list[Supervision]:
    return supervisions(
        [each for each in records if isinstance(each, Escalation)],
        [each for each in records if isinstance(each, Action)],
        ms(instant),
    )


def test_a_supervision_ages_from_its_asking_until_it_is_closed() -> None:
    one = asked()
    assert at("2026-03-12 23:59", one) == []
    assert [each.age_days for each in at("2026-03-16 12:00", one)] == [3]
    closed = at("2026-03-30 12:00", one, done(ActionType.CLOSED, one, "2026-03-17 00:00",
                                              Side.PROVINCE))[0]  # fmt: skip
    assert (closed.state, closed.age_days, closed.unanswered_for_days) == (State.CLOSED, 4, None)


def test_an_answer_of_the_county_holds_until_it_is_asked_again() -> None:
    one, again = asked(), escalation("C1", "supervise-again", at="2026-03-20 00:00")
    answer = done(ActionType.ANSWERED, one, "2026-03-14 10:00", note="pipe is being laid")
    before = at("2026-03-15 10:00", one, answer)[0]
    assert (before.state, before.answered_ms) == (State.ANSWERED, ms("2026-03-14 10:00"))
    assert before.notes == ((ms("2026-03-14 10:00"), "water desk", "pipe is being laid"),)
    after = at("2026-03-22 10:00", one, answer, again)[0]
    assert (after.state, after.unanswered_for_days) == (State.ASKED, 2)
    assert after.repeated_ms == (ms("2026-03-20 00:00"),)


def test_a_supervision_whose_clock_ended_ages_no_more_and_waits_to_be_closed() -> None:
    one = asked()
    # The case itself may go on, as care does after its contract.
    ends = {cycle_of(one): ms("2026-03-18 00:00")}
    before, after = (
        supervisions([one], [], ms(at_ms), ends)[0]
        for at_ms in ("2026-03-17 12:00", "2026-03-30 12:00")
    )
    assert (before.state, before.age_days, before.resolved_ms) == (State.ASKED, 4, None)
    assert (after.state, after.age_days, after.unanswered_for_days) == (State.RESOLVED, 5, None)


def test_a_case_that_is_reopened_is_asked_about_anew_and_not_for_what_was_done() -> None:
    first, second = asked(), asked(start_event_id="s2", escalation_id="second")
    ends = {cycle_of(first): ms("2026-03-14 00:00")}
    found = supervisions([first, second], [], ms("2026-03-16 00:00"), ends)
    assert {each.escalation.start_event_id: each.state for each in found} == {
        "s1": State.RESOLVED, "s2": State.ASKED
    }  # fmt: skip


def test_the_county_cannot_close_what_the_province_opened() -> None:
    one = asked()
    found = at("2026-03-16 12:00", one, done(ActionType.CLOSED, one, "2026-03-14 10:00"))
    assert found[0].state is State.ASKED


def test_a_late_stage_is_told_from_a_case_whose_stages_are_all_within_their_limits() -> None:
    late = escalation("C1", "red", at="2026-03-04 10:00")
    lawful = asked("C2", item="housing.dilapidated", department="housing")
    warned = escalation("C2", "yellow", at="2026-03-11 10:00", clock="overall")
    found = at("2026-03-16 12:00", asked(), late, lawful, warned)
    assert {each.escalation.case_id: each.ground for each in found} == {
        "C1": Ground.STAGE_LATE, "C2": Ground.WITHIN_LIMITS
    }  # fmt: skip
    assert found[0].late == (late,) or found[1].late == (late,)


def test_a_stage_that_was_mistaken_for_late_is_not_held_against_the_county() -> None:
    late = escalation("C1", "red", at="2026-03-04 10:00")
    found = at("2026-03-16 12:00", asked(), late, revised(late, Cause.MISTAKEN))
    assert found[0].ground is Ground.WITHIN_LIMITS


def test_a_supervision_that_was_mistaken_is_none() -> None:
    one = asked()
    assert at("2026-03-16 12:00", one, revised(one, Cause.MISTAKEN)) == []


def test_neither_order_nor_repeats_of_the_records_matter() -> None:
    one = asked()
    records: list[Escalation | Action] = [
        one, escalation("C1", "red"), escalation("C1", "supervise-again", at="2026-03-20 00:00"),
        done(ActionType.ANSWERED, one, "2026-03-21 10:00", note="n"), asked("C2"),
        done(ActionType.REPEATED, one, "2026-03-22 10:00", Side.PROVINCE),
    ]  # fmt: skip
    expected = at("2026-03-25 00:00", *records)
    for seed in range(20):
        shuffled = records * 2
        random.Random(seed).shuffle(shuffled)
        assert at("2026-03-25 00:00", *shuffled) == expected


def test_a_notice_of_a_case_says_what_is_asked_and_by_what_clause() -> None:
    found = at("2026-03-16 12:00", asked(), escalation("C1", "red", at="2026-03-04 10:00"))[0]
    page = case_notice(found, shipped_routing(), ms("2026-03-16 12:00"))
    for part in ("督 办 单", "昆明市东川区", "C1", "农村饮水安全", "环节逾期（受理）", "3 天",
                 "2026年3月12日（周四）24:00", "算法为本项目假设", "2026年3月16日"):  # fmt: skip
        assert part in page
    assert "不作逾期认定" not in page


def test_a_notice_of_a_county_lists_late_stages_first_and_blames_nobody_else() -> None:
    records = [asked(f"C{n}") for n in range(3)] + [escalation("C2", "red")]
    found = order(at("2026-03-16 12:00", *records))
    page = county_notice(found, shipped_routing(), ms("2026-03-16 12:00"))
    assert page.index("C2") < page.index("C0")
    assert "下列 3 件" in page
    assert page.count("各环节均在规定时限内") == 3  # two rows and the remark
    assert "不作逾期认定" in page


def test_no_case_number_can_become_markup_in_a_notice() -> None:
    found = at("2026-03-16 12:00", asked("<script>x"))[0]
    assert "<script" not in case_notice(found, shipped_routing(), ms("2026-03-16 12:00"))


def test_a_notice_prints_what_was_answered_so_far() -> None:
    one, other = asked(), asked("C2")
    answer = done(ActionType.ANSWERED, one, "2026-03-14 10:00", note="管道已铺设 <3 日内>")
    for found in (at(NOON, one, answer), at(NOON, one, other, answer)):
        text = county_notice(found, shipped_routing(), ms(NOON))
        assert "2026年3月14日（周六）10:00 water desk：管道已铺设 &lt;3 日内&gt;" in text


def test_a_notice_is_for_one_county() -> None:
    both = at("2026-03-16 12:00", asked(), asked("C2", county=DALI))
    with pytest.raises(ValueError, match="one county"):
        county_notice(both, shipped_routing(), ms("2026-03-16 12:00"))
