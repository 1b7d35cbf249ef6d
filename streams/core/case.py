"""A case: events go in in any order, the state that comes out is that of their set.

Part of the core. ``add`` settles identity and conflicts, keeps the events sorted, and applies an
event that is next in order; a late one folds the case again from its event list. ``advance``
gives events their effect whose time has come.
"""

from __future__ import annotations

from bisect import insort
from enum import StrEnum

from schemas.case_event import StoredEvent, precedence
from schemas.case_state import CaseState
from schemas.catalogue.digest import digest
from schemas.catalogue.model import Catalogue
from streams.core.calendar import Calendars
from streams.core.carry_over import carried_at, carry_over
from streams.core.fold import apply, item_event
from streams.core.rules import ItemRules


class Added(StrEnum):
    """What became of an event that was given to a case; also a metric label."""

    APPLIED = "applied"
    REFOLDED = "refolded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    PENDING = "pending"
    HELD = "held"


# A member of an enumeration costs twenty times as much when it is looked up by its class.
_APPLIED, _PENDING = Added.APPLIED, Added.PENDING


class Engine:
    """The core with its data: rules of the items and calendars. It holds no state of a case.

    ``version`` names both; a state that was folded with another one is folded again.
    ``catalogue`` is what the rules were built from: it has the names shown to people, and is named
    in the version by its digest.
    """

    def __init__(
        self,
        rules: dict[str, ItemRules],
        calendars: Calendars,
        catalogue: Catalogue | None = None,
    ) -> None:
        self.rules = rules
        self.catalogue = catalogue
        self.calendars = calendars
        self.version = f"{digest(catalogue) if catalogue else ''}/{calendars.version}"

    def add(self, state: CaseState, event: StoredEvent, now: int) -> Added:
        """Add an event to a case as of ``now`` (milliseconds) and say what became of it.

        An event ahead of ``now`` waits; without an item the case is held. The same event again
        changes nothing; of differing ones with one id the smallest counts, whichever came first.
        """
        events, at = state.events, event.at
        if not events:
            self._open(state, event, now)
        else:
            if state.judged_by != self.version:
                # Folded with another catalogue: its cycles may name policies that are no more.
                self.refold(state, now)
            event_id = event.event_id
            for known in events:
                if known.event_id == event_id:
                    return self._settle(state, known, event, now)
            last = events[-1]
            if at <= last.at and event.order < last.order:
                return self._insert(state, event, now)
        item = state.item
        if item is None:
            return self._insert(state, event, now)
        rules = self.rules[item]
        if rules.for_open and at <= now and self._precedes_policy(state, rules, at):
            return self._insert(state, event, now)
        applied = state.applied
        if at > now or applied != len(events):
            events.append(event)
            return _PENDING
        events.append(event)
        apply(state, event, rules, self.calendars)
        state.applied = applied + 1
        return _APPLIED

    def _precedes_policy(self, state: CaseState, rules: ItemRules, at: int) -> bool:
        """Carry over the policies until ``at``, or say that a later one has been already."""
        carried = carried_at(state, rules)
        if carried is not None and at < carried:
            return True
        if state.applied == len(state.events):
            carry_over(state, rules, self.calendars, at)
        return False

    def _open(self, state: CaseState, event: StoredEvent, now: int) -> None:
        """The first event of a case mostly says its item: then there is nothing to fold again."""
        state.judged_by = self.version
        if event.heading is not None and event.at <= now:
            state.item = event.heading.item

    def advance(self, state: CaseState, now: int) -> bool:
        """Apply the events and policies whose time has come; say whether there were any."""
        if state.item is None:
            if state.applied == len(state.events) or state.events[state.applied].at > now:
                return False
            self.refold(state, now)
            # A case that still has no item is held: nothing of it has changed.
            return state.applied > 0
        return self._fold(state, self.rules[state.item], now)

    def _fold(self, state: CaseState, rules: ItemRules, now: int) -> bool:
        """Apply, in their order, what has its time up to ``now``; say whether there was any."""
        events, before = state.events, state.applied
        for event in events[before:] if before else events:
            if event.at > now:
                break
            if rules.for_open:
                carry_over(state, rules, self.calendars, event.at)
            apply(state, event, rules, self.calendars)
            state.applied += 1
        carried = bool(rules.for_open) and carry_over(state, rules, self.calendars, now)
        return carried or state.applied > before

    def refold(self, state: CaseState, now: int) -> None:
        """Fold the case again from its events, as of ``now``; what was published stays noted."""
        _reset(state)
        state.judged_by = self.version
        first = item_event(state)
        if first is None or first.heading is None or first.at > now:
            return
        state.item = first.heading.item
        if state.item is None:
            return
        self._fold(state, self.rules[state.item], now)

    def _insert(self, state: CaseState, event: StoredEvent, now: int) -> Added:
        insort(state.events, event, key=lambda known: known.order)
        if event.at > now:
            # Pending events lie behind the applied ones: nothing that was folded has changed.
            return _PENDING
        self.refold(state, now)
        return Added.HELD if state.item is None else Added.REFOLDED

    def _settle(self, state: CaseState, known: StoredEvent, event: StoredEvent, now: int) -> Added:
        old, new = precedence(known, state.case_id), precedence(event, state.case_id)
        if old == new:
            return Added.DUPLICATE
        if new < old:
            state.events.remove(known)
            insort(state.events, event, key=lambda other: other.order)
            self.refold(state, now)
        return Added.CONFLICT


def _reset(state: CaseState) -> None:
    """Forget all that was folded; keep the events, what was published, and the loads."""
    state.item = state.county = state.township = state.department = None
    state.raised_by = state.channel = state.household = None
    state.submitted_at = state.closed_at = state.outcome = None
    state.reopened = state.bounces = state.applied = state.carried = 0
    state.pauses = {}
    state.live, state.ended, state.violations, state.set_aside = [], [], [], []
