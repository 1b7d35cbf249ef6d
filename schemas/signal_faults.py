"""The slow path of ``schemas.signal.decode``: what exactly is wrong with a record, if it is."""

from __future__ import annotations

import json
import re
from typing import Any, cast, get_args

from schemas.case_event import Department, canonical_json, personal_data_found
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.instants import parse_instant
from schemas.personal import finds_personal_data
from schemas.signal import SCHEMA_VERSION, HouseholdKind, Indicator, Signal, SignalSource

_REQUIRED = (
    "signal_id", "household", "county", "source", "department", "indicator", "observed_at",
    "schema_version",
)  # fmt: skip
_TEXTS = (*_REQUIRED, "township", "household_kind")
_NUMBERS = ("value", "threshold")
_CHOICES = {
    "source": get_args(SignalSource),
    "department": get_args(Department),
    "indicator": get_args(Indicator),
    "household_kind": get_args(HouseholdKind),
}
_PATTERNS = {
    "county": (re.compile(r"53[0-9]{4}"), "6 digits of GB/T 2260 that begin with 53"),
    "township": (re.compile(r"[0-9]{9}"), "9 digits"),
}


def read_with_faults(raw: bytes) -> tuple[Signal, int]:
    """Return an unusual signal and its instant, or raise ``InvalidRecord``."""
    record = _parsed(raw)
    given = {name: value for name, value in record.items() if value is not None}
    missing = [name for name in _REQUIRED if name not in given]
    if missing:
        raise InvalidRecord(
            DeadLetterReason.MISSING_FIELD, f"required and missing: {', '.join(missing)}"
        )
    _check_types(given)
    _check_values(given)
    # As text too: escapes in the bytes could hide digits.
    if finds_personal_data(canonical_json(record).encode()):
        raise personal_data_found()
    try:
        at = parse_instant(given["observed_at"])
    except (ValueError, OverflowError) as fault:
        raise InvalidRecord(DeadLetterReason.WRONG_VALUE, f"observed_at: {fault}") from None
    known = {name: given[name] for name in (*_TEXTS, *_NUMBERS) if name in given}
    return Signal(**cast(Any, known)), at


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        record = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
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


def _check_types(given: dict[str, Any]) -> None:
    for name in _TEXTS:
        if name in given and not isinstance(given[name], str):
            raise InvalidRecord(DeadLetterReason.WRONG_TYPE, f"{name} must be a string")
    for name in _NUMBERS:
        amount = given.get(name)
        if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int | float)):
            raise InvalidRecord(DeadLetterReason.WRONG_TYPE, f"{name} must be a number")


def _check_values(given: dict[str, Any]) -> None:
    for name in ("signal_id", "household"):
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
