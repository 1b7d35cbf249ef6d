"""Withholds numbers of so few that somebody might be recognised, before an answer leaves.

A count below ``k`` and above 0 is withheld (the threshold rule of statistical offices; that k is 5
is our assumption, A). So that it cannot be reckoned back, more is withheld where it stands alone,
or where all that are withheld are 1, or add up to less than ``k``, and their total can be known:

- of a sum and its parts in one row another, the one that is part of the fewest sums, so that as
  little as can be goes with it, and of those the smallest;
- of the rows that share all dimensions but one (the counties of a prefecture among them), the
  smallest other count, since the total over that dimension can be had by another export;
- of a series whose sum goes on in the next row (who is at risk goes on to be so), also of all the
  parts between two sums that are shown: their difference is the total of those parts, whatever of
  the sums between is withheld;
- every figure that follows from a count that is withheld, in its row or, where it follows from its
  series so far, in a row before: a share over time and its interval can be solved for the counts.

Zeros stay. Not covered: two exports of overlapping scopes (other days, another place) held against
each other, and shares of 0 or 1 in large groups.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sinks.analysis.asking import Answer

DEFAULT_K = 5
_COUNTS = ("count", "sum of")
# A part of a sum that stands in the next row of its series: who is at risk goes on to be so.
NEXT = "next "


@dataclass(frozen=True, slots=True)
class Published:
    """Rows to publish: withheld cells are null. ``withheld`` is how many there are in each row."""

    answer: Answer
    rows: list[list[Any]]
    withheld: list[int]


def publish(answer: Answer, k: int = DEFAULT_K) -> Published:
    """Return the rows with what must be withheld; a list, or ``k`` up to 1, is left as it is."""
    rows = [list(row) for row in answer.rows]
    if answer.question.unit is None or k <= 1:
        return Published(answer, rows, [0] * len(rows))
    table = _Table(answer, k)
    hidden = table.small()
    before = -1
    while len(hidden) != before:
        before = len(hidden)
        table.hide_beside_sums(hidden)
        table.hide_beside_stretches(hidden)
        table.hide_beside_margins(hidden)
    hidden |= table.following(hidden)
    withheld = [0] * len(rows)
    for row, at in hidden:
        if rows[row][at] is not None:
            rows[row][at] = None
            withheld[row] += 1
    return Published(answer, rows, withheld)


Cells = set[tuple[int, int]]  # row and column


class _Table:
    def __init__(self, answer: Answer, k: int) -> None:
        self._k = k
        self._rows: Sequence[Sequence[Any]] = answer.rows
        at = {name: number for number, name in enumerate(answer.names)}
        columns = [each for each in answer.question.columns if each.name in at]
        self._counts = [at[each.name] for each in columns if each.kind in _COUNTS]
        self._sums = [
            [(0, at[each.name]), *(self._part(part, at) for part in each.parts)]
            for each in columns
            if each.kind == "sum of"
        ]
        # In how many sums a column is, as the sum or as a part.
        self._sums_of = Counter(place for cells in self._sums for _, place in cells)
        self._figures = [
            (at[each.name], [at[part] for part in each.parts])
            for each in columns
            if each.kind in ("from", "from so far")
        ]
        self._so_far = {at[each.name] for each in columns if each.kind == "from so far"}
        self._dimensions = [at[each.name] for each in columns if each.kind == "dimension"]
        self._county = at.get("county")

    def small(self) -> Cells:
        return {
            (number, at)
            for number, row in enumerate(self._rows)
            for at in self._counts
            if 0 < (row[at] or 0) < self._k
        }

    def hide_beside_sums(self, hidden: Cells) -> None:
        for number in range(len(self._rows)):
            for cells in self._sums:
                places = [
                    (number + ahead, at) for ahead, at in cells if self._goes_on(number, ahead)
                ]
                hidden.update(self._beside(places[1:], hidden, total=places[0]))

    def hide_beside_stretches(self, hidden: Cells) -> None:
        for total, *parts in self._sums:
            if (1, total[1]) in parts:
                own = [at for ahead, at in parts if ahead == 0]
                for rows in self._stretches(total[1], hidden):
                    ends = [(rows[0], total[1])]
                    if self._goes_on(rows[-1], 1):
                        ends.append((rows[-1] + 1, total[1]))
                    between = [(number, at) for number in rows for at in own]
                    hidden.update(self._beside([*ends, *between], hidden))

    def hide_beside_margins(self, hidden: Cells) -> None:
        """One margin after the other: what one hides can be company enough in the next."""
        for rows in self._margins():
            for at in self._counts:
                hidden.update(self._beside([(number, at) for number in rows], hidden))

    def following(self, hidden: Cells) -> Cells:
        gone: Cells = set()
        for number in range(len(self._rows)):
            goes_on = number > 0 and self._goes_on(number - 1, 1)
            for at, parts in self._figures:
                before = at in self._so_far and goes_on and (number - 1, at) in gone
                if before or any((number, part) in hidden for part in parts):
                    gone.add((number, at))
        return gone

    @staticmethod
    def _part(part: str, at: dict[str, int]) -> tuple[int, int]:
        """Return how many rows ahead a part of a sum is, and its column."""
        name = part.removeprefix(NEXT)
        return int(name != part), at[name]

    def _goes_on(self, number: int, ahead: int) -> bool:
        """Return whether the row ahead is of the same series: all dimensions alike but the last."""
        if ahead == 0:
            return True
        series = self._dimensions[:-1]
        following = self._rows[number + 1 : number + 2]
        return any(all(row[at] == self._rows[number][at] for at in series) for row in following)

    def _stretches(self, total: int, hidden: Cells) -> Iterable[list[int]]:
        """Yield the rows from one total that is shown to the row before the next that is.

        What follows on the last total of a series is 0. The rows before the first total that is
        shown are none: what they add up to is not known.
        """
        rows: list[int] = []
        for number in range(len(self._rows)):
            begins = number == 0 or not self._goes_on(number - 1, 1)
            if begins or (number, total) not in hidden:
                if rows:
                    yield rows
                rows = []
            if rows or (number, total) not in hidden:
                rows.append(number)
        if rows:
            yield rows

    def _beside(
        self, parts: list[tuple[int, int]], hidden: Cells, total: tuple[int, int] | None = None
    ) -> Cells:
        """Return what must go with the withheld ones of a sum; nothing that is 0.

        One alone is the difference of the others; several are known together while their total
        is, in this row (``total``) or by another export, and together they must not be few, nor
        as many as they are themselves: then each is 1.
        """
        cells = parts if total is None else [total, *parts]
        gone = [cell for cell in cells if cell in hidden]
        together = sum(self._rows[row][at] for row, at in gone)
        few = together < self._k or together == len(gone)
        if not gone or not (len(gone) == 1 or (few and total not in hidden)):
            return set()
        others = [
            (self._sums_of[at], self._rows[row][at], row, at)
            for row, at in cells
            if (row, at) not in hidden and self._rows[row][at]
        ]
        return {(row, at) for *_, row, at in sorted(others)[:1]}

    def _margins(self) -> Iterable[list[int]]:
        """Yield the rows that another export adds up, alike in all dimensions but one.

        The counties of a prefecture come before those of the province.
        """
        if self._county is not None:
            yield from self._alike(self._county, whole=lambda county: str(county)[:4])
        for dropped in self._dimensions:
            yield from self._alike(dropped, whole=lambda _: "")

    def _alike(self, dropped: int, whole: Callable[[Any], str]) -> Iterable[list[int]]:
        groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(self._rows):
            key = tuple(whole(row[at]) if at == dropped else row[at] for at in self._dimensions)
            groups[key].append(number)
        return groups.values()
