"""The reference sets aside every bad line, one by one, and no line that only looks bad."""

from __future__ import annotations

import pytest

from tests.reference import iso, read_log, to_ms
from tests.strategies import BAD_LINES, GOOD_LINES


@pytest.mark.parametrize(("mistake", "line"), BAD_LINES, ids=[name for name, _ in BAD_LINES])
def test_a_line_with_one_mistake_is_bad(mistake: str, line: bytes) -> None:
    records, bad = read_log([line])
    assert records == []
    assert [line_no for line_no, _ in bad] == [1]


@pytest.mark.parametrize(("look", "line"), GOOD_LINES, ids=[name for name, _ in GOOD_LINES])
def test_a_line_that_only_looks_bad_is_a_record(look: str, line: bytes) -> None:
    records, bad = read_log([line])
    assert bad == []
    assert len(records) == 1


def test_bad_lines_are_numbered_from_one_and_the_others_are_still_read() -> None:
    good, bad_line = GOOD_LINES[0][1], BAD_LINES[0][1]
    records, bad = read_log([good, bad_line, b"", good, bad_line])
    assert len(records) == 2
    assert [line_no for line_no, _ in bad] == [2, 5]


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2026-03-02T00:00:00.9999Z", "2026-03-02T08:00:00.999+08:00"),
        ("2026-03-01t21:30:00.1-03:30", "2026-03-02T09:00:00.100+08:00"),
        ("1969-12-31T23:59:59.9994z", "1970-01-01T07:59:59.999+08:00"),
        ("2026-03-02T00:00:00-00:00", "2026-03-02T08:00:00+08:00"),
    ],
)
def test_an_instant_is_the_same_however_it_is_spelled(text: str, same_as: str) -> None:
    assert iso(to_ms(text)) == same_as
