"""Short ways to write down signals and what cases say of a household."""

from __future__ import annotations

import json
from typing import Any

from schemas.household import LEAD_ITEM, HouseholdEvent, KnownSignal, Life, Milestone
from schemas.instants import parse_instant


def ms(text: str) -> int:
    """``2026-03-02 09:00`` in Shanghai, in milliseconds."""
    return parse_instant(f"{text[:10]}T{text[11:] or '00:00'}:00+08:00")


def signal_record(signal_id: str, household: str, at: str, **fields: Any) -> dict[str, Any]:
    """A good screening record; ``fields`` replace what it says."""
    return {
        "signal_id": signal_id,
        "household": household,
        "county": "530102",
        "source": "screening",
        "department": "education",
        "indicator": "dropout",
        "value": 10,
        "threshold": 6,
        "observed_at": f"{at[:10]}T{at[11:] or '00:00'}:00+08:00",
        "household_kind": "none",
        "schema_version": "1",
    } | fields


def encoded(record: dict[str, Any]) -> bytes:
    """The bytes of a record."""
    return json.dumps(record, ensure_ascii=False).encode()


def seen(signal_id: str, at: str, indicator: str = "dropout", **fields: Any) -> KnownSignal:
    """A signal that counts, as a household keeps it."""
    given: dict[str, Any] = {
        "source": "inspection",
        "department": "education",
        "county": "530102",
        "township": "",
        "kind": "none",
        "value": None,
    } | fields
    return KnownSignal(ms(at), signal_id, indicator=indicator, **given)


def says(
    case_id: str, at: str, version: int = 1, item: str = "water.drinking", **fields: Any
) -> HouseholdEvent:
    """What a request of the household itself says; ``closed`` is an instant in words."""
    closed = fields.pop("closed", None)
    given: dict[str, Any] = {
        "household": "H1",
        "county": "530102",
        "raised_by": "self",
        "channel": "app",
        "closed_at": ms(closed) if closed else None,
        "outcome": "resolved" if closed else "",
    } | fields
    return HouseholdEvent(case_id=case_id, version=version, item=item, submitted_at=ms(at), **given)


def lead(
    case_id: str, at: str, *milestones: tuple[str, Life], version: int = 1, **fields: Any
) -> HouseholdEvent:
    """What a lead says, with its milestones."""
    told = [Milestone(ms(when), f"{case_id}-{number}", life)
            for number, (when, life) in enumerate(milestones)]  # fmt: skip
    return says(
        case_id, at, version, LEAD_ITEM, raised_by="government", channel="screening",
        milestones=told, **fields,
    )  # fmt: skip
