"""Who may do what about an escalation: one answer for the page, the command line and the links.

Beside the path of an event, before an action is sent; the notifier asks the same of what it reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from schemas.action import Action, ActionType, Side
from schemas.errors import DeadLetterReason, InvalidRecord, NotAllowed
from schemas.instants import parse_instant
from schemas.routing.model import Routing

# Of a supervision: its level is one of the province's.
OF_A_SUPERVISION = frozenset({ActionType.ANSWERED, ActionType.CLOSED, ActionType.REPEATED})
_OF_THE_PROVINCE = frozenset({ActionType.CLOSED, ActionType.REPEATED})
# At a level of the province these would silence it.
_SILENCES = frozenset({ActionType.ACKNOWLEDGED, ActionType.UNACKNOWLEDGED})
# A role, an account or an instance of a group, such as county-duty/530113/water: no spaces, so
# that no sentence gets in.
_BY = re.compile(r"[\w.@/:+-]{1,80}")
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class ActionRules:
    """What exists: ``levels``, those that are the province's, and the groups to hand over to."""

    levels: frozenset[str]
    provincial: frozenset[str]
    groups: frozenset[str]


def action_rules(routing: Routing) -> ActionRules:
    """Return the rules that a routing implies."""
    return ActionRules(
        frozenset(routing.catalogue.levels), routing.rules.provincial, frozenset(routing.groups)
    )


def allowed(rules: ActionRules, level: str, side: Side) -> frozenset[ActionType]:
    """Return what ``side`` may do about an escalation of ``level``.

    Everybody may note and hand over. What is provincial only the province acknowledges, closes
    or asks again; it is answered by the county (or, for it, by those above), not by the office.
    """
    types = set(ActionType)
    if level not in rules.provincial:
        return frozenset(types - OF_A_SUPERVISION)
    if side is not Side.PROVINCE:
        types -= _OF_THE_PROVINCE | _SILENCES
    if side is Side.OWNER:
        types -= {ActionType.ANSWERED}
    return frozenset(types)


def check_action(rules: ActionRules, action: Action) -> None:
    """Return if the action may be sent.

    Raises ``NotAllowed`` where its side may not do that at its level, ``InvalidRecord`` for a
    field that is missing or of no use here. Personal data is found when it is encoded.
    """
    _check_fields(rules, action)
    if action.type not in allowed(rules, action.level, action.side):
        raise NotAllowed(
            f"{action.side.value} may not record {action.type.value!r} at level {action.level}"
        )


def _check_fields(rules: ActionRules, action: Action) -> None:
    if not _BY.fullmatch(action.by):
        raise _wrong("by: a role or an account of at most 80 letters, digits and ._@/:+-")
    if not action.case_id or action.level not in rules.levels:
        raise _wrong(f"level: one of {', '.join(sorted(rules.levels))}; and the case's id")
    try:
        UUID(action.escalation_id)
    except ValueError:
        raise _wrong("escalation_id: the id of an escalation, as in its message") from None
    if action.note is not None and not (0 < len(action.note) <= LONGEST_NOTE):
        raise _wrong(f"note: 1 to {LONGEST_NOTE} characters")
    if (action.to is not None) != (action.type is ActionType.HANDED_OVER):
        raise _wrong("to: the group, for a hand-over and nothing else")
    if action.to is not None and action.to not in rules.groups:
        raise _wrong(f"to: one of the groups {', '.join(sorted(rules.groups))}")
    if action.type is ActionType.NOTED and action.note is None:
        raise _wrong("note: a note without words says nothing")
    if action.expires_at is not None and (
        action.type is not ActionType.ACKNOWLEDGED
        or parse_instant(action.expires_at) <= parse_instant(action.at)
    ):
        raise _wrong("expires_at: after now, and for an acknowledgement alone")


def _wrong(detail: str) -> InvalidRecord:
    return InvalidRecord(DeadLetterReason.WRONG_VALUE, detail)
