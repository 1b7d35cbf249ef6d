"""Which signals of a household become which lead.

Part of the core. Windows stand still (``schemas/monitoring/leads.yaml``), so a signal's window
depends on nothing but the signal. Within a window all signals are one lead, unless that lead had
ended before a signal was seen: who was dismissed on the 10th and loses the house on the 20th is
found again, by a lead of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.household import LEAD_ITEM, HouseholdEvent, KnownSignal, LaterLead, Life
from schemas.lead import lead_case_id
from schemas.monitoring.model import Monitoring


@dataclass(frozen=True, slots=True)
class LeadGroup:
    """The signals that are one lead, in order, and its case."""

    case_id: str
    window_at: int
    signals: Sequence[KnownSignal]


def lead_groups(
    household: str,
    counting: Iterable[KnownSignal],
    cases: Iterable[HouseholdEvent],
    data: Monitoring,
) -> list[LeadGroup]:
    """Return the leads of the signals that count (in their order), by window and time."""
    return _groups(household, counting, _ended(cases), data)


def later_leads(
    household: str,
    counting: Iterable[KnownSignal],
    cases: Iterable[HouseholdEvent],
    data: Monitoring,
) -> list[LaterLead]:
    """Return the leads that are not the first of their window, by window and time."""
    ended = _ended(cases)
    if not ended:  # as nearly always: nothing follows on a lead that has not ended
        return []
    windows: set[int] = set()
    found = []
    for group in _groups(household, counting, ended, data):
        if group.window_at in windows:
            first = group.signals[0]
            found.append(LaterLead(group.window_at, first.at, first.signal_id, group.case_id))
        windows.add(group.window_at)
    return found


def _groups(
    household: str, counting: Iterable[KnownSignal], ended: Mapping[str, int], data: Monitoring
) -> list[LeadGroup]:
    by_window: dict[int, list[KnownSignal]] = {}
    for signal in counting:
        by_window.setdefault(data.window_of(signal.at), []).append(signal)
    return [
        group
        for window_at, signals in sorted(by_window.items())
        for group in _of_window(household, window_at, signals, ended)
    ]


def _of_window(
    household: str, window_at: int, signals: Sequence[KnownSignal], ended: Mapping[str, int]
) -> Iterable[LeadGroup]:
    ordinal = 0
    while signals:
        case_id = lead_case_id(household, window_at, ordinal)
        ended_at = ended.get(case_id)
        # The first signal of a lead belongs to it, whatever a clock of an office says.
        later = [
            each
            for each in signals
            if ended_at is not None and each.at > max(ended_at, signals[0].at)
        ]
        yield LeadGroup(case_id, window_at, signals[: len(signals) - len(later)])
        signals, ordinal = later, ordinal + 1


def _ended(cases: Iterable[HouseholdEvent]) -> dict[str, int]:
    return {case.case_id: at for case in cases if (at := _ended_at(case)) is not None}


def _ended_at(case: HouseholdEvent) -> int | None:
    """Return when a lead was dismissed or closed, whichever came first."""
    if case.item != LEAD_ITEM:
        return None
    ends = [each.at for each in case.milestones if each.life == Life.DISMISSED]
    if case.closed_at is not None:
        ends.append(case.closed_at)
    return min(ends, default=None)
