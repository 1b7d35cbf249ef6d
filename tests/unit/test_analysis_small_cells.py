"""What is withheld of an answer before it leaves."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest

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


# A series: who is at risk and neither falls back nor goes out of sight is at risk in the next row

SERIES = (
    Column("county", "dimension", (), ""),
    Column("after_month", "dimension", (), ""),
    Column("relapsed", "count", (), ""),
    Column("censored", "count", (), ""),
    Column("at_risk", "sum of", ("relapsed", "censored", "next at_risk"), ""),
    Column("kept", "from so far", ("relapsed", "censored", "at_risk"), ""),
    Column("fell", "from", ("relapsed", "at_risk"), ""),
)
Months = list[tuple[int, int]]  # relapsed, censored


def published_series(of: dict[str, Months]) -> list[list[Any]]:
    """Return the rows of a series for each county."""
    question = Question("q", "", "", "", "clearings", (), (), frozenset(), SERIES, "")
    day = dt.date(2026, 6, 1)
    names = tuple(column.name for column in SERIES)
    full = []
    for county, months in of.items():
        for number, (relapsed, censored) in enumerate(months):
            at_risk = sum(map(sum, months[number:]))
            full.append((county, number, relapsed, censored, at_risk, 0.8, relapsed / at_risk))
    answer = Answer(question, Scope(0, day, day), names, ("String",) * len(names), full)
    return publish(answer).rows


def test_a_figure_of_a_series_so_far_goes_with_the_counts_of_all_rows_before() -> None:
    rows = published_series({"530102": [(30, 20), (3, 20), (12, 15), (0, 60)]})
    assert [row[2] for row in rows] == [30, None, None, 0]
    assert [row[5] for row in rows] == [0.8, None, None, None]
    # What the last row says of itself alone stays.
    assert [row[6] for row in rows] == [30 / 160, None, None, 0]


def test_what_is_withheld_of_a_series_takes_nothing_of_the_next_series_with_it() -> None:
    few = [(3, 20), (12, 60)]
    rows = published_series({"530102": few, "530103": few, "532301": [(90, 200), (120, 600)]})
    assert [row[5] for row in rows] == [None] * 4 + [0.8] * 2


def possible(rows: list[list[Any]], most: int) -> Iterator[Months]:
    """Yield all series that those rows can be made of, from the last month; zeros are shown."""

    def upto(rest: list[list[Any]]) -> Iterator[tuple[Months, int]]:
        if not rest:
            yield [], 0
            return
        for months, after in upto(rest[1:]):
            *_, relapsed, censored, at_risk, _, _ = rest[0]
            shown = (relapsed, censored)
            choices = ([count] if count is not None else range(1, most) for count in shown)
            for relapsed, censored in itertools.product(*choices):
                total = relapsed + censored + after
                if at_risk is None or at_risk == total:
                    yield [(relapsed, censored), *months], total

    return (months for months, _ in upto(rows))


def assert_nothing_can_be_solved(months: Months) -> None:
    rows = published_series({"530102": months})
    withheld = [
        (number, at) for number, row in enumerate(rows) for at in (0, 1) if row[2 + at] is None
    ]
    values: dict[tuple[int, int], set[int]] = {cell: set() for cell in withheld}
    for solution in possible(rows, most=sum(map(sum, months)) + 3):
        for number, at in withheld:
            values[number, at].add(solution[number][at])
        if all(len(seen) > 1 for seen in values.values()):
            return
    assert not values, (months, rows, values)


def test_withheld_sums_between_two_that_are_shown_do_not_add_up_what_is_withheld() -> None:
    # 90 less 87 would be the 1, 1 and 1 of two months, the sum between them being withheld.
    assert_nothing_can_be_solved([(0, 10), (1, 1), (0, 1), (0, 9), (0, 78)])


def test_counts_that_are_all_1_take_another_with_them_however_many_they_are() -> None:
    assert_nothing_can_be_solved([(1, 1), (1, 1), (1, 1)])


@pytest.mark.parametrize("seed", range(8))
def test_no_series_can_be_solved_for_a_count_that_is_withheld(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311
    for _ in range(20):
        counts = [chosen.choice((0, 0, 1, 1, 2, 3, 7)) for _ in range(6)]
        months = list(zip(counts[::2], counts[1::2], strict=True))
        if sum(months[-1]):
            assert_nothing_can_be_solved(months)
