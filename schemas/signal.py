"""The signal: a screening or an inspection found something about a household (政府找).

Stands at the entrance, as ``schemas.case_event`` does for cases: producers check with ``decode``
before they send, the household agent after it read. One strict typed decode that nearly every
record takes; ``schemas.signal_faults`` says precisely what is wrong with the others, or accepts
them (unknown fields, explicit nulls).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from schemas.case_event import County, Department, Identifier, Township, personal_data_found
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.household import KnownSignal
from schemas.instants import DAY_MS, parse_instant
from schemas.personal import finds_personal_data

SCHEMA_VERSION = "1"

Indicator = Literal[
    "medical-expense",
    "income-drop",
    "dropout",
    "housing-hazard",
    "water-outage",
    "job-loss",
    "disaster",
    "disability",
    "school-expense",
]
SignalSource = Literal["screening", "inspection"]
HouseholdKind = Literal["unstable", "marginal", "sudden", "none"]
# No amount is larger than the yearly product of the country in yuan; it fits every column.
_LARGEST = 1e15
_ESCAPE = b"\\u"


class Signal(Struct, kw_only=True, omit_defaults=True):
    """One record of ``jushou.signals.v1``, key = ``household`` (a pseudonym).

    ``value`` and ``threshold`` are in the indicator's own unit (yuan, days, grade; see
    ``schemas/monitoring/indicators.yaml``); a screening must have a value. ``observed_at`` is
    RFC 3339 with an offset.
    """

    signal_id: Identifier
    household: Annotated[str, Meta(min_length=1, max_length=64)]
    county: County
    source: SignalSource
    department: Department
    indicator: Indicator
    observed_at: str
    schema_version: Literal["1"]
    township: Township | None = None
    value: float | None = None
    threshold: float | None = None
    household_kind: HouseholdKind = "none"


class ReadSignal(Struct, gc=False):
    """A good record: whose it is, the signal as a household keeps it, and what else it said."""

    household: str
    signal: KnownSignal
    threshold_sent: float | None = None


_strict = msgspec.json.Decoder(Signal).decode


def decode(raw: bytes) -> ReadSignal:
    """Return the signal of a record's bytes.

    Raises ``InvalidRecord`` for a record that fails the field table of ``spec/events.md``, or
    holds what looks like a resident id or a telephone.
    """
    try:
        # Escapes could hide digits from the search below: such a record is looked at as text.
        record = _strict(raw) if _ESCAPE not in raw else _read_slowly(raw)[0]
        at = parse_instant(record.observed_at)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        record, at = _read_slowly(raw)
    if finds_personal_data(raw):
        raise personal_data_found()
    check_amounts(record)
    return ReadSignal(
        record.household,
        KnownSignal(
            at,
            record.signal_id,
            record.source,
            record.department,
            record.indicator,
            record.county,
            record.township or "",
            record.household_kind,
            None if record.value is None else float(record.value),
        ),
        None if record.threshold is None else float(record.threshold),
    )


def check_amounts(record: Signal) -> None:
    """Raise ``InvalidRecord`` where ``value`` or ``threshold`` cannot be one."""
    if record.source == "screening" and record.value is None:
        raise InvalidRecord(
            DeadLetterReason.MISSING_FIELD,
            "required and missing: value; a screening says what it measured",
        )
    for name, amount in (("value", record.value), ("threshold", record.threshold)):
        if amount is not None and not 0 <= amount <= _LARGEST:
            raise InvalidRecord(
                DeadLetterReason.WRONG_VALUE, f"{name} must be a number from 0 to {_LARGEST:.0e}"
            )


def check_time(signal: KnownSignal, now: int) -> None:
    """Raise ``InvalidRecord`` for a signal seen more than 24 hours after ``now`` (ms)."""
    if signal.at > now + DAY_MS:
        raise InvalidRecord(
            DeadLetterReason.TOO_FAR_AHEAD,
            "observed_at is more than 24 hours ahead; correct the clock of the source",
        )


def precedence(signal: KnownSignal) -> tuple[object, ...]:
    """Return the key by which the smallest of differing records with one id counts.

    Beginning as the records of the leads are compared (``schemas.case_event.precedence``), so that
    the lead that counts is the same whichever of them came first.
    """
    value = float("-inf") if signal.value is None else signal.value
    return (
        signal.at, signal.source, signal.county, signal.township or "~", signal.department,
        signal.indicator, signal.kind, value,
    )  # fmt: skip


def _read_slowly(raw: bytes) -> tuple[Signal, int]:
    from schemas.signal_faults import read_with_faults

    return read_with_faults(raw)
