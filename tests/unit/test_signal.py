"""The signal at the entrance: what is accepted, what is refused, and that it says why."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.instants import DAY_MS
from schemas.signal import check_time, decode
from tests.household_builders import encoded, ms, signal_record


def good(**fields: Any) -> dict[str, Any]:
    return signal_record("s1", "H-7f3a", "2026-03-02 09:00") | fields


def refused(record: dict[str, Any] | bytes) -> InvalidRecord:
    raw = record if isinstance(record, bytes) else encoded(record)
    with pytest.raises(InvalidRecord) as caught:
        decode(raw)
    return caught.value


def test_a_good_record_says_whose_it_is_and_what_was_seen() -> None:
    read = decode(encoded(good(township="530102001", household_kind="marginal")))
    assert (read.household, read.threshold_sent) == ("H-7f3a", 6.0)
    assert read.signal.at == ms("2026-03-02 09:00")
    assert (read.signal.kind, read.signal.township, read.signal.value) == (
        "marginal", "530102001", 10.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"note": "x"}, {"township": None}, {"household_kind": None}, {"extra": {"deep": [1]}}],
)
def test_unknown_fields_and_nulls_change_nothing(change: dict[str, Any]) -> None:
    assert decode(encoded(good(**change))) == decode(encoded(good()))


def test_an_inspection_needs_no_value_and_a_screening_does() -> None:
    without = {name: value for name, value in good().items() if name != "value"}
    assert decode(encoded(without | {"source": "inspection"})).signal.value is None
    fault = refused(without)
    assert fault.reason is DeadLetterReason.MISSING_FIELD
    assert "value" in fault.detail


@pytest.mark.parametrize(
    ("change", "reason", "named"),
    [
        ({"signal_id": None}, DeadLetterReason.MISSING_FIELD, "signal_id"),
        ({"household": ""}, DeadLetterReason.WRONG_VALUE, "household"),
        ({"household": "H" * 65}, DeadLetterReason.WRONG_VALUE, "household"),
        ({"county": "110101"}, DeadLetterReason.WRONG_VALUE, "county"),
        ({"township": "53010"}, DeadLetterReason.WRONG_VALUE, "township"),
        ({"source": "hearsay"}, DeadLetterReason.WRONG_VALUE, "source"),
        ({"indicator": "mood"}, DeadLetterReason.WRONG_VALUE, "indicator"),
        ({"department": "tax"}, DeadLetterReason.WRONG_VALUE, "department"),
        ({"household_kind": "poor"}, DeadLetterReason.WRONG_VALUE, "household_kind"),
        ({"value": "10"}, DeadLetterReason.WRONG_TYPE, "value"),
        ({"value": True}, DeadLetterReason.WRONG_TYPE, "value"),
        ({"value": -1}, DeadLetterReason.WRONG_VALUE, "value"),
        ({"threshold": 1e300}, DeadLetterReason.WRONG_VALUE, "threshold"),
        ({"observed_at": "2026-03-02T09:00:00"}, DeadLetterReason.WRONG_VALUE, "observed_at"),
        ({"observed_at": 20260302}, DeadLetterReason.WRONG_TYPE, "observed_at"),
        ({"schema_version": "2"}, DeadLetterReason.UNKNOWN_SCHEMA_VERSION, "schema_version"),
    ],
)
def test_a_bad_record_is_refused_by_the_field_that_is_wrong(
    change: dict[str, Any], reason: DeadLetterReason, named: str
) -> None:
    fault = refused(good(**change))
    assert (fault.reason, named in fault.detail) == (reason, True)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"{", b"NaN", b'{"value": NaN}'])
def test_what_is_not_json_is_refused_as_such(raw: bytes) -> None:
    assert refused(raw).reason is DeadLetterReason.NOT_JSON


def test_a_list_is_no_signal() -> None:
    assert refused(b"[]").reason is DeadLetterReason.NOT_AN_OBJECT


@pytest.mark.parametrize("place", ["household", "signal_id", "remark"])
@pytest.mark.parametrize("digits", ["13800138000", "11010519491231002X"])
def test_a_record_with_personal_data_is_refused_and_not_quoted(place: str, digits: str) -> None:
    plain = encoded(good(**{place: digits}))
    escaped = f"\\u{ord(digits[0]):04x}{digits[1:]}"
    hidden = plain.replace(digits.encode(), escaped.encode())
    assert hidden != plain
    for raw in (plain, hidden):
        fault = refused(raw)
        assert fault.reason is DeadLetterReason.PERSONAL_DATA
        assert digits not in str(fault)


def test_a_signal_up_to_a_day_ahead_is_taken_and_one_further_ahead_is_not() -> None:
    signal = decode(encoded(good())).signal
    check_time(signal, signal.at - DAY_MS)
    with pytest.raises(InvalidRecord) as caught:
        check_time(signal, signal.at - DAY_MS - 1)
    assert caught.value.reason is DeadLetterReason.TOO_FAR_AHEAD
