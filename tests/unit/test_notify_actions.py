"""Who may do what about an escalation, before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.action import Action, ActionType, Channel, Side
from schemas.action_rules import action_rules, allowed, check_action
from schemas.errors import InvalidRecord, NotAllowed
from schemas.instants import render_instant
from schemas.routing.load import shipped_routing
from tests.notify_builders import escalation, ms

RULES = action_rules(shipped_routing())
SILENCING = {ActionType.ACKNOWLEDGED, ActionType.UNACKNOWLEDGED, ActionType.CLOSED}
NOON = "2026-03-02 12:00"


def action(kind: ActionType = ActionType.ACKNOWLEDGED, level: str = "red", **more: Any) -> Action:
    on = escalation("C1", level)
    fields: dict[str, Any] = {
        "action_id": "a1", "type": kind, "case_id": "C1", "escalation_id": on.escalation_id,
        "level": level, "at": render_instant(ms(NOON)), "by": "county-duty/530113/water",
        "side": Side.COUNTY, "channel": Channel.PAGE,
    }  # fmt: skip
    return Action(**(fields | more))


@pytest.mark.parametrize("level", sorted(RULES.provincial))
def test_what_is_provincial_only_the_province_silences_and_the_county_answers(level: str) -> None:
    for side in Side:
        may = allowed(RULES, level, side)
        assert (may >= SILENCING) == (side is Side.PROVINCE)
        assert bool(may & SILENCING) == (side is Side.PROVINCE)
        assert (ActionType.ANSWERED in may) == (side is not Side.OWNER)


def test_below_the_province_everybody_acknowledges_and_there_is_nothing_to_answer() -> None:
    for side in Side:
        may = allowed(RULES, "red", side)
        assert may == {
            ActionType.ACKNOWLEDGED, ActionType.UNACKNOWLEDGED, ActionType.NOTED,
            ActionType.HANDED_OVER,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (ActionType.ACKNOWLEDGED, {}),
        (ActionType.ACKNOWLEDGED, {"expires_at": "2026-03-02T13:00:00+08:00", "note": "seen"}),
        (ActionType.NOTED, {"note": "已到现场"}),
        (ActionType.HANDED_OVER, {"to": "prefecture-duty"}),
        (ActionType.ANSWERED, {"level": "supervise", "note": "3 日内办结"}),
        (ActionType.CLOSED, {"level": "supervise", "side": Side.PROVINCE}),
    ],
)
def test_an_action_with_what_it_needs_may_be_sent(kind: ActionType, more: dict[str, Any]) -> None:
    check_action(RULES, action(kind, **more))


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"by": "张三 of the water office"}, "by:"),
        ({"by": ""}, "by:"),
        ({"level": "purple"}, "level:"),
        ({"case_id": ""}, "level:"),
        ({"escalation_id": "1"}, "escalation_id:"),
        ({"kind": ActionType.NOTED}, "note:"),
        ({"note": "x" * 501}, "note:"),
        ({"kind": ActionType.HANDED_OVER}, "to:"),
        ({"kind": ActionType.HANDED_OVER, "to": "nobody"}, "to:"),
        ({"to": "county-duty"}, "to:"),
        ({"expires_at": "2026-03-02T11:00:00+08:00"}, "expires_at:"),
        ({"kind": ActionType.NOTED, "note": "n", "expires_at": "2026-03-02T13:00:00+08:00"},
         "expires_at:"),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(more: dict[str, Any], detail: str) -> None:
    fields = {"level": "red"} | more
    level = fields.pop("level")
    made = action(fields.pop("kind", ActionType.ACKNOWLEDGED), **fields)
    made.level = level
    with pytest.raises(InvalidRecord, match=detail):
        check_action(RULES, made)


def test_what_a_side_may_not_do_is_refused_by_name() -> None:
    with pytest.raises(NotAllowed, match="county may not record 'acknowledged' at level supervise"):
        check_action(RULES, action(level="supervise"))
