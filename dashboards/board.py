"""One look at the warehouse for all live views: what was written, and the counts of every cell.

Between the warehouse and the channels. However many views are open, the counts are asked once; a
view of a county is summed here from its cells. Channels wait for the next look, so that all are
told of an event after the same one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from dashboards.panels import COUNTS
from dashboards.queries import Asks
from dashboards.scope import Clock, Scope
from dashboards.warehouse import Row
from schemas.instants import MINUTE_MS

# What is late changes with the minute (due instants are rounded up to it) and with what is
# written; this is for what neither shows, such as a table that was replaced.
_AT_LEAST_EVERY_S = 5.0
# What a reader who asks for now is content with, besides the pause between two looks.
_RECENT_S = 1.5
# Nobody waited for a look this long: the last view was closed.
_REST_AFTER_S = 5.0
_DIMENSIONS = (
    ("directions", "raised_by"),
    ("items", "item"),
    ("counties", "county"),
    ("prefectures", "prefecture"),
)


class Counts:
    """The counts of the province at an instant, whole and by cell; immutable."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._whole: list[Row] = []
        self._cells: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row["dimension"] == "cells":
                self._cells[row["county"]].append(row)
            else:
                self._whole.append(_shaped(row))

    def within(self, scope: Scope) -> list[Row]:
        """Return what the question ``counts`` would answer for a scope that names only places,
        an item or a direction."""
        if scope == Scope():
            return self._whole
        found: dict[tuple[str, str], list[int]] = {("numbers", ""): [0] * len(COUNTS)}
        for county, cells in self._cells.items():
            if scope.county in ("", county) and county.startswith(scope.prefecture[:4]):
                for cell in cells:
                    if scope.item in ("", cell["item"]) and scope.raised_by in (
                        "", cell["raised_by"],
                    ):  # fmt: skip
                        _add(found, cell | {"prefecture": f"{county[:4]}00"})
        return [
            {"dimension": dimension, "code": code, **dict(zip(COUNTS, sums, strict=True))}
            for (dimension, code), sums in found.items()
        ]


def _shaped(row: Row) -> Row:
    code = row["raised_by"] + row["item"] + row["county"] + row["prefecture"]
    counts = {name: row[name] for name in COUNTS}
    return {"dimension": row["dimension"], "code": code, **counts}


def _add(found: dict[tuple[str, str], list[int]], cell: Row) -> None:
    values = [cell[name] for name in COUNTS]
    for key in (("numbers", ""), *((name, cell[column]) for name, column in _DIMENSIONS)):
        sums = found.get(key)
        found[key] = values if sums is None else [a + b for a, b in zip(sums, values, strict=True)]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. ``fault`` is why it found nothing; the rest is then of no use.

    ``marks`` change with what was written, by the table; ``counted`` is the number of the look at
    which ``counts`` were asked.
    """

    number: int
    as_of_ms: int
    counted: int = 0
    freshness: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, Any] = field(default_factory=dict)
    counts: Counts | None = None
    fault: Exception | None = None


class Board:
    """Looks as long as somebody waits for it; all who wait get the same look."""

    def __init__(self, questions: Asks, clock: Clock, poll_s: float) -> None:
        self._questions = questions
        self._clock = clock
        self._poll_s = poll_s
        self._newest = Look(0, 0)
        self._asked_s = 0.0
        self._looked_s = 0.0
        self._wanted_s = 0.0
        self._changed = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def next(self, after: int) -> Look:
        """Return the newest look once its number is over ``after``."""
        while self._newest.number <= after:
            self._wanted_s = monotonic()
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._run())
            await self._changed.wait()
        return self._newest

    async def recent(self) -> Look | None:
        """Return a look of the last two seconds or so; ``None`` while no view is open.

        Where the newest is older the next one is waited for, so that however slow the answers get
        no second one is asked for. Raises what it met instead of the counts.
        """
        if self._looking is None or self._looking.done():
            return None
        look = self._newest
        if monotonic() - self._looked_s > self._poll_s + _RECENT_S:
            look = await self.next(look.number)
        if look.fault is not None:
            raise look.fault
        return look

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _run(self) -> None:
        while monotonic() - self._wanted_s < _REST_AFTER_S + self._poll_s:
            began_s = monotonic()
            self._newest = await self._look()
            self._looked_s = began_s
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
            # At most half of the time is spent asking, however slow the answers get.
            await asyncio.sleep(max(self._poll_s - (monotonic() - began_s), monotonic() - began_s))

    async def _look(self) -> Look:
        before, number, as_of_ms = self._newest, self._newest.number + 1, self._clock()
        parameters = Scope().parameters(as_of_ms, 1)
        try:
            # The marks come first: what is written while the counts are asked is seen next time.
            [found] = await self._questions.ask("freshness", parameters)
            marks = {name: found[name] for name in found if name.endswith("_mark")}
            fresh = {name: found[name] for name in found if name not in marks}
            counts, counted = before.counts, before.counted
            if counts is None or self._is_due(before, as_of_ms, marks):
                counts = Counts(await self._questions.ask("counts_of_all", parameters))
                counted, self._asked_s = number, monotonic()
        except Exception as fault:  # noqa: BLE001 - each channel tells its readers
            return Look(number, as_of_ms, before.counted, {}, {}, before.counts, fault)
        return Look(number, as_of_ms, counted, fresh, marks, counts)

    def _is_due(self, before: Look, as_of_ms: int, marks: dict[str, Any]) -> bool:
        return (
            before.fault is not None
            or marks.get("counts_mark") != before.marks.get("counts_mark")
            or as_of_ms // MINUTE_MS != before.as_of_ms // MINUTE_MS
            or monotonic() - self._asked_s >= _AT_LEAST_EVERY_S
        )
