"""What a record at the entrance is, and what is said of one that is none."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

from schemas.case_event import DEEPEST, canonical_json, decode, precedence
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.instants import parse_instant, render_instant
from tests.builders import engine, event

ITEMS = frozenset(engine().rules)
MORNING = "2026-03-02 09:00"


def fault_of(raw: bytes) -> InvalidRecord:
    with pytest.raises(InvalidRecord) as caught:
        decode(raw, ITEMS)
    return caught.value


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2026-03-02T09:00:00+08:00", "2026-03-02T01:00:00Z"),
        ("2026-03-02t09:00:00+08:00", "2026-03-02T01:00:00z"),
        ("2026-03-02T09:00:00.1239999+08:00", "2026-03-02T01:00:00.123Z"),
        ("2026-03-02T09:00:00.1+08:00", "2026-03-02T01:00:00.100Z"),
        ("2026-03-01T20:30:00-04:30", "2026-03-02T01:00:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T08:00:00+08:00"),
        ("0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00.000+08:00"),
    ],
)
def test_an_instant_is_read_to_the_millisecond_in_every_way_it_may_be_written(
    text: str, same_as: str
) -> None:
    assert parse_instant(text) == parse_instant(same_as)
    assert parse_instant(render_instant(parse_instant(text))) == parse_instant(text)


def test_an_instant_reads_the_same_when_its_parts_are_known_from_others() -> None:
    """Parts are noted under the way they are written: `t` must not pass for `T`, nor Z for +08."""
    rests = ("+08:00", ".000+08:00", ".120+08:00", "Z", "z", ".5Z", "-04:30")
    texts = [
        f"{date}{t}{time}{rest}"
        for date in ("2031-07-08", "2031-07-09")
        for t in "Tt"
        for time in ("06:07:08", "06:07:09", "07:07:08")
        for rest in rests
    ]
    for _ in range(2):
        for text in texts:
            raw = json.dumps(event("A", "1", "note", MORNING) | {"occurred_at": text}).encode()
            _, stored = decode(raw, ITEMS)
            moment = dt.datetime.fromisoformat(text.upper())
            assert stored.at == parse_instant(text) == round(moment.timestamp() * 1000), text
            assert (stored.written or render_instant(stored.at)) == text


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T09:00:00", "2026-03-02 09:00:00+08:00", "2026-02-29T09:00:00Z", "2026-03-02",
     "2026-03-02T24:00:00Z", "2026-03-02T09:60:00Z", "2026-03-02T09:00:00+0800", "",
     "2026-03-02T09:00:00.+08:00", "２０２６-03-02T09:00:00Z", "2026-03-02T09:00:00+24:00"],
)  # fmt: skip
def test_a_time_that_is_no_rfc_3339_instant_with_offset_is_invalid(text: str) -> None:
    raw = json.dumps(event("A", "1", "note", MORNING) | {"occurred_at": text}).encode()
    assert fault_of(raw).reason is DeadLetterReason.WRONG_VALUE


@pytest.mark.parametrize(
    "change",
    [{}, {"township": None}, {"remark": "kept, not trusted"}, {"sequence": 3.0}, {"sequence": 3},
     {"attributes": {}}, {"attributes": None}, {"attributes": {"b": 1, "a": [1.0, "é"]}},
     {"occurred_at": "2026-03-02T01:00:00Z"}, {"occurred_at": "2026-03-02T09:00:00.000+08:00"},
     {"occurred_at": "2026-03-02T09:00:00.120+08:00"}, {"department": "water"}],
)  # fmt: skip
def test_what_a_case_keeps_of_a_record_rebuilds_its_canonical_text(change: dict) -> None:
    record = event("A", "1", "submitted", MORNING) | change
    case_id, stored = decode(json.dumps(record, ensure_ascii=False).encode(), ITEMS)
    assert precedence(stored, case_id)[3] == canonical_json(record)


@pytest.mark.parametrize(
    ("field", "value"),
    [("county", "530102\n"), ("township", "530102001\n"), ("channel", "app\n"),
     ("item", "water.drinking\n"), ("occurred_at", "2026-03-02T09:00:00+08:00\n")],
)  # fmt: skip
@pytest.mark.parametrize("unusual", [{}, {"remark": "kept, not trusted"}])
def test_a_code_with_a_line_feed_after_it_is_no_code(field: str, value: str, unusual: dict) -> None:
    record = event("A", "1", "submitted", MORNING) | unusual | {field: value}
    assert field in fault_of(json.dumps(record).encode()).detail


@pytest.mark.parametrize("field", ["attributes", "remark"])
def test_a_record_that_nests_too_deep_for_its_readers_is_refused(field: str) -> None:
    deep = event("A", "1", "note", MORNING)
    fits, too_deep = (
        json.dumps(deep | {field: {"a": json.loads("[" * levels + "]" * levels)}}).encode()
        for levels in (DEEPEST - 2, DEEPEST + 200)
    )
    decode(fits, ITEMS)
    assert "flat" in fault_of(too_deep).detail


def test_a_byte_order_mark_is_named_as_what_is_wrong() -> None:
    raw = json.dumps(event("A", "1", "note", MORNING)).encode("utf-8-sig")
    assert "byte order mark" in fault_of(raw).detail


@pytest.mark.parametrize("value", [1e999, -1, True, "3", 2.5, [1]])
def test_offers_and_round_are_whole_numbers_from_zero(value: object) -> None:
    record = event("A", "1", "note", MORNING, attributes={"offers": value})
    raw = json.dumps(record).replace("Infinity", "1e999").encode()
    assert fault_of(raw).reason is DeadLetterReason.WRONG_VALUE


@pytest.mark.parametrize("by", ["15", "0wd", "-3wd", "15 wd", "wd", 15, "1.5wd"])
def test_by_is_a_positive_number_with_its_unit(by: object) -> None:
    record = event("A", "1", "extended", MORNING, attributes={"clock": "decide", "by": by})
    assert "15wd" in fault_of(json.dumps(record).encode()).detail


def test_a_record_with_a_valid_resident_id_or_a_mobile_number_is_refused_unquoted() -> None:
    for text in ("11010519491231002X", "电话13912345678", "tel:13912345678"):
        record = event("A", "1", "note", MORNING, attributes={"remark": text})
        fault = fault_of(json.dumps(record, ensure_ascii=False).encode())
        assert fault.reason is DeadLetterReason.PERSONAL_DATA
        assert text not in str(fault)


def test_numbers_that_are_no_personal_data_are_let_through() -> None:
    for text in ("110105194912310021", "2026030209000012345", "12345678901", "99912345678"):
        decode(json.dumps(event("A", text, "note", MORNING)).encode(), ITEMS)


def test_no_uuid_passes_for_a_telephone() -> None:
    for number in range(20_000):
        identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, str(number)))
        decode(json.dumps(event("A", identifier, "note", MORNING)).encode(), ITEMS)
