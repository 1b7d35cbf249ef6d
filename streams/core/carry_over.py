"""A new policy comes into force: live cycles go over to it where its file says ``open``.

Part of the core, beside the fold. A policy says to whom it applies (``applies_to``):

- **new** (the rule of ``spec/clocks.md``): a cycle keeps the policy that was in force at 00:00 of
  the day on which it started.
- **open**: at 00:00 of the day on which the policy comes into force, every live cycle of a clock
  that it still has goes over to it, with its start, its pauses and its extensions as they are. Its
  ladder is then that of the new limit: a step that had fired and would not have is withdrawn
  (``superseded``), one that would have fired already fires now, at the instant of the new limit.

Three kinds of cycles keep the old policy even then, so that nobody is blamed by a rule that was
not in force: those already past due, those that the new limit would put past due before that day,
and those with an extension in a unit that the new limit does not have. A clock that only the new
policy has starts with the next event that starts it.

It happens after all events before that 00:00 and before those at it, so a case still depends on
the set of its events and the instant alone; a late event folds the case again, this included.
"""

from __future__ import annotations

from schemas.case_state import CaseState, Cycle
from streams.core.calendar import Calendars
from streams.core.due import schedule
from streams.core.rules import ItemRules, PolicyRules


def carry_over(state: CaseState, rules: ItemRules, calendars: Calendars, until: int) -> bool:
    """Apply the policies for open cycles that came into force up to ``until`` (milliseconds).

    All events before ``until`` must have been applied. Say whether there was any such policy.
    """
    first = state.carried
    for policy in rules.for_open[first:]:
        if policy.in_force_at > until:
            break
        for cycle in state.live:
            _go_over(cycle, state, rules, policy, calendars)
        state.carried += 1
    return state.carried > first


def carried_at(state: CaseState, rules: ItemRules) -> int | None:
    """Return the instant of the latest policy that was carried over, ``None`` without one."""
    return rules.for_open[state.carried - 1].in_force_at if state.carried else None


def next_carry_over(state: CaseState, rules: ItemRules) -> int | None:
    """Return the instant of the next policy that has to be carried over, ``None`` without one."""
    if state.carried >= len(rules.for_open):
        return None
    return rules.for_open[state.carried].in_force_at


def _go_over(
    cycle: Cycle, state: CaseState, rules: ItemRules, newer: PolicyRules, calendars: Calendars
) -> None:
    """Bring a live cycle under a newer policy, unless it is one of those that keep theirs."""
    old, new = rules.clock(cycle.policy, cycle.clock), newer.clocks.get(cycle.clock)
    if new is None or (cycle.due_at is not None and cycle.due_at < newer.in_force_at):
        return
    if cycle.extended and new.unit is not old.unit:
        return
    limit = new.amount + cycle.extended
    pauses = state.pauses.get(new.honours, ()) if new.honours is not None else ()
    calendar = calendars.of_region(cycle.region)
    due, provisional, steps = schedule(new, calendar, cycle.started_at, limit, pauses)
    if due is not None and due < newer.in_force_at:
        return
    cycle.policy, cycle.limit = new.policy, limit
    cycle.due_at, cycle.provisional, cycle.steps = due, provisional, steps
