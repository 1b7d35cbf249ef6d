"""Lines of a file: the good ones pass untouched, the bad ones are told by number and reason."""

from __future__ import annotations

import pytest

from producers.event_lines import good_lines
from schemas.errors import DeadLetterReason, InvalidRecord

ITEMS = {"civil.temporary-aid"}
GOOD = (
    b'{"event_id":"e1", "case_id":"C1","type":"submitted","occurred_at":"2026-03-02T09:00:00Z",'
    b'"schema_version":"1","item":"civil.temporary-aid","county":"530112","raised_by":"self",'
    b'"channel":"wechat"}'
)
LATER = (
    b'{"event_id":"e2","case_id":"C1","type":"accepted","occurred_at":"2026-03-03T09:00:00Z",'
    b'"schema_version":"1","unknown":null}'
)


def split(*lines: bytes) -> tuple[list[tuple[str, bytes]], list[tuple[int, InvalidRecord]]]:
    faults: list[tuple[int, InvalidRecord]] = []
    good = list(good_lines(lines, ITEMS, lambda number, fault: faults.append((number, fault))))
    return good, faults


def test_good_lines_pass_with_their_bytes_untouched() -> None:
    assert split(GOOD + b"\r\n", LATER + b"\n") == ([("C1", GOOD), ("C1", LATER)], [])


def test_empty_lines_are_neither_good_nor_bad() -> None:
    assert split(b"\n", GOOD + b"\n", b"  \n") == ([("C1", GOOD)], [])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"half a li", DeadLetterReason.NOT_JSON),
        (GOOD.replace(b"civil.temporary-aid", b"civil.no-such"), DeadLetterReason.UNKNOWN_ITEM),
        (GOOD.replace(b'"county":"530112",', b""), DeadLetterReason.MISSING_FIELD),
        (GOOD.replace(b"09:00:00Z", b"09:00:00"), DeadLetterReason.WRONG_VALUE),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_its_neighbours_pass(
    bad: bytes, reason: DeadLetterReason
) -> None:
    good, faults = split(GOOD, b"", bad, LATER)
    assert good == [("C1", GOOD), ("C1", LATER)]
    assert [(number, fault.reason) for number, fault in faults] == [(3, reason)]


def test_a_line_with_a_telephone_is_refused_and_the_number_not_quoted() -> None:
    telephone = b"139" + b"1234" + b"5678"
    good, faults = split(GOOD.replace(b'"e1"', b'"' + telephone + b'"'))
    assert good == []
    assert faults[0][1].reason is DeadLetterReason.PERSONAL_DATA
    assert telephone.decode() not in str(faults[0][1])
