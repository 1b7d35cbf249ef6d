"""What the facts of a household come to: who came first, its life, its kind, its risk.

Part of the core: a pure function of the set of facts and of the monitoring data. Facts are put in
order by their instants, ties by ids, so that no order of arrival shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.household import (
    LEAD_ITEM,
    Direction,
    HouseholdEvent,
    HouseholdSummary,
    KnownSignal,
    Life,
)
from schemas.instants import SECOND_MS
from schemas.monitoring.model import Monitoring
from streams.core.household_leads import later_leads
from streams.core.household_life import Lived, live
from streams.core.household_past import Kind, Place, kinds_of, past
from streams.core.risk import RiskFacts, drivers, levels_over, trail

GOVERNMENT = "government"


@dataclass(frozen=True, slots=True)
class Facts:
    """Signals in the order of ``KnownSignal.order``, cases in that of their ids."""

    household: str
    signals: Sequence[KnownSignal]
    cases: Sequence[HouseholdEvent]


def summarise(facts: Facts, monitoring: Monitoring) -> HouseholdSummary:
    """Return what the facts of one household come to."""
    counting = [signal for signal in facts.signals if monitoring.judge(signal).counts]
    requests = sorted(
        (case for case in facts.cases if case.raised_by != GOVERNMENT),
        key=lambda case: (case.submitted_at, case.case_id),
    )
    lived = live(facts.cases)
    summary = HouseholdSummary(
        status=lived.status,
        status_at=lived.status_at,
        indicators=sorted({signal.indicator for signal in counting}),
        asked_after_dismissal_at=_asked_after_dismissal(lived, requests),
        signals=len(counting),
        below_threshold=len(facts.signals) - len(counting),
        leads=sum(case.item == LEAD_ITEM for case in facts.cases),
        requests=len(requests),
        open_cases=sum(case.closed_at is None for case in facts.cases),
        life=lived.events,
        rules=monitoring.version,
        later_leads=later_leads(facts.household, counting, facts.cases, monitoring),
    )
    places, kinds = _places(facts), kinds_of(facts.signals, monitoring)
    _standing(summary, places, kinds)
    summary.past = past(places, kinds, lived.statuses)
    summary.indicators_at = [
        next(signal.at for signal in counting if signal.indicator == indicator)
        for indicator in summary.indicators
    ]
    _first(summary, counting, facts.cases, requests, monitoring)
    _risk(summary, facts, counting, places, monitoring)
    return summary


def _places(facts: Facts) -> list[Place]:
    """Return the counties of the facts in their order: households move, cases are transferred."""
    places = [Place(each.at, each.signal_id, each.county, each.township) for each in facts.signals]
    places += [
        Place(each.submitted_at, each.case_id, each.county, each.township) for each in facts.cases
    ]
    return sorted(places)


def _standing(summary: HouseholdSummary, places: Sequence[Place], kinds: Sequence[Kind]) -> None:
    """The place of the newest fact, and the kind that the newest signal says, and since when."""
    if places:
        summary.county, summary.township = places[-1].county, places[-1].township
    for each in kinds:
        if each.kind != summary.kind:
            summary.kind, summary.kind_at = each.kind, each.at
        summary.category = each.category


def _first(
    summary: HouseholdSummary,
    counting: Sequence[KnownSignal],
    cases: Sequence[HouseholdEvent],
    requests: Sequence[HouseholdEvent],
    data: Monitoring,
) -> None:
    """Who came first, and how long before the other."""
    if counting:
        summary.first_signal_at = counting[0].at
    # A signal before the lead that it made, which is found at the same instant.
    found = [(each.at, 0, each.signal_id, each.indicator, each.source) for each in counting]
    found += [
        (case.submitted_at, 1, case.case_id, data.asked_for.get(case.item, ""), case.channel)
        for case in cases
        if case.raised_by == GOVERNMENT
    ]
    if found:
        at, _, _, summary.first_found_indicator, summary.first_found_by = min(found)
        summary.first_found_at = at
    if requests:
        first = requests[0]
        summary.first_request_at, summary.first_request_item = first.submitted_at, first.item
        summary.first_request_indicator = data.asked_for.get(first.item, "")
    summary.first_direction = _direction(summary.first_found_at, summary.first_request_at)
    if summary.first_found_at is not None and summary.first_request_at is not None:
        summary.lead_time_s = (summary.first_request_at - summary.first_found_at) // SECOND_MS


def _direction(found_at: int | None, asked_at: int | None) -> Direction:
    if found_at is None:
        return Direction.NONE if asked_at is None else Direction.PEOPLE
    return Direction.GOVERNMENT if asked_at is None or found_at <= asked_at else Direction.PEOPLE


def _asked_after_dismissal(lived: Lived, requests: Sequence[HouseholdEvent]) -> int | None:
    dismissed_at = min(
        (event.at for event in lived.events if event.life == Life.DISMISSED), default=None
    )
    if dismissed_at is None:
        return None
    return min((each.submitted_at for each in requests if each.submitted_at > dismissed_at),
               default=None)  # fmt: skip


def _risk(
    summary: HouseholdSummary,
    facts: Facts,
    counting: Sequence[KnownSignal],
    places: Sequence[Place],
    data: Monitoring,
) -> None:
    summary.drivers = drivers(
        RiskFacts(
            facts.household,
            counting,
            facts.signals,
            facts.cases,
            summary.life,
            summary.asked_after_dismissal_at,
        ),
        data,
    )
    summary.levels = levels_over([(place.at, place.county) for place in places], data)
    summary.trail = trail(summary.drivers, summary.levels)
