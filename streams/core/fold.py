"""The fold: events in their order, applied one by one to the state of a case.

Part of the core, and its heart (``spec/clocks.md``, life of a cycle). For each event, in this
order: reopening; pauses and resumes; extensions; stops; the terminal rule; starts. The state that
results depends on the set of events applied and on nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from schemas.case_event import StoredEvent
from schemas.case_state import CANCELLED, LIVE, MET, MISSED, CaseState, Cycle, Interval
from schemas.custody import custody
from schemas.instants import day_of
from streams.core.calendar import Calendars
from streams.core.due import schedule
from streams.core.quotas import violations
from streams.core.rules import (
    ANY_PAUSE,
    CLOSES_PAUSE,
    EXTENDED,
    OPENS_PAUSE,
    PAUSES,
    RETURNED,
    TRANSFERRED,
    ClockRule,
    ItemRules,
    TypeRules,
)

# No limit has more digits than these, and longer ones are not worth turning into a number.
_AMOUNT = re.compile(r"0*([0-9]{1,6})(h|d|wd)")


def apply(state: CaseState, event: StoredEvent, rules: ItemRules, calendars: Calendars) -> None:
    """Give one event, the next in order, its effect on the state of its case."""
    can = rules.by_type.get(event.type)
    if can is None:
        state.set_aside.append(event.event_id)
        return
    if can.counts or (rules.relaxing and event.attributes):
        state.violations = violations(state.events[: state.applied + 1], rules)
    if can.is_idle:
        return
    first_submitted = can.submits and state.submitted_at is None
    if first_submitted:
        _read_submission(state, event, rules)
    if state.closed_at is not None and not _reopens(state, can):
        return
    if can.moves:
        _EFFECTS[event.type](state, event, rules, calendars)
    if can.stops and state.live:
        _stop(state, event, can.stops)
    if can.closes:
        _close(state, event)
    elif can.starts and (first_submitted or not can.submits):
        _start(state, event, rules, calendars)


def item_event(state: CaseState) -> StoredEvent | None:
    """Return the first event in order that carries an item, which is the item of the case."""
    for event in state.events:
        if event.heading is not None and event.heading.item is not None:
            return event
    return None


def _read_submission(state: CaseState, event: StoredEvent, rules: ItemRules) -> None:
    state.submitted_at = event.at
    heading = event.heading
    if heading is None:
        return
    state.county = heading.county
    state.township = heading.township
    state.raised_by = heading.raised_by
    state.channel = heading.channel
    state.household = heading.household
    state.department = heading.department or rules.department


def _transfer(state: CaseState, event: StoredEvent, rules: ItemRules, calendars: Calendars) -> None:
    """The case is handed on; no clock of the citizen notices."""
    heading = event.heading
    if heading is None:
        return
    if heading.county is not None and heading.county != state.county:
        state.county = heading.county
        state.township = heading.township
    elif heading.township is not None:
        state.township = heading.township
    if heading.department is not None:
        state.department = heading.department


def _bounce(state: CaseState, event: StoredEvent, rules: ItemRules, calendars: Calendars) -> None:
    """The case is bounced back to whom it came from; no clock of the citizen notices.

    What falls due from then on is theirs, and so are the messages. Who had the case before is
    asked of its events: bounces are few, and only a case that was transferred has moved.
    """
    state.bounces += 1
    events = state.events[: state.applied + 1]
    if state.submitted_at is None or not any(each.type == TRANSFERRED for each in events):
        return
    found = custody(events, rules.department)
    if found.held:
        holder = found.held[-1].holder
        state.county, state.department = holder.county, holder.department
        state.township = found.township


def _reopens(state: CaseState, can: TypeRules) -> bool:
    """Open the closed case again if the event does, and say whether it does."""
    if not can.reopens:
        return False
    state.closed_at = None
    state.outcome = None
    state.reopened += 1
    state.pauses = {}
    return True


def _open_pause(
    state: CaseState, event: StoredEvent, rules: ItemRules, calendars: Calendars
) -> None:
    opened = state.pauses.setdefault(OPENS_PAUSE[event.type], [])
    if opened and opened[-1].closed_at is None:
        return
    opened.append(Interval(event.at))
    either = state.pauses.setdefault(ANY_PAUSE, [])
    if not either or either[-1].closed_at is not None:
        either.append(Interval(event.at))
    _reschedule(state, rules, calendars)


def _close_pause(
    state: CaseState, event: StoredEvent, rules: ItemRules, calendars: Calendars
) -> None:
    opened = state.pauses.get(CLOSES_PAUSE[event.type])
    if not opened or opened[-1].closed_at is not None:
        return
    opened[-1].closed_at = event.at
    if not any(_is_open(state, other) for other in PAUSES):
        state.pauses[ANY_PAUSE][-1].closed_at = event.at
    _reschedule(state, rules, calendars)


def _is_open(state: CaseState, pause: str) -> bool:
    intervals = state.pauses.get(pause)
    return intervals is not None and intervals[-1].closed_at is None


def _reschedule(state: CaseState, rules: ItemRules, calendars: Calendars) -> None:
    for cycle in state.live:
        rule = rules.clock(cycle.policy, cycle.clock)
        if rule.honours is not None:
            _set_due(state, cycle, rule, calendars)


def _set_due(state: CaseState, cycle: Cycle, rule: ClockRule, calendars: Calendars) -> None:
    pauses = state.pauses.get(rule.honours, ()) if rule.honours is not None else ()
    calendar = calendars.of_region(cycle.region)
    due, provisional, steps = schedule(rule, calendar, cycle.started_at, cycle.limit, pauses)
    cycle.due_at, cycle.provisional, cycle.steps = due, provisional, steps


def _extend(state: CaseState, event: StoredEvent, rules: ItemRules, calendars: Calendars) -> None:
    attributes = event.attributes or {}
    cycle = next((c for c in state.live if c.clock == attributes.get("clock")), None)
    by = _AMOUNT.fullmatch(attributes.get("by") or "")
    if cycle is None or by is None:
        return
    rule = rules.clock(cycle.policy, cycle.clock)
    most = rule.extendable_by
    amount = int(by.group(1))
    if most is None or by.group(2) != most.unit or cycle.extended + amount > most.amount:
        return
    if cycle.due_at is not None and event.at > cycle.due_at:
        return
    cycle.extended += amount
    cycle.limit += amount
    _set_due(state, cycle, rule, calendars)


_EFFECTS: Mapping[str, Callable[[CaseState, StoredEvent, ItemRules, Calendars], None]] = {
    **dict.fromkeys(OPENS_PAUSE, _open_pause),
    **dict.fromkeys(CLOSES_PAUSE, _close_pause),
    EXTENDED: _extend,
    TRANSFERRED: _transfer,
    RETURNED: _bounce,
}


def _stop(state: CaseState, event: StoredEvent, stops: Mapping[str, frozenset[str]]) -> None:
    """End the oldest live cycle of every clock that the event stops (``stops``, by policy)."""
    at = event.at
    stopped: list[str] = []
    left: list[Cycle] = []
    for cycle in state.live:
        clock = cycle.clock
        if clock not in stops[cycle.policy] or clock in stopped:
            left.append(cycle)
            continue
        stopped.append(clock)
        due = cycle.due_at
        cycle.status = MET if due is None or at <= due else MISSED
        cycle.stop_event_id = event.event_id
        _end(state, cycle, at)
    if stopped:
        state.live = left


def _end(state: CaseState, cycle: Cycle, at: int) -> None:
    """An ended cycle has no timer: what it reached before its end is left to a judgement."""
    cycle.stopped_at = at
    state.ended.append(cycle)
    if state.unjudged:
        return
    for reached in cycle.steps:
        if reached is not None and reached < at:
            state.unjudged = True
            return


def _close(state: CaseState, event: StoredEvent) -> None:
    if state.live:
        for cycle in state.live:
            cycle.status = CANCELLED
            _end(state, cycle, event.at)
        state.live = []
    state.closed_at = event.at
    state.outcome = event.type


def _start(state: CaseState, event: StoredEvent, rules: ItemRules, calendars: Calendars) -> None:
    policy = rules.policies[0]
    if len(rules.policies) > 1:
        policy = rules.in_force(day_of(event.at))
    at, live = event.at, state.live
    calendar = calendars.of_county(state.county)
    for start in policy.starts.get(event.type, ()):
        if start.where and not start.matches(event.attributes):
            continue
        rule = start.clock
        name, ordinal = rule.name, 1
        for cycle in live:
            if cycle.clock == name:
                ordinal += 1
        if ordinal > 1 and not rule.each:
            continue
        for cycle in state.ended:
            if cycle.clock == name:
                ordinal += 1
        honours = rule.honours
        pauses = state.pauses.get(honours, ()) if honours is not None else ()
        due, provisional, steps = schedule(rule, calendar, at, rule.amount, pauses)
        live.append(
            Cycle(
                name, event.event_id, ordinal, at, rule.policy, rule.amount,
                0, due, provisional, LIVE, None, None, steps, calendar.region,
            )
        )  # fmt: skip
