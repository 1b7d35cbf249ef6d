"""What a case adds to the absolute counts: the groups it is one of, as its state stands.

Part of the core (``schemas.aggregate`` says what each measure counts). A change of a case is the
difference between its groups before and after.
"""

from __future__ import annotations

from schemas.aggregate import Measure
from schemas.case_state import CaseState
from schemas.dates import date_text
from schemas.instants import MINUTE_MS, day_of

# measure, day, county, item, department, raised_by, channel, clock, status, due_at, supervised_from
GroupKey = tuple[
    str, str | None, str | None, str | None, str | None, str | None, str | None, str | None,
    str | None, int | None, int | None,
]  # fmt: skip
OVERALL = "overall"

_days: dict[int, str] = {}


def groups(state: CaseState) -> tuple[GroupKey, ...]:
    """Return the groups that the case is counted in; none before it was submitted."""
    if state.item is None or state.submitted_at is None:
        return ()
    received = (
        Measure.RECEIVED, _day(state.submitted_at), state.county, state.item, None,
        state.raised_by, state.channel, None, None, None, None,
    )  # fmt: skip
    return (received, _open(state) if state.closed_at is None else _closed(state, state.closed_at))


def _closed(state: CaseState, closed_at: int) -> GroupKey:
    return (
        Measure.CLOSED, _day(closed_at), state.county, state.item, None, state.raised_by,
        None, None, state.outcome, None, None,
    )  # fmt: skip


def _open(state: CaseState) -> GroupKey:
    earliest = supervised_from = None
    for cycle in state.live:
        if cycle.due_at is None:
            continue
        if earliest is None or cycle.due_at < earliest:
            earliest = cycle.due_at
        if cycle.clock == OVERALL:
            supervised_from = cycle.due_at
    return (
        Measure.OPEN, None, state.county, state.item, state.department, state.raised_by,
        None, None, None, _minute(earliest), _minute(supervised_from),
    )  # fmt: skip


def _minute(instant: int | None) -> int | None:
    """Round up to the minute, so that a count never calls a case late before it is."""
    return None if instant is None else -(-instant // MINUTE_MS) * MINUTE_MS


def _day(instant: int) -> str:
    day = day_of(instant)
    text = _days.get(day)
    if text is None:
        text = _days[day] = date_text(day)
    return text
