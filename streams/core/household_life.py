"""The life of a monitored household, from the milestones of its leads.

Part of the core. Found, then dismissed or verified; verified, then assisted, then cleared; cleared,
then perhaps relapsed: said by the county, or shown by a new confirmation after the clearing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.household import LEAD_ITEM, HouseholdEvent, Life, LifeEvent

# At one instant in the order in which they can follow each other.
_RANK = {life: rank for rank, life in enumerate(Life)}
# Found again or dismissed, a household that is under monitoring stays so.
_MONITORED = frozenset({Life.VERIFIED, Life.ASSISTED, Life.RELAPSED})


@dataclass(slots=True)
class Lived:
    """The events in order, and where they leave the household; ``cleared``: and not fallen back.

    ``statuses`` are those that it had, each with the instant from which on.
    """

    events: list[LifeEvent] = field(default_factory=list)
    status: str = ""
    status_at: int | None = None
    cleared: bool = False
    statuses: list[tuple[int, str]] = field(default_factory=list)


def live(cases: Iterable[HouseholdEvent]) -> Lived:
    """Return the life by the leads among the cases."""
    told: list[tuple[int, int, str, str]] = []
    for case in cases:
        if case.item != LEAD_ITEM:
            continue
        told.append((case.submitted_at, _RANK[Life.FOUND], case.case_id, ""))
        told += [
            (each.at, _RANK[Life(each.life)], case.case_id, each.event_id)
            for each in case.milestones
        ]
    lived = Lived()
    ranked = list(Life)
    for at, rank, case_id, _ in sorted(told):
        _apply(lived, at, ranked[rank], case_id)
    return lived


def _apply(lived: Lived, at: int, life: Life, case_id: str) -> None:
    if life is Life.VERIFIED and lived.cleared:
        # Confirmed again after it was cleared: that is falling back, whether or not it was said.
        _apply(lived, at, Life.RELAPSED, case_id)
    lived.events.append(LifeEvent(at, life, case_id))
    if life is Life.CLEARED:
        lived.cleared = True
    elif life is Life.RELAPSED:
        lived.cleared = False
    if life in (Life.FOUND, Life.DISMISSED) and lived.status in _MONITORED:
        return
    status = Life.CLEARED if life is Life.DISMISSED and lived.cleared else life
    if status != lived.status:
        lived.status, lived.status_at = status, at
        lived.statuses.append((at, status))
