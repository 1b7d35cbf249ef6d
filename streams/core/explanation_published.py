"""What was published about a case, in words: each escalation with its revision and cause.

Part of the core, beside the explanation. The account of a clock says what should have fired; this
says what was sent, so that both can be held side by side.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.case_state import Fired
from schemas.catalogue.model import Text
from schemas.escalation import Cause, EscalationState, escalation_id
from schemas.instants import render_instant
from streams.core.explanation_account import PublishedAccount
from streams.core.explanation_words import Names
from streams.core.rules import ItemRules

CAUSES = {
    Cause.REACHED: Text("到时触发", "its instant passed"),
    Cause.MOVED: Text(
        "仍然成立，时刻或到期已变", "it still stands, at another instant or deadline"
    ),
    Cause.REINSTATED: Text("撤销后重新成立", "it was withdrawn and stands again"),
    Cause.MISTAKEN: Text(
        "后到的记录表明并未到此一步", "a record that came later shows that it was not so"
    ),
    Cause.SUPERSEDED: Text(
        "延期、新政策或日历改变了到期", "an extension, a policy or a calendar moved the deadline"
    ),
}
_UNTOLD = Text("未记载原因", "its cause was not recorded")


def published_account(
    fired: Fired, case_id: str, items: Mapping[str, ItemRules], names: Names
) -> PublishedAccount:
    """Return a published revision; a clock that the catalogue no longer has goes by its code."""
    state = EscalationState.FIRED if fired.standing else EscalationState.WITHDRAWN
    known = fired.cause in list(Cause)
    return PublishedAccount(
        escalation_id=escalation_id(case_id, fired.clock, fired.start_event_id, fired.level),
        clock=fired.clock,
        name=_clock_name(fired, items),
        cycle=fired.cycle,
        level=fired.level,
        level_name=names.level(fired.level),
        revision=fired.revision,
        state=state,
        cause=fired.cause,
        cause_text=CAUSES[Cause(fired.cause)] if known else _UNTOLD,
        at=render_instant(fired.at),
        due_at=None if fired.due_at is None else render_instant(fired.due_at),
        policy=fired.policy,
        known_late=fired.known_late,
    )


def _clock_name(fired: Fired, items: Mapping[str, ItemRules]) -> Text:
    rules = items.get(fired.item)
    policy = None if rules is None else rules.by_policy.get(fired.policy)
    if policy is None or fired.clock not in policy.clocks:
        return Text(fired.clock, fired.clock)
    return policy.clocks[fired.clock].clock.text
