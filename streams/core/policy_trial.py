"""A policy tried on history: the cases as one catalogue and calendar judge them.

Part of the core, beside the stream: nothing here is recorded or published. A trial says to whom a
new policy applies:

- **new cycles only** (the rule of ``spec/clocks.md``): a cycle keeps the policy that was in force
  at 00:00 of the day on which it started.
- **open cycles too**: at 00:00 of the day on which the new policy comes into force, every live
  cycle of a clock that it still has goes over to it, with its start, its pauses and its extensions
  as they are. Its ladder is then that of the new limit: a step that had fired and would not have
  is withdrawn (``superseded``), one that would have fired already fires now, at the instant of the
  new limit. Three kinds of cycles keep the old policy, so that nobody is blamed by a rule that was
  not in force: those already past due, those that the new limit would put past due before that
  day, and those with an extension in a unit that the new limit does not have. A clock that only
  the new policy has starts with the next event that starts it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from schemas.case_event import StoredEvent
from schemas.case_state import CaseState, Cycle
from schemas.catalogue.model import Catalogue
from schemas.instants import start_of_day
from streams.core.calendar import Calendars
from streams.core.case import Engine
from streams.core.due import schedule
from streams.core.explanation_trace import settle
from streams.core.rules import ItemRules, PolicyRules, build_rules


class Trial:
    """Judges cases by one catalogue and calendar; ``open_too`` applies its newest policy to all.

    It holds no state of a case. A case of an item that the catalogue lacks has no verdicts.
    """

    def __init__(
        self, catalogue: Catalogue, calendars: Calendars, *, open_too: bool = False
    ) -> None:
        self.engine = Engine(build_rules(catalogue), calendars, catalogue=catalogue)
        self.open_too = open_too

    def judge(
        self, case_id: str, events: Iterable[StoredEvent], as_of: int
    ) -> tuple[CaseState, ItemRules | None]:
        """Return a case as of an instant (milliseconds), from its events in any order."""
        counted, _ = settle(case_id, events)
        state = CaseState(case_id, events=counted)
        item = next(
            (
                event.heading.item
                for event in counted
                if event.at <= as_of and event.heading is not None and event.heading.item
            ),
            None,
        )
        rules = None if item is None else self.engine.rules.get(item)
        if rules is not None:
            self._fold(state, rules, as_of)
        return state, rules

    def _fold(self, state: CaseState, rules: ItemRules, as_of: int) -> None:
        newest = rules.policies[-1]
        in_force_at = start_of_day(newest.in_force_from)
        if not self.open_too or len(rules.policies) == 1 or as_of < in_force_at:
            self.engine.refold(state, as_of)
            return
        self.engine.refold(state, in_force_at - 1)
        for cycle in state.live:
            _go_over(cycle, state, rules, newest, self.engine.calendars)
        self.engine.advance(state, as_of)


def _go_over(
    cycle: Cycle, state: CaseState, rules: ItemRules, newest: PolicyRules, calendars: Calendars
) -> None:
    """Bring a live cycle under the newest policy, unless it is one of those that keep theirs."""
    old, new = rules.clock(cycle.policy, cycle.clock), newest.clocks.get(cycle.clock)
    in_force_at = start_of_day(newest.in_force_from)
    if new is None or (cycle.due_at is not None and cycle.due_at < in_force_at):
        return
    if cycle.extended and new.unit is not old.unit:
        return
    limit = new.amount + cycle.extended
    pauses = state.pauses.get(new.honours, ()) if new.honours is not None else ()
    calendar = calendars.of_region(cycle.region)
    due, provisional, steps = schedule(new, calendar, cycle.started_at, limit, pauses)
    if due is not None and due < in_force_at:
        return
    cycle.policy, cycle.limit = new.policy, limit
    cycle.due_at, cycle.provisional, cycle.steps = due, provisional, list(steps)


def up_to_policy(catalogue: Catalogue, policy: str) -> Catalogue:
    """Return a catalogue as it was when ``policy`` was its newest one.

    Raises ``KeyError`` for a policy that it does not have.
    """
    dates = [
        version.in_force_from
        for versions in catalogue.versions.values()
        for version in versions
        if version.policy == policy
    ]
    if not dates:
        raise KeyError(policy)
    kept = {
        code: tuple(version for version in versions if version.in_force_from <= dates[0])
        for code, versions in catalogue.versions.items()
    }
    return replace(catalogue, versions={code: kept[code] for code in kept if kept[code]})


def in_force_from(old: Catalogue, new: Catalogue, day: dt.date) -> Catalogue:
    """Return ``old`` with the newest versions of ``new`` in force from ``day`` instead.

    An item that only ``new`` has is in it from the beginning.
    """
    versions = dict(old.versions)
    for code, of_new in new.versions.items():
        before = tuple(v for v in old.versions.get(code, ()) if v.in_force_from < day)
        names = {version.policy for version in before}
        policy = of_new[-1].policy
        while policy in names:
            policy += "′"
        versions[code] = (*before, replace(of_new[-1], policy=policy, in_force_from=day))
    return replace(new, versions=versions)
