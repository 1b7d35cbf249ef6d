"""The slow path of ``schemas.case_event.decode``: what exactly is wrong with a record, if it is.

Reached by records that the strict decode refuses. Most are bad, and the answer names the field
and the remedy; some are good in an unusual way (unknown fields, explicit nulls, ``3.0`` for 3).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Container
from typing import Any, get_args

from schemas.case_event import (
    SCHEMA_VERSION,
    Channel,
    Department,
    Heading,
    RaisedBy,
    StoredEvent,
    canonical_json,
    check_attributes,
    check_depth,
    is_whole_number,
    personal_data_found,
)
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.instants import parse_instant
from schemas.personal import finds_personal_data

_REQUIRED = ("event_id", "case_id", "type", "occurred_at", "schema_version")
_REQUIRED_ON_SUBMITTED = ("item", "county", "raised_by", "channel")
_TEXTS = (*_REQUIRED, *_REQUIRED_ON_SUBMITTED, "township", "department", "household")
_CHOICES = {
    "raised_by": get_args(RaisedBy),
    "channel": get_args(Channel),
    "department": get_args(Department),
}
_PATTERNS = {
    "county": (re.compile(r"53[0-9]{4}"), "6 digits of GB/T 2260 that begin with 53"),
    "township": (re.compile(r"[0-9]{9}"), "9 digits"),
}
_HEADING = ("item", "county", "township", "department", "raised_by", "channel", "household")


def decode_with_faults(raw: bytes, items: Container[str]) -> tuple[str, StoredEvent]:
    """Return the case id and event of an unusual record, or raise ``InvalidRecord``."""
    record = _parsed(raw)
    check_depth(record)
    whole = canonical_json(record)
    given = {name: value for name, value in record.items() if value is not None}
    _check_presence(given)
    _check_types(given)
    _check_values(given, items)
    if finds_personal_data(raw) or finds_personal_data(whole.encode()):
        raise personal_data_found()
    try:
        at = parse_instant(given["occurred_at"])
    except (ValueError, OverflowError) as fault:
        raise InvalidRecord(DeadLetterReason.WRONG_VALUE, f"occurred_at: {fault}") from None
    attributes = given.get("attributes")
    if attributes is not None:
        check_attributes(attributes)
    heading = Heading(**{name: given.get(name) for name in _HEADING})
    sequence = given.get("sequence")
    return given["case_id"], StoredEvent(
        at,
        given["event_id"],
        given["type"],
        None if sequence is None else int(sequence),
        attributes,
        heading if any(name in given for name in _HEADING) else None,
        whole=whole,
    )


def _parsed(raw: bytes) -> dict[str, Any]:
    if raw.startswith(codecs.BOM_UTF8):
        raise InvalidRecord(
            DeadLetterReason.NOT_JSON,
            "a byte order mark stands before the JSON; write UTF-8 without one",
        )
    try:
        record = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        # A lone surrogate is no text: it could be neither stored nor sent on.
        canonical_json(record).encode("utf-8")
    except (ValueError, RecursionError):
        raise InvalidRecord(
            DeadLetterReason.NOT_JSON, "the record is not JSON in UTF-8; send one JSON object"
        ) from None
    if not isinstance(record, dict):
        raise InvalidRecord(
            DeadLetterReason.NOT_AN_OBJECT, "the record is not a JSON object; send one per record"
        )
    return record


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_presence(given: dict[str, Any]) -> None:
    names: tuple[str, ...] = _REQUIRED
    if given.get("type") == "submitted":
        names += _REQUIRED_ON_SUBMITTED
    missing = [name for name in names if name not in given]
    if missing:
        raise InvalidRecord(
            DeadLetterReason.MISSING_FIELD, f"required and missing: {', '.join(missing)}"
        )


def _check_types(given: dict[str, Any]) -> None:
    for name in _TEXTS:
        if name in given and not isinstance(given[name], str):
            raise InvalidRecord(DeadLetterReason.WRONG_TYPE, f"{name} must be a string")
    if "sequence" in given and not is_whole_number(given["sequence"]):
        raise InvalidRecord(DeadLetterReason.WRONG_TYPE, "sequence must be an integer")
    if "attributes" in given and not isinstance(given["attributes"], dict):
        raise InvalidRecord(DeadLetterReason.WRONG_TYPE, "attributes must be an object")


def _check_values(given: dict[str, Any], items: Container[str]) -> None:
    for name in ("event_id", "case_id"):
        if not 1 <= len(given[name]) <= 64:
            raise InvalidRecord(
                DeadLetterReason.WRONG_VALUE, f"{name} must have 1 to 64 characters"
            )
    if given["schema_version"] != SCHEMA_VERSION:
        raise InvalidRecord(
            DeadLetterReason.UNKNOWN_SCHEMA_VERSION, f'schema_version must be "{SCHEMA_VERSION}"'
        )
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            raise InvalidRecord(
                DeadLetterReason.WRONG_VALUE, f"{name} must be one of {', '.join(choices)}"
            )
    for name, (pattern, meaning) in _PATTERNS.items():
        if name in given and not pattern.fullmatch(given[name]):
            raise InvalidRecord(DeadLetterReason.WRONG_VALUE, f"{name} must be {meaning}")
    if "item" in given and given["item"] not in items:
        raise InvalidRecord(
            DeadLetterReason.UNKNOWN_ITEM,
            "item names no item; `jushou catalogue` lists them",
        )
