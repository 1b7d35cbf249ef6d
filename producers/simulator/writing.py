"""How the departments' systems write what happened: each with its own habits.

Medical insurance writes UTC with milliseconds, the others Shanghai time to the second; health and
medical insurance number their events. Ids hold no run of eleven digits, which could look like a
telephone.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from producers.simulator.walk import Case, Moment
from schemas.case_event import CaseEvent
from schemas.instants import DAY_MS, HOUR_MS, OFFSET_MS, date_of_day

_WRITES_UTC = "medical-insurance"
_NUMBERS = frozenset({"medical-insurance", "health"})
# As in ``CaseEvent``: a field that is absent, not an explicit null.
_ABSENT = cast(Any, None)


def written(case: Case, moments: list[Moment]) -> list[CaseEvent]:
    """Return the events of a case, in the order of ``moments``, ids in the order of time."""
    department = case.life.department
    write = utc_text if department == _WRITES_UTC else shanghai_text
    numbers = department in _NUMBERS
    case_id = case.case_id
    events = [_submitted(case, write(case.submitted_at), numbers)]
    for number, (at, type_, attributes, county, township, moved_to) in enumerate(moments[1:], 2):
        events.append(
            CaseEvent(
                event_id=f"{case_id}-{number:02d}",
                case_id=case_id,
                type=type_,
                occurred_at=write(at),
                schema_version="1",
                county=cast(Any, county),
                township=cast(Any, township),
                department=cast(Any, moved_to),
                sequence=number if numbers else _ABSENT,
                attributes=cast(Any, attributes),
            )
        )
    return events


def _submitted(case: Case, occurred_at: str, numbers: bool) -> CaseEvent:
    return CaseEvent(
        event_id=f"{case.case_id}-01",
        case_id=case.case_id,
        type="submitted",
        occurred_at=occurred_at,
        schema_version="1",
        item=case.life.item,
        county=case.place.code,
        township=case.township,
        raised_by=cast(Any, case.origin.raised_by),
        channel=cast(Any, case.origin.channel),
        household=case.household,
        sequence=1 if numbers else _ABSENT,
    )


def shanghai_text(instant: int) -> str:
    """Return the instant at +08:00, to the second."""
    days, of_day = divmod(instant + OFFSET_MS, DAY_MS)
    hour, rest = divmod(of_day // 1000, 3600)
    return f"{_date_text(days)}T{hour:02d}:{rest // 60:02d}:{rest % 60:02d}+08:00"


def utc_text(instant: int) -> str:
    """Return the instant in UTC with milliseconds."""
    days, of_day = divmod(instant, DAY_MS)
    hour, rest = divmod(of_day, HOUR_MS)
    second = rest // 1000
    return f"{_date_text(days)}T{hour:02d}:{second // 60:02d}:{second % 60:02d}.{rest % 1000:03d}Z"


@cache
def _date_text(day: int) -> str:
    return date_of_day(day).isoformat()
