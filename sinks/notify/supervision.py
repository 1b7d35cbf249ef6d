"""Supervisions (督办) as a pure fold over escalations and the actions of people.

Beside the path of a message: the list with ages, and what the notices are printed from. Each
standing ``supervise`` opens one record per case and cycle; nothing else is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.action import Action, ActionType, Side
from schemas.escalation import Escalation, EscalationState
from schemas.instants import DAY_MS, parse_instant
from sinks.notify.facts import OVERALL

OPENS, AGAIN = "supervise", "supervise-again"
SUPERVISING = (OPENS, AGAIN)
# Levels that say that a stage itself was not done in time.
_LATE = ("red", "prefecture")


CycleKey = tuple[str, str, str]
"""Case, clock and start event of a cycle."""


def cycle_of(escalation: Escalation) -> CycleKey:
    """Return the cycle that an escalation is about."""
    return escalation.case_id, escalation.clock, escalation.start_event_id


class State(StrEnum):
    """Where a supervision stands. ``resolved``: its clock ended, and nobody closed it yet."""

    ASKED = "asked"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Ground(StrEnum):
    """Why it is listed: a stage is late, or ten days passed with every stage within its limit.

    The second is lawful (housing works, 低保): it is listed, and nobody is blamed.
    """

    STAGE_LATE = "stage-late"
    WITHIN_LIMITS = "within-limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """One supervision at an instant. ``late`` are the standing late stages, oldest first.

    ``repeated_ms`` are the instants at which it was asked again, by the ladder or by a person;
    ``unanswered_for_days`` counts whole days since the last asking, ``None`` once answered.
    ``resolved_ms`` is the end of the clock that it is about: the case may go on, or be reopened.
    The age runs until the first end there is.
    """

    escalation: Escalation
    state: State
    ground: Ground
    asked_ms: int
    age_days: int
    repeated_ms: tuple[int, ...] = ()
    answered_ms: int | None = None
    closed_ms: int | None = None
    resolved_ms: int | None = None
    unanswered_for_days: int | None = None
    late: tuple[Escalation, ...] = ()
    notes: tuple[tuple[int, str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Say whether the county still has something to do about it."""
        return self.state in (State.ASKED, State.ANSWERED)


def supervisions(
    escalations: Iterable[Escalation],
    actions: Iterable[Action],
    as_of: int,
    resolved: Mapping[CycleKey, int] | None = None,
) -> list[Supervision]:
    """Return the supervisions that stand at ``as_of`` (ms), the oldest first.

    ``resolved`` gives the ends of cycles that ended, as far as they are known. Of each escalation
    the highest revision counts, of each action the first record; the order of arrival does not
    matter. Records after ``as_of`` have no effect.
    """
    newest: dict[str, Escalation] = {}
    for each in escalations:
        known = newest.get(each.escalation_id)
        if parse_instant(each.at) <= as_of and (known is None or each.revision > known.revision):
            newest[each.escalation_id] = each
    standing = [each for each in newest.values() if each.state is EscalationState.FIRED]
    of_case: dict[str, list[Escalation]] = {}
    for each in standing:
        of_case.setdefault(each.case_id, []).append(each)
    by_id: dict[str, dict[str, Action]] = {}
    for action in actions:
        if parse_instant(action.at) <= as_of:
            by_id.setdefault(action.escalation_id, {}).setdefault(action.action_id, action)
    ends = {cycle: end for cycle, end in (resolved or {}).items() if end <= as_of}
    found = [
        _supervision(each, of_case[each.case_id], by_id, as_of, ends.get(cycle_of(each)))
        for each in standing
        if each.level == OPENS
    ]
    return sorted(found, key=lambda one: (one.asked_ms, one.escalation.escalation_id))


def late_stages(of_case: Iterable[Escalation]) -> list[Escalation]:
    """Return those of a case's standing escalations that say that a stage is late, oldest first."""
    late = (each for each in of_case if each.clock != OVERALL and each.level in _LATE)
    return sorted(late, key=lambda each: parse_instant(each.at))


def _supervision(
    opened: Escalation,
    of_case: list[Escalation],
    by_id: dict[str, dict[str, Action]],
    as_of: int,
    resolved_ms: int | None,
) -> Supervision:
    same = (opened.clock, opened.start_event_id)
    again = [
        each for each in of_case
        if each.level == AGAIN and (each.clock, each.start_event_id) == same
    ]  # fmt: skip
    of_these = (by_id.get(each.escalation_id, {}).values() for each in (opened, *again))
    actions = sorted(
        (action for several in of_these for action in several),
        key=lambda action: (parse_instant(action.at), action.action_id),
    )
    asked_ms = parse_instant(opened.at)
    repeated = sorted(
        [parse_instant(each.at) for each in again]
        + [
            parse_instant(action.at) for action in actions
            if action.type is ActionType.REPEATED and action.side is Side.PROVINCE
        ]
    )  # fmt: skip
    closed = [
        parse_instant(action.at) for action in actions
        if action.type is ActionType.CLOSED and action.side is Side.PROVINCE
    ]  # fmt: skip
    # An answer holds until it is asked again.
    last_asked = max([asked_ms, *repeated])
    answered = [
        parse_instant(action.at) for action in actions
        if action.type is ActionType.ANSWERED and action.side is not Side.OWNER
        and parse_instant(action.at) >= last_asked
    ]  # fmt: skip
    late = late_stages(of_case)
    state = (
        State.CLOSED if closed
        else State.RESOLVED if resolved_ms is not None
        else State.ANSWERED if answered
        else State.ASKED
    )  # fmt: skip
    ended_ms = min(closed[:1] + ([] if resolved_ms is None else [resolved_ms]), default=as_of)
    return Supervision(
        escalation=opened,
        state=state,
        ground=Ground.STAGE_LATE if late else Ground.WITHIN_LIMITS,
        asked_ms=asked_ms,
        age_days=max(ended_ms - asked_ms, 0) // DAY_MS,
        repeated_ms=tuple(repeated),
        answered_ms=answered[-1] if answered else None,
        closed_ms=closed[0] if closed else None,
        resolved_ms=resolved_ms,
        unanswered_for_days=(as_of - last_asked) // DAY_MS if state is State.ASKED else None,
        late=tuple(late),
        notes=tuple(
            (parse_instant(action.at), action.by, action.note) for action in actions if action.note
        ),
    )
