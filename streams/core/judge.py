"""The judgement of a case: which escalations stand now, and what differs from what was published.

Part of the core. The worker calls ``judge`` only when it has applied everything up to ``now``;
what it returns is published, and noted in the state's ``fired``, which makes a repetition of the
same judgement return nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.case_state import CaseState, Cycle, Fired
from schemas.escalation import Cause
from streams.core.calendar import Calendars
from streams.core.carry_over import next_carry_over
from streams.core.due import reach
from streams.core.fold import item_event
from streams.core.rules import ItemRules, When
from streams.core.verdicts import Standing, standing

Key = tuple[str, str, str]


class Change(NamedTuple):
    """A revision to publish: the note of it as it stands in the state now, and why."""

    fired: Fired
    cause: Cause


def judge(
    state: CaseState, rules: ItemRules | None, calendars: Calendars, now: int
) -> list[Change]:
    """Bring ``state.fired`` up to what stands as of ``now`` and return what changed.

    A step that newly stands is fired with revision 1; one that no longer does is withdrawn, one
    that stands at another instant is fired again, each with the next revision. ``rules`` are those
    of the case's item; without one nothing stands. What stands as it did is noted as judged by
    this calendar: what is withdrawn later is so for another reason.
    """
    state.unjudged = False
    hits = standing(state, rules, now) if rules is not None else ()
    stands = {(hit.cycle.clock, hit.cycle.start_event_id, hit.step.level): hit for hit in hits}
    changes = []
    for fired in state.fired:
        hit = stands.pop((fired.clock, fired.start_event_id, fired.level), None)
        cause = _revise(state, fired, hit, rules, calendars)
        if cause is not None:
            changes.append(Change(fired, cause))
    for hit in stands.values():
        late = state.known_late_until is not None and hit.at <= state.known_late_until
        fired = _first(state, hit, late)
        fired.calendar = calendars.version
        state.fired.append(fired)
        changes.append(Change(fired, Cause.REACHED))
    changes.sort(key=lambda change: change.fired.at)
    return changes


def _first(state: CaseState, hit: Standing, known_late: bool) -> Fired:
    cycle = hit.cycle
    return Fired(
        clock=cycle.clock,
        start_event_id=cycle.start_event_id,
        level=hit.step.level,
        revision=1,
        standing=True,
        at=hit.at,
        due_at=cycle.due_at,
        limit=cycle.limit,
        known_late=known_late,
        cycle=cycle.ordinal,
        policy=cycle.policy,
        item=state.item or "",
        cause=Cause.REACHED,
    )


def _revise(
    state: CaseState,
    fired: Fired,
    hit: Standing | None,
    rules: ItemRules | None,
    calendars: Calendars,
) -> Cause | None:
    """Note what a published escalation has become; return the cause of a new revision, if any."""
    if hit is None:
        return _withdraw(state, fired, rules, calendars) if fired.standing else None
    fired.calendar = calendars.version
    if fired.standing and fired.item == state.item and not _is_moved(fired, hit):
        return None
    cause = Cause.MOVED if fired.standing else Cause.REINSTATED
    fired.cause = cause
    fired.standing = True
    fired.revision += 1
    fired.at, fired.due_at, fired.item = hit.at, hit.cycle.due_at, state.item or ""
    fired.limit, fired.policy, fired.cycle = hit.cycle.limit, hit.cycle.policy, hit.cycle.ordinal
    return cause


def _is_moved(fired: Fired, hit: Standing) -> bool:
    """Say whether a step stands at another instant, or under a policy by which another is due."""
    cycle = hit.cycle
    return fired.at != hit.at or (fired.policy != cycle.policy and fired.due_at != cycle.due_at)


def _withdraw(
    state: CaseState, fired: Fired, rules: ItemRules | None, calendars: Calendars
) -> Cause:
    fired.standing = False
    fired.revision += 1
    fired.cause = Cause.MISTAKEN
    cycle = cycle_of(state, fired)
    if rules is not None and cycle is not None:
        if _is_superseded(state, cycle, fired, rules, calendars):
            fired.cause = Cause.SUPERSEDED
            fired.due_at = cycle.due_at
        fired.calendar = calendars.version
    return Cause(fired.cause)


def cycle_of(state: CaseState, fired: Fired) -> Cycle | None:
    """Return the cycle that a note speaks of, ``None`` where the case no longer has it."""
    for cycle in (*state.live, *state.ended):
        if cycle.clock == fired.clock and cycle.start_event_id == fired.start_event_id:
            return cycle
    return None


def _is_superseded(
    state: CaseState, cycle: Cycle, fired: Fired, rules: ItemRules, calendars: Calendars
) -> bool:
    """Say whether a policy, a calendar or an extension took the step back, and no event.

    A policy or a calendar did if the cycle runs by another one now than when the step was last
    judged; an extension, if the step would stand as it fired had the limit not been made longer.
    """
    if cycle.stopped_at is not None and fired.at >= cycle.stopped_at:
        return False
    if fired.policy != cycle.policy or fired.calendar not in ("", calendars.version):
        return True
    if cycle.limit <= fired.limit:
        return False
    rule = rules.clock(cycle.policy, cycle.clock)
    step = next((step for step in rule.steps if step.level == fired.level), None)
    if step is None or step.when is not When.BEFORE:
        return True
    pauses = state.pauses.get(rule.honours, ()) if rule.honours is not None else ()
    calendar = calendars.of_region(cycle.region)
    before = reach(rule.unit, calendar, cycle.started_at, fired.limit - step.offset, pauses)
    return before == fired.at


def next_instant(state: CaseState, rules: ItemRules | None) -> int | None:
    """Return the earliest instant after which the case must be looked at again, or ``None``.

    That is the first step of a live cycle that has not fired yet, or the last millisecond before
    an event that waits for its time, or before a policy that live cycles go over to: a step fires
    after its instant, an event or a policy counts at it. An
    instant in the past means that the case is to be judged at once. What ended cycles have still
    to fire is told by ``state.unjudged``.
    """
    pending = None
    if state.item is None:
        # Held until the event that names the item: the others have no effect before it.
        first = item_event(state)
        pending = None if first is None else first.at - 1
    elif state.applied < len(state.events):
        pending = state.events[state.applied].at - 1
    if rules is None or not state.live:
        return pending
    fired = {(note.clock, note.start_event_id, note.level) for note in state.fired if note.standing}
    earliest = pending
    if rules.for_open:
        earliest = _earlier(pending, next_carry_over(state, rules))
    for cycle in state.live:
        steps = rules.clock(cycle.policy, cycle.clock).steps
        for step, at in zip(steps, cycle.steps, strict=True):
            if at is None or (earliest is not None and at >= earliest):
                continue
            if fired and (cycle.clock, cycle.start_event_id, step.level) in fired:
                continue
            earliest = at
    return earliest


def _earlier(instant: int | None, policy_at: int | None) -> int | None:
    if policy_at is None:
        return instant
    return policy_at - 1 if instant is None else min(instant, policy_at - 1)
