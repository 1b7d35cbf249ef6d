"""The JSON Schemas of the records on the wire, derived from their types.

``jushou schemas`` writes them to ``schemas/json``; a test checks that they are current. A case
state travels as MessagePack arrays: its schema names the fields in their order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from schemas.action import Action
from schemas.aggregate import Aggregate
from schemas.bulk_load import LoadBracket
from schemas.case_event import CaseEvent
from schemas.case_state import CaseState
from schemas.checkpoint import Checkpoint
from schemas.delivery import Delivery
from schemas.escalation import Escalation
from schemas.household import HouseholdCheckpoint, HouseholdEvent, HouseholdState
from schemas.signal import Signal

FOLDER = Path(__file__).parent / "json"
RECORDS: dict[str, type] = {
    "case-event": CaseEvent,
    "load-bracket": LoadBracket,
    "signal": Signal,
    "escalation": Escalation,
    "case-state": CaseState,
    "aggregate": Aggregate,
    "action": Action,
    "delivery": Delivery,
    "checkpoint": Checkpoint,
    "household-event": HouseholdEvent,
    "household-state": HouseholdState,
    "household-checkpoint": HouseholdCheckpoint,
}
# What the contract says and the strict type of the fast path does not: unknown fields are kept
# but not trusted, optional fields may be null, and a submission carries more.
_SUBMITTED = {
    "if": {"properties": {"type": {"const": "submitted"}}, "required": ["type"]},
    "then": {"required": ["item", "county", "raised_by", "channel"]},
}


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record by its name in ``RECORDS``."""
    schema = msgspec.json.schema(RECORDS[name])
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = f"urn:jushou:schema:{name}:1"
    if name == "case-event":
        _loosen(schema["$defs"]["CaseEvent"])
    return schema


def _loosen(event: dict[str, Any]) -> None:
    event["additionalProperties"] = True
    event["properties"]["occurred_at"]["format"] = "date-time"
    for field, kind in event["properties"].items():
        if field not in event["required"]:
            kind.pop("default", None)
            event["properties"][field] = {"anyOf": [kind, {"type": "null"}]}
    event |= _SUBMITTED


def rendered(name: str) -> str:
    """Return the text of the schema's file."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def path_of(name: str) -> Path:
    """Return the file of a schema."""
    return FOLDER / f"{name}.schema.json"
