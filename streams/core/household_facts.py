"""What a case says of its household, from the state of the case.

Part of the core; the first stage of the household worker calls it for each state that it reads.
"""

from __future__ import annotations

from schemas.case_event import StoredEvent
from schemas.case_state import CaseState
from schemas.household import LEAD_ITEM, HouseholdEvent, Life, Milestone

_CHANGES_PER_GENERATION = 2**40
_MILESTONES = {"dismissed": Life.DISMISSED, "measures_assigned": Life.ASSISTED}
SUBMITTED = "submitted"
VERIFIED = "verified"
NOTE = "note"
# What the spec's catalogue has no event for, and no clock may notice, is told by a note of the
# lead whose attribute ``life`` says it.
_TOLD_BY_A_NOTE = {life.value: life for life in (Life.CLEARED, Life.RELAPSED)}


def household_event(state: CaseState) -> HouseholdEvent | None:
    """Return what the case says; none while it names no household or is not submitted."""
    if (
        state.household is None
        or state.item is None
        or state.submitted_at is None
        or state.county is None
    ):
        return None
    return HouseholdEvent(
        household=state.household,
        case_id=state.case_id,
        version=_version(state),
        item=state.item,
        county=state.county,
        township=state.township or "",
        raised_by=state.raised_by or "",
        channel=state.channel or "",
        submitted_at=state.submitted_at,
        closed_at=state.closed_at,
        outcome=state.outcome or "",
        milestones=_milestones(state) if state.item == LEAD_ITEM else [],
    )


def gone_event(state: CaseState, household: str) -> HouseholdEvent:
    """Return what tells a household that the case says nothing of it any more."""
    return HouseholdEvent(
        household=household, case_id=state.case_id, version=_version(state), item="", county="",
        raised_by="", channel="", submitted_at=0, gone=True,
    )  # fmt: skip


def named_households(state: CaseState) -> set[str]:
    """Return the households that submissions of the case name, its own included.

    A submission that arrives late and happened earlier makes the case that of its household.
    """
    return {
        event.heading.household
        for event in state.events
        if event.type == SUBMITTED and event.heading is not None and event.heading.household
    }


def _version(state: CaseState) -> int:
    return state.generation * _CHANGES_PER_GENERATION + state.change


def _milestones(state: CaseState) -> list[Milestone]:
    """Return the milestones among the events whose time has come, in order.

    Those after the end of the lead count too: a household is cleared long after its case closed.
    """
    found = []
    for event in state.events[: state.applied]:
        life = _life_of(event)
        if life is not None:
            found.append(Milestone(event.at, event.event_id, life))
    return found


def _life_of(event: StoredEvent) -> Life | None:
    if event.type == NOTE:
        said = (event.attributes or {}).get("life")
        return _TOLD_BY_A_NOTE.get(said) if isinstance(said, str) else None
    if event.type == VERIFIED:
        confirmed = (event.attributes or {}).get("confirmed") is True
        return Life.VERIFIED if confirmed else Life.DISMISSED
    return _MILESTONES.get(event.type)
