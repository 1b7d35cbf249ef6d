"""What is withheld of an answer before it leaves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sinks.analysis.asking import Answer, Scope
from sinks.analysis.questions import Column, Question
from sinks.analysis.small_cells import publish

COLUMNS = (
    Column("county", "dimension", (), ""),
    Column("month", "dimension", (), ""),
    Column("met", "count", (), ""),
    Column("missed", "count", (), ""),
    Column("ended", "sum of", ("met", "missed"), ""),
    Column("share", "from", ("met", "ended"), ""),
)


def published(*rows: tuple[Any, ...], k: int = 5, unit: str | None = "cases") -> list[list[Any]]:
    question = Question("q", "", "", "", unit, (), (), frozenset(), COLUMNS, "")
    day = dt.date(2026, 6, 1)
    names = tuple(column.name for column in COLUMNS)
    full = [(*row, row[2] + row[3], 0.5) for row in rows]
    answer = Answer(question, Scope(0, day, day), names, ("String",) * len(names), full)
    return publish(answer, k).rows


def test_counts_from_1_to_below_k_are_withheld_and_zeros_stay() -> None:
    assert published(("530102", "06", 4, 0)) == [["530102", "06", None, 0, None, None]]
    assert published(("530102", "06", 5, 0)) == [["530102", "06", 5, 0, 5, 0.5]]
    assert published(("530102", "06", 2, 0), k=2) == [["530102", "06", 2, 0, 2, 0.5]]


def test_the_smallest_other_part_of_a_sum_goes_with_the_one_withheld() -> None:
    [row] = published(("530102", "06", 90, 3))
    # missed alone would be ended less met.
    assert row == ["530102", "06", None, None, 93, None]


def test_a_single_small_county_takes_the_next_smallest_of_its_prefecture_with_it() -> None:
    rows = published(
        ("530102", "06", 90, 0), ("530103", "06", 3, 0), ("530111", "06", 40, 0),
        ("532301", "06", 7, 0),
    )  # fmt: skip
    assert [row[2] for row in rows] == [90, None, None, 7]
    assert [row[4] for row in rows] == [90, None, None, 7]


def test_two_small_counties_of_a_prefecture_hide_each_other() -> None:
    rows = published(("530102", "06", 90, 0), ("530103", "06", 3, 0), ("530111", "06", 4, 0))
    assert [row[2] for row in rows] == [90, None, None]


def test_small_counts_that_are_few_together_take_another_with_them() -> None:
    rows = published(("530102", "06", 90, 0), ("530103", "06", 1, 0), ("530111", "06", 3, 0))
    # The prefecture less the first would be 4.
    assert [row[2] for row in rows] == [None, None, None]


def test_what_goes_with_a_small_cell_can_need_company_in_its_own_row_and_month() -> None:
    rows = published(
        ("530102", "06", 90, 80), ("530102", "07", 90, 80), ("530103", "06", 90, 3),
        ("530103", "07", 90, 80),
    )  # fmt: skip
    counts = [(number, at) for number in range(4) for at in (2, 3, 4)]
    hidden = {(number, at) for number, at in counts if rows[number][at] is None}
    for number in range(4):
        assert sum((number, at) in hidden for at in (2, 3, 4)) != 1
    for at in (2, 3, 4):
        for pair in ((0, 1), (2, 3), (0, 2), (1, 3)):
            assert sum((number, at) in hidden for number in pair) != 1


def test_a_share_goes_with_its_counts() -> None:
    rows = published(("530102", "06", 90, 0), ("532301", "06", 3, 50))
    assert [row[5] for row in rows] == [None, None]


def test_a_list_and_k_of_1_are_left_as_they_are() -> None:
    whole = [["530102", "06", 1, 2, 3, 0.5]]
    assert published(("530102", "06", 1, 2), k=1) == whole
    assert published(("530102", "06", 1, 2), unit=None) == whole


def test_a_series_cannot_be_reckoned_back_from_who_is_at_risk_next() -> None:
    columns = (
        Column("after_month", "dimension", (), ""),
        Column("relapsed", "count", (), ""),
        Column("censored", "count", (), ""),
        Column("at_risk", "sum of", ("relapsed", "censored", "next at_risk"), ""),
    )
    question = Question("q", "", "", "", "clearings", (), (), frozenset(), columns, "")
    day = dt.date(2026, 6, 1)
    names = tuple(column.name for column in columns)
    full = [(1, 10, 0, 100), (2, 3, 0, 90), (3, 20, 0, 87), (4, 0, 67, 67)]
    answer = Answer(question, Scope(0, day, day), names, ("UInt64",) * 4, full)
    rows = publish(answer).rows
    assert rows[1][1] is None
    for row, after in zip(rows, [*rows[1:], [0, 0, 0, 0]], strict=True):
        assert [row[1], row[2], row[3], after[3]].count(None) != 1


def test_a_sum_that_is_part_of_no_other_goes_rather_than_what_a_share_is_made_of() -> None:
    columns = (
        Column("clock", "dimension", (), ""),
        Column("met", "count", (), ""),
        Column("missed", "count", (), ""),
        Column("running", "count", (), ""),
        Column("ended", "sum of", ("met", "missed"), ""),
        Column("judged", "sum of", ("met", "missed", "running"), ""),
        Column("on_time", "from", ("met", "ended"), ""),
    )
    question = Question("q", "", "", "", "cycles", (), (), frozenset(), columns, "")
    day = dt.date(2026, 6, 1)
    names = tuple(column.name for column in columns)
    answer = Answer(question, Scope(0, day, day), names, ("UInt64",) * 7,
                    [("accept", 90, 20, 3, 110, 113, 0.8)])  # fmt: skip
    assert publish(answer).rows == [["accept", 90, 20, None, 110, None, 0.8]]
