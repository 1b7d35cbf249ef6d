"""The storm guard: one message with a table, not four hundred; history wakes nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.action import ActionType, Side
from schemas.case_state import LIVE, MISSED, CaseState, Cycle, Fired
from schemas.errors import Misconfigured
from schemas.escalation import Cause, Escalation
from schemas.routing.load import SHIPPED, load_routing, shipped_routing
from sinks.notify.acting import Effect
from sinks.notify.attempts import exhaust
from sinks.notify.case_watch import Seen, note, seen_in
from sinks.notify.document import MessageKind
from sinks.notify.gathering import pack
from sinks.notify.intake import Decision
from sinks.notify.outbox import Outbox
from sinks.notify.outcome import Outcome, Verdict, Why
from sinks.notify.rerouting import reroute
from tests.notify_builders import DALI, FIXTURES, escalation, ms, revised, routing_of
from tests.notify_desk import Desk, cases, levels

TEN = "2026-03-02 10:00"
# One robot's room for the whole province.
ONE_DESK = """
allowed_hosts: [127.0.0.1]
endpoints: {room: {kind: wecom, url: "http://127.0.0.1:9/room"}}
groups: {desk: {name: {zh: 值班, en: Desk}, reached_by: room, side: province}}
routes: [{send_to: desk}]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, load_routing(FIXTURES / "rooms"))
    yield made
    made.outbox.close()


def refused(_: object) -> Outcome:
    return Outcome(Verdict.FAILED, Why.REFUSED)


def down(_: object) -> Outcome:
    return Outcome(Verdict.RETRY, Why.SERVER_ERROR, 500, whole_endpoint=True)


def silent(_: object) -> Outcome:
    return Outcome(Verdict.IN_DOUBT, Why.NO_ANSWER, whole_endpoint=True)


def test_the_first_of_a_drought_goes_at_once_and_the_rest_in_one_table(desk: Desk) -> None:
    desk.push(escalation("C0"), at=TEN)
    assert cases(desk.sent(TEN)) == [["C0"]]
    for number in range(1, 400):
        desk.push(escalation(f"C{number}"), at=TEN)
    assert desk.sent("2026-03-02 10:04") == []
    gathered = desk.sent("2026-03-02 10:05")
    assert [letter.kind for letter in gathered] == [MessageKind.DIGEST]
    assert cases(gathered) == [[f"C{number}" for number in range(1, 400)]]
    assert desk.sent("2026-03-02 11:00") == []


def test_what_waits_for_the_morning_is_not_looked_through_all_night(desk: Desk) -> None:
    night, morning = "2026-03-02 23:00", "2026-03-03 10:00"
    history = (escalation(f"C{number}", known_late=True) for number in range(2_000))
    desk.push(*history, at=night)
    thousands_of_steps: list[int] = []
    desk.outbox.rows.set_progress_handler(lambda: thousands_of_steps.append(1), 1_000)
    assert pack(desk.outbox, desk.routing, ms(night)) == 0
    assert len(thousands_of_steps) < 2
    assert sum(map(len, cases(desk.sent(morning)))) == 2_000


def test_two_steps_of_one_case_are_two_messages_and_those_of_a_drought_one_table(
    desk: Desk,
) -> None:
    of = [escalation(f"C{n}", clock=clock) for n in range(30) for clock in ("accept", "dispatch")]
    desk.push(*of[:2], at=TEN)
    assert [letter.kind for letter in desk.sent(TEN)] == [MessageKind.SINGLE] * 2
    desk.push(*of[2:], at=TEN)
    (table,) = desk.sent("2026-03-02 10:05")
    assert (table.kind, len(table.escalations)) == (MessageKind.DIGEST, 58)


def test_another_county_or_level_does_not_wait_for_the_bundle(desk: Desk) -> None:
    desk.push(escalation("C0"), at=TEN)
    desk.sent(TEN)
    desk.push(escalation("C1"), escalation("C2", county=DALI), escalation("C3", "yellow"), at=TEN)
    assert sorted(cases(desk.sent(TEN))) == [["C2"], ["C3"]]


def test_the_same_revision_arriving_again_sends_nothing(desk: Desk) -> None:
    first = escalation()
    assert desk.push(first, at=TEN) == [Decision.SENT_ON]
    desk.sent(TEN)
    assert desk.push(first, first, at=TEN) == [Decision.REPEATED, Decision.REPEATED]
    assert desk.sent("2026-03-02 12:00") == []


def test_over_the_limit_all_that_waits_goes_together_and_a_supervision_at_once(
    tmp_path: Path,
) -> None:
    shipped = (SHIPPED / "rules.yaml").read_text("utf-8")
    rooms = (FIXTURES / "rooms" / "rooms.yaml").read_text("utf-8")
    tight = shipped.replace("at_most_per_hour: 30", "at_most_per_hour: 2")
    desk = Desk(tmp_path, routing_of(tmp_path / "routing", rules=tight, rooms=rooms))
    levels_of_items = [("red", "water.drinking"), ("yellow", "water.drinking"),
                       ("red", "health.appointment"), ("yellow", "health.appointment")]  # fmt: skip
    for number, (level, item) in enumerate(levels_of_items):
        clock = "accept" if item == "water.drinking" else "confirm"
        desk.push(escalation(f"C{number}", level, item=item, clock=clock), at=TEN)
        assert len(desk.sent(TEN)) == (1 if number < 2 else 0)
    desk.push(escalation("C9", "supervise"), at=TEN)
    assert cases(desk.sent(TEN)) == [["C9"]]
    assert desk.sent("2026-03-02 10:59") == []
    together = desk.sent("2026-03-02 11:00")
    assert [letter.kind for letter in together] == [MessageKind.DIGEST]
    assert cases(together) == [["C2", "C3"]]
    desk.outbox.close()


def counties(count: int) -> list[str]:
    return sorted(shipped_routing().regions.counties)[:count]


def test_a_night_of_supervisions_in_a_hundred_counties_is_a_few_tables(tmp_path: Path) -> None:
    desk = Desk(tmp_path, routing_of(tmp_path / "routing", own=ONE_DESK))
    night = "2026-03-03 00:00"
    asked = [escalation(f"C{county}", "supervise", at=night, county=county)
             for county in counties(100)]  # fmt: skip
    desk.push(*asked, at=night)
    assert [len(letter.escalations) for letter in desk.sent(night)] == [100]
    desk.push(escalation("late", "supervise", at=night), at=night)
    assert desk.sent("2026-03-03 00:04") == []
    assert cases(desk.sent("2026-03-03 00:05")) == [["late"]]
    desk.outbox.close()


def test_a_morning_with_more_groups_than_an_hour_may_have_is_one_table(tmp_path: Path) -> None:
    desk = Desk(tmp_path, routing_of(tmp_path / "routing", own=ONE_DESK))
    night = "2026-03-03 00:00"
    desk.push(
        *(escalation(f"C{county}", clock="verify", at=night, county=county)
          for county in counties(40)),
        at=night,
    )  # fmt: skip
    morning = desk.sent("2026-03-03 08:30")
    assert [(letter.kind, len(letter.escalations)) for letter in morning] == [
        (MessageKind.DIGEST, 40)
    ]
    desk.outbox.close()


def test_levels_of_a_case_keep_their_order_although_the_first_was_gathered(desk: Desk) -> None:
    desk.push(escalation("C0", "yellow"), at=TEN)
    desk.sent(TEN)
    desk.push(escalation("C1", "yellow"), at=TEN)
    assert desk.sent(TEN) == []
    desk.push(escalation("C1", "red"), at=TEN)
    assert levels(desk.sent("2026-03-02 10:01")) == ["yellow", "red"]


def test_levels_of_a_case_keep_their_order_although_the_endpoint_fails(desk: Desk) -> None:
    desk.push(escalation("C1", "yellow"), at=TEN)
    assert levels(desk.sent(TEN, down)) == ["yellow"]
    desk.push(escalation("C1", "red"), at=TEN)
    assert desk.sent(TEN) == []
    assert levels(desk.sent("2026-03-02 10:01")) == ["yellow", "red"]


def test_what_fell_due_at_midnight_waits_for_the_morning_and_a_supervision_does_not(
    desk: Desk,
) -> None:
    midnight = "2026-03-03 00:00"
    desk.push(
        escalation("C1", clock="verify", at=midnight),
        escalation("C2", "supervise", at=midnight),
        at=midnight,
    )
    assert cases(desk.sent(midnight)) == [["C2"]]
    assert desk.sent("2026-03-03 08:29") == []
    assert cases(desk.sent("2026-03-03 08:30")) == [["C1"]]


def test_who_is_on_duty_in_the_morning_gets_what_fell_due_at_midnight(tmp_path: Path) -> None:
    desk = Desk(tmp_path, load_routing(FIXTURES / "office"))
    midnight = "2026-03-03 00:00"  # the night's duty is the second's, the day's the first's
    desk.push(escalation("C1", clock="verify", at="2026-03-05 00:00"), at="2026-03-05 00:00")
    assert desk.sent("2026-03-05 08:29", endpoint="post") == []
    letters = desk.sent("2026-03-05 08:30", endpoint="post")
    assert [letter.recipient for letter in letters] == ["person/first"]
    desk.push(escalation("C2", "supervise", at=midnight), at=midnight)
    assert [each.recipient for each in desk.sent(midnight, endpoint="post")] == ["person/second"]
    desk.outbox.close()


def test_history_is_recorded_and_listed_once_the_next_morning(desk: Desk) -> None:
    old = [escalation(f"C{n}", at="2026-02-02 10:00") for n in range(3)]
    late = escalation("C9", known_late=True)
    assert desk.push(*old, late, at=TEN) == [Decision.TOO_OLD] * 3 + [Decision.KNOWN_LATE]
    assert desk.sent("2026-03-03 08:29") == []
    listed = desk.sent("2026-03-03 08:30")
    assert [letter.kind for letter in listed] == [MessageKind.DAILY]
    assert cases(listed) == [["C0", "C1", "C2", "C9"]]
    assert [record.why for record in desk.records()[:4]] == ["too-old"] * 3 + ["known-late"]
    assert {record.outcome for record in desk.records()[:4]} == {"listed"}


def test_a_mistake_is_corrected_with_those_who_had_it_and_never_mentioned_to_others(
    desk: Desk,
) -> None:
    had, waits = escalation("C1"), escalation("C2")
    desk.push(had, at=TEN)
    desk.sent(TEN)
    desk.push(waits, at=TEN)
    decisions = desk.push(
        revised(had, Cause.MISTAKEN), revised(waits, Cause.MISTAKEN), at="2026-03-02 10:02"
    )
    assert decisions == [Decision.CORRECTED, Decision.WITHDRAWN_UNSENT]
    corrections = desk.sent("2026-03-02 10:02")
    assert [letter.kind for letter in corrections] == [MessageKind.CORRECTION]
    assert cases(corrections) == [["C1"]]
    assert desk.sent("2026-03-02 12:00") == []


def test_a_correction_is_sent_once_and_again_only_after_it_was_reinstated(desk: Desk) -> None:
    first = escalation("C1")
    mistaken = revised(first, Cause.MISTAKEN)
    again = revised(mistaken, Cause.REINSTATED)
    once_more = revised(again, Cause.MISTAKEN)
    kinds = []
    for minute, each in enumerate((first, mistaken, mistaken, again, once_more)):
        desk.push(each, at=f"2026-03-02 10:{10 * minute:02d}")
        kinds += [letter.kind.value for letter in desk.sent(f"2026-03-02 10:{10 * minute:02d}")]
    assert kinds == ["single", "correction", "single", "correction"]


@pytest.mark.parametrize("cause", [Cause.SUPERSEDED, Cause.MOVED])
def test_a_moved_deadline_needs_no_apology(desk: Desk, cause: Cause) -> None:
    first = escalation("C1")
    desk.push(first, at=TEN)
    desk.sent(TEN)
    desk.push(revised(first, cause), at=TEN)
    assert desk.sent("2026-03-02 12:00") == []


def test_what_waits_is_dropped_when_superseded_and_follows_when_moved(desk: Desk) -> None:
    desk.push(escalation("C0"), at=TEN)
    desk.sent(TEN)
    superseded, moved = escalation("C1"), escalation("C2")
    desk.push(superseded, moved, at=TEN)
    desk.push(
        revised(superseded, Cause.SUPERSEDED),
        revised(moved, Cause.MOVED, due_at="2026-03-02T11:00:00+08:00"),
        at="2026-03-02 10:01",
    )
    gathered = desk.sent("2026-03-02 10:05")
    assert cases(gathered) == [["C2"]]
    assert gathered[0].escalations[0].due_at == "2026-03-02T11:00:00+08:00"


def test_what_cannot_be_delivered_goes_to_the_next_and_says_so(desk: Desk) -> None:
    desk.push(escalation("C1"), at=TEN)
    desk.sent(TEN, refused)
    handed_on = desk.sent(TEN, endpoint="hook")
    assert cases(handed_on) == [["C1"]]
    assert handed_on[0].instead_of == "县值班"
    assert desk.sent("2026-03-02 12:00", endpoint="hook") == []


TWO_WAYS = """
groups:
  office: {name: {zh: 县值班, en: County desk}, reached_by: [room, other], fallback: board}
endpoints: {other: {kind: wecom, url: "http://127.0.0.1:9/other"}}
"""


def test_the_next_is_told_only_if_a_desk_was_reached_in_no_way(tmp_path: Path) -> None:
    rooms = (FIXTURES / "rooms" / "rooms.yaml").read_text("utf-8")
    office = rooms.index("  office:"), rooms.index("  board:")
    desk = Desk(tmp_path, routing_of(
        tmp_path / "routing", rooms=rooms[: office[0]] + rooms[office[1] :], ways=TWO_WAYS
    ))  # fmt: skip
    desk.push(escalation("C1"), at=TEN)
    desk.sent(TEN, refused)
    assert desk.sent(TEN, endpoint="hook") == []  # it is still to go to the other room
    assert cases(desk.sent(TEN, endpoint="other")) == [["C1"]]
    desk.push(escalation("C2", county=DALI), at=TEN)
    desk.sent(TEN, endpoint="other")
    desk.sent(TEN, refused)
    assert (
        desk.sent(TEN, endpoint="hook") == []
    )  # the desk has it, and nobody is told that it hasn't
    desk.push(escalation("C3", item="water.drinking", county="530102"), at=TEN)
    desk.sent(TEN, refused)
    desk.sent(TEN, refused, endpoint="other")
    assert cases(desk.sent(TEN, endpoint="hook")) == [["C3"]]
    desk.outbox.close()


def test_what_waits_for_an_endpoint_that_is_gone_goes_by_the_routes_of_now(tmp_path: Path) -> None:
    desk = Desk(tmp_path, load_routing(FIXTURES / "rooms"))
    desk.push(escalation("had"), at=TEN)
    desk.sent(TEN)
    desk.push(escalation("gathered"), escalation("packed", county=DALI), at=TEN)
    assert pack(desk.outbox, desk.routing, ms(TEN)) == 1
    desk.push(escalation("old", at="2026-02-02 10:00"), at=TEN)
    desk.push(revised(escalation("had"), Cause.MISTAKEN), at=TEN)
    rooms = (FIXTURES / "rooms" / "rooms.yaml").read_text("utf-8")
    lines = [line for line in rooms.splitlines() if not line.startswith("  room:")]
    text = "\n".join(lines).replace(
        "reached_by: room\n    fallback", "reached_by: hook\n    fallback"
    )
    desk.routing = routing_of(tmp_path / "new", rooms=text)
    assert reroute(desk.outbox, desk.routing, ms(TEN)) == 4
    assert sorted(sum(cases(desk.sent(TEN, endpoint="hook")), [])) == ["gathered", "packed"]
    assert cases(desk.sent("2026-03-03 08:30", endpoint="hook")) == [["old"]]
    assert reroute(desk.outbox, desk.routing, ms(TEN)) == 0
    gone = [record.case_id for record in desk.records() if record.why == "endpoint-gone"]
    assert sorted(gone) == ["gathered", "had", "old", "packed"]
    desk.outbox.close()


def test_a_desk_whose_next_is_gone_stops_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.push(escalation("C1"), at=TEN)
    pack(desk.outbox, desk.routing, ms(TEN))
    rooms = (FIXTURES / "rooms" / "rooms.yaml").read_text("utf-8")
    board = rooms.index("  board:"), rooms.index("  owner-duty:")
    text = (rooms[: board[0]] + rooms[board[1] :]).replace("    fallback: board\n", "")
    desk.routing = routing_of(tmp_path / "new", rooms=text)
    assert len(desk.sent(TEN, refused)) == 1
    assert desk.records()[-1].outcome == "failed"


def test_an_outbox_of_before_is_taken_over(tmp_path: Path) -> None:
    routing = load_routing(FIXTURES / "rooms")
    desk = Desk(tmp_path, routing)
    desk.push(escalation("C1"), at=TEN)
    desk.outbox.rows.execute("ALTER TABLE delivery DROP COLUMN of_group")
    assert desk.crash(TEN) == 0
    desk.sent(TEN, refused)
    assert cases(desk.sent(TEN, endpoint="hook")) == [["C1"]]
    desk.outbox.close()


def test_a_supervision_says_whether_a_stage_is_late_as_far_as_it_stands(desk: Desk) -> None:
    night, mistaken = "2026-03-13 00:00", escalation("C2", at="2026-03-09 10:00")
    desk.push(escalation("C1", at="2026-03-09 10:00"), mistaken, at="2026-03-09 10:00")
    desk.push(revised(mistaken, Cause.MISTAKEN), at="2026-03-10 10:00")
    desk.sent("2026-03-10 10:00")
    desk.push(escalation("C1", "supervise", at=night), escalation("C2", "supervise", at=night),
              at=night)  # fmt: skip
    (letter,) = desk.sent(night)
    late = {case: [each.clock for each in stages] for case, stages in letter.late.items()}
    assert late == {"C1": ["accept"], "C2": []}


def test_an_endpoint_that_fails_for_too_long_is_given_up(desk: Desk) -> None:
    desk.push(escalation("C1"), at=TEN)
    tried = sum(len(desk.sent(TEN, down, seconds=second)) for second in range(0, 600, 10))
    assert tried > 3
    assert desk.sent(TEN, endpoint="hook", seconds=599) == []
    room = desk.routing.endpoints["room"]
    assert exhaust(desk.outbox, room, desk.routing, ms(TEN) + 599_999) == []
    assert len(exhaust(desk.outbox, room, desk.routing, ms(TEN) + 600_000)) == 1
    assert cases(desk.sent("2026-03-02 10:10", endpoint="hook")) == [["C1"]]


def test_back_off_doubles_and_a_retry_after_is_waited_for(desk: Desk) -> None:
    desk.push(escalation("C1"), at=TEN)
    tries = [second for second in range(16) if desk.sent(TEN, down, seconds=second)]
    assert tries == [0, 1, 3, 7, 15]
    asked = Outcome(Verdict.RETRY, Why.RATE_LIMITED, 429, retry_after_s=120.0)
    assert len(desk.sent(TEN, lambda _: asked, seconds=31)) == 1
    assert desk.sent(TEN, seconds=150) == []
    assert len(desk.sent(TEN, seconds=151)) == 1


def test_a_robot_that_does_not_answer_gets_one_repeat_that_is_marked_and_no_more(
    desk: Desk,
) -> None:
    desk.push(escalation("C1"), at=TEN)
    assert [each.repeated for each in desk.sent(TEN, silent)] == [False]
    assert [each.repeated for each in desk.sent("2026-03-02 10:01", silent)] == [True]
    assert desk.sent("2026-03-02 10:05") == []
    assert cases(desk.sent("2026-03-02 10:05", endpoint="hook")) == [["C1"]]


def test_a_crash_between_send_and_record_repeats_marked_at_a_robot(desk: Desk) -> None:
    desk.push(escalation("C1"), at=TEN)
    assert desk.sent(TEN, silent)[0].repeated is False
    desk.push(escalation("C2", county=DALI), at=TEN)
    with pytest.raises(KeyboardInterrupt):
        desk.sent(TEN, killed)
    assert desk.crash(TEN) == 1
    assert [letter.repeated for letter in desk.sent("2026-03-02 10:30")] == [True, True]


def killed(_: object) -> Outcome:
    raise KeyboardInterrupt


def test_a_second_notifier_on_the_same_outbox_is_refused(desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="in use"):
        Outbox(desk.path)


def test_nothing_is_kept_of_a_transaction_that_failed(desk: Desk) -> None:
    def fail() -> None:
        with desk.outbox.transaction():
            desk.push(escalation("C1"), at=TEN)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert desk.sent(TEN) == []
    assert desk.push(escalation("C1"), at=TEN) == [Decision.SENT_ON]


def supervised(desk: Desk) -> Escalation:
    asked = escalation("C1", "supervise", at=TEN)
    desk.push(asked, at=TEN)
    assert len(desk.sent(TEN)) == 1
    return asked


def test_an_unanswered_supervision_is_repeated_until_it_was_three_times(desk: Desk) -> None:
    supervised(desk)
    reminded = []
    for day in range(3, 9):
        desk.remind(f"2026-03-0{day} 10:01")
        reminded += [letter.reminder for letter in desk.sent(f"2026-03-0{day} 10:01")]
    assert reminded == [True, True, True]


def test_an_acknowledgement_of_the_province_stops_repeats_until_it_expires(desk: Desk) -> None:
    asked = supervised(desk)
    effect = desk.act(ActionType.ACKNOWLEDGED, asked, Side.PROVINCE, "2026-03-02 11:00")
    assert effect is Effect.DONE
    assert desk.remind("2026-03-03 10:01") == 0
    assert desk.remind("2026-03-05 10:59") == 0
    assert desk.remind("2026-03-05 11:01") == 1


def test_the_answer_of_the_county_ends_the_repeats_until_the_province_asks_again(
    desk: Desk,
) -> None:
    asked = supervised(desk)
    again = escalation("C1", "supervise-again", at="2026-03-09 10:00")
    desk.push(again, at="2026-03-09 10:00")
    assert levels(desk.sent("2026-03-09 10:00")) == ["supervise-again"]
    answered = desk.act(ActionType.ANSWERED, asked, Side.OWNER, "2026-03-09 11:00")
    assert answered is Effect.NOT_ALLOWED
    assert desk.act(ActionType.ANSWERED, asked, Side.COUNTY, "2026-03-09 11:00") is Effect.DONE
    assert desk.remind("2026-03-10 10:01") == 0
    repeated = desk.act(ActionType.REPEATED, again, Side.COUNTY, "2026-03-10 12:00")
    assert repeated is Effect.NOT_ALLOWED
    assert desk.act(ActionType.REPEATED, again, Side.PROVINCE, "2026-03-10 12:00") is Effect.DONE
    letters = desk.sent("2026-03-10 12:00")
    assert [(letter.reminder, levels([letter])) for letter in letters] == [
        (True, ["supervise-again"])
    ]
    assert desk.remind("2026-03-11 12:01") == 1


def test_taking_back_an_acknowledgement_repeats_again(desk: Desk) -> None:
    asked = supervised(desk)
    desk.act(ActionType.ACKNOWLEDGED, asked, Side.PROVINCE, "2026-03-02 11:00")
    desk.act(ActionType.UNACKNOWLEDGED, asked, Side.PROVINCE, "2026-03-02 12:00")
    assert desk.remind("2026-03-03 10:01") == 1


@pytest.mark.parametrize("side", [Side.OWNER, Side.COUNTY, Side.PREFECTURE])
def test_the_province_cannot_be_silenced_from_below(desk: Desk, side: Side) -> None:
    asked = supervised(desk)
    for kind in (ActionType.ACKNOWLEDGED, ActionType.CLOSED):
        assert desk.act(kind, asked, side, "2026-03-02 11:00") is Effect.NOT_ALLOWED
    assert desk.remind("2026-03-03 10:01") == 1


def ten_days(start_event: str = "s1", stopped_at: int | None = None) -> Cycle:
    status = LIVE if stopped_at is None else MISSED
    return Cycle("overall", start_event, 1, ms("2026-02-20 10:00"), "2021-11", 10, status=status,
                 due_at=ms(TEN), stopped_at=stopped_at)  # fmt: skip


def test_nobody_is_reminded_of_what_is_done_though_the_case_goes_on(desk: Desk) -> None:
    asked = supervised(desk)
    noon = ms("2026-03-02 12:00")
    fired = [Fired("overall", "s1", "supervise", 1, True, ms(TEN), ms(TEN), 10)]

    def look(*live: Cycle, ended: list[Cycle]) -> None:
        state = CaseState(asked.case_id, live=list(live), ended=ended, fired=fired)
        for each in seen_in(state, {"supervise"}):
            note(desk.outbox, each, noon)

    # Contracted, or resolved and reopened: the case is open, and its ten days are over.
    look(ten_days("s2"), ended=[ten_days(stopped_at=noon)])
    assert desk.remind("2026-03-03 10:01") == 0
    # A late event shows that they are not.
    look(ten_days(), ended=[])
    assert desk.remind("2026-03-03 10:01") == 1


def test_an_end_of_long_ago_is_kept_only_of_what_somebody_heard_of(desk: Desk) -> None:
    asked = supervised(desk)
    now = ms("2026-04-02 12:00")
    for each in (asked.escalation_id, "unheard-of"):
        note(desk.outbox, Seen(each, ms("2026-03-03 09:00")), now)
    kept = desk.outbox.rows.execute("SELECT escalation_id FROM finished").fetchall()
    assert [row[0] for row in kept] == [f"cycle:{asked.escalation_id}"]


def test_an_acknowledged_red_card_does_not_stop_the_next_level(desk: Desk) -> None:
    red = escalation("C1")
    desk.push(red, at=TEN)
    desk.sent(TEN)
    assert desk.act(ActionType.ACKNOWLEDGED, red, Side.COUNTY, TEN) is Effect.DONE
    desk.push(escalation("C1", "prefecture", at="2026-03-05 10:00"), at="2026-03-05 10:00")
    assert levels(desk.sent("2026-03-05 10:00")) == ["prefecture"]


def test_handing_over_tells_the_other_group(desk: Desk) -> None:
    red = escalation("C1")
    desk.push(red, at=TEN)
    desk.sent(TEN)
    assert desk.act(ActionType.HANDED_OVER, red, Side.COUNTY, TEN, to="board") is Effect.DONE
    assert cases(desk.sent(TEN, endpoint="hook")) == [["C1"]]
    assert desk.act(ActionType.HANDED_OVER, red, Side.COUNTY, TEN, to="x") is Effect.UNKNOWN_GROUP
