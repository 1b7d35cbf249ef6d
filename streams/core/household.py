"""A household: facts go in in any order, the state that comes out is that of their set.

Part of the core. ``add_signal`` and ``add_case`` take facts in and settle conflicts; ``settle``
folds the facts into the summary; ``leads`` gives what has to be published. No I/O and no clock:
nothing of a household depends on now, its risk decays by a rule (``streams.core.risk``).
"""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from schemas.household import (
    HouseholdEvent,
    HouseholdState,
    HouseholdSummary,
    KnownSignal,
    PublishedLead,
)
from schemas.lead import encode, lead_event
from schemas.monitoring.model import Monitoring
from schemas.signal import precedence
from streams.core.household_leads import lead_groups
from streams.core.household_summary import Facts, summarise

# Raise it when the summary of the same facts becomes another: states that were folded before are
# folded again by the worker that reads them back.
_FOLD = 3


class Taken(StrEnum):
    """What became of a fact that was given to a household; also a metric label."""

    ADDED = "added"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead to publish: the key and bytes of its record."""

    case_id: str
    record: bytes


def add_signal(state: HouseholdState, signal: KnownSignal) -> Taken:
    """Add a signal; of differing ones with one id the smallest counts, whichever came first."""
    for known in state.signals:
        if known.signal_id == signal.signal_id:
            return _settle_conflict(state, known, signal)
    insort(state.signals, signal, key=lambda each: each.order)
    return Taken.ADDED


def _settle_conflict(state: HouseholdState, known: KnownSignal, signal: KnownSignal) -> Taken:
    old, new = precedence(known), precedence(signal)
    if old == new:
        return Taken.DUPLICATE
    if new < old:
        state.signals.remove(known)
        insort(state.signals, signal, key=lambda each: each.order)
    return Taken.CONFLICT


def add_case(state: HouseholdState, event: HouseholdEvent) -> Taken:
    """Take in what a case says of its household; what is newer by version replaces all before.

    A case that is gone is kept as such: what it said before may come again.
    """
    for place, known in enumerate(state.cases):
        if known.case_id == event.case_id:
            if event.version <= known.version:
                return Taken.DUPLICATE if event == known else Taken.OUTDATED
            state.cases[place] = event
            return Taken.ADDED
    if event.gone:
        return Taken.OUTDATED
    insort(state.cases, event, key=lambda each: each.case_id)
    return Taken.ADDED


def settle(state: HouseholdState, monitoring: Monitoring) -> list[Lead]:
    """Fold the facts into the summary, note the leads, and return those still to be published.

    The summary depends on the set of the facts only. A lead is returned when its record is not
    the one that was last published: for the first time, or since a late signal was seen earlier.
    """
    facts = facts_of(state)
    state.summary = summarise(facts, monitoring)
    state.folded_by = folded_by(monitoring)
    counting = [signal for signal in state.signals if monitoring.judge(signal).counts]
    published = {each.case_id: each for each in state.published}
    due: list[Lead] = []
    for group in lead_groups(state.household, counting, facts.cases, monitoring):
        record = encode(lead_event(state.household, group.case_id, group.signals))
        digest = hashlib.sha256(record).hexdigest()[:16]
        known = published.get(group.case_id)
        if known is None or known.digest != digest:
            published[group.case_id] = PublishedLead(group.case_id, group.window_at, digest)
            due.append(Lead(group.case_id, record))
    state.published = sorted(published.values(), key=lambda each: (each.window_at, each.case_id))
    return due


def folded_by(monitoring: Monitoring) -> str:
    """Return the name of what folds: this fold with this monitoring data."""
    return f"{monitoring.version}/{_FOLD}"


def facts_of(state: HouseholdState, as_of: int | None = None) -> Facts:
    """Return the facts of a household, or those that had happened by ``as_of`` (ms)."""
    cases = [case for case in state.cases if not case.gone]
    if as_of is None:
        return Facts(state.household, state.signals, cases)
    return Facts(
        state.household,
        [signal for signal in state.signals if signal.at <= as_of],
        list(_cases_by(cases, as_of)),
    )


def _cases_by(cases: Iterable[HouseholdEvent], as_of: int) -> Iterable[HouseholdEvent]:
    for case in cases:
        if case.submitted_at > as_of:
            continue
        is_closed = case.closed_at is not None and case.closed_at <= as_of
        yield msgspec.structs.replace(
            case,
            closed_at=case.closed_at if is_closed else None,
            outcome=case.outcome if is_closed else "",
            milestones=[each for each in case.milestones if each.at <= as_of],
        )


def summary_as_of(state: HouseholdState, monitoring: Monitoring, as_of: int) -> HouseholdSummary:
    """Return the summary by the facts that had happened by ``as_of`` (milliseconds)."""
    return summarise(facts_of(state, as_of), monitoring)
