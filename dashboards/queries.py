"""The questions of the page: one SQL file each, whose leading comment says what is counted.

They run on the threads of the warehouse; ``Questions`` measures what they cost.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from dashboards.metrics import Metrics
from dashboards.warehouse import Row, Warehouse
from schemas.errors import Unavailable

FOLDER = Path(__file__).parent / "queries"
# A condition that holds where a parameter is empty, from its opening parenthesis on.
_CONDITION = re.compile(r"\(%\((\w+)\)s = ''\s+OR\b")
_PARENTHESIS = re.compile(r"[()]")


@cache
def query(name: str) -> str:
    """Return the SQL of a question by its file name; ``KeyError`` if there is none."""
    if name not in question_names():
        raise KeyError(name)
    return (FOLDER / f"{name}.sql").read_text("utf-8")


def in_force(sql: str, parameters: Mapping[str, Any]) -> str:
    """Return ``sql`` without the conditions of filters that are not set.

    Each is written ``(%(county)s = '' OR county = %(county)s)``, which is true where the county is
    empty. ClickHouse would find that too, in up to a tenth of the time of an answer.
    """
    kept, at = [], 0
    for found in _CONDITION.finditer(sql):
        if parameters[found[1]] == "" and found.start() >= at:
            kept += [sql[at : found.start()], "true"]
            at = _end_of_parenthesis(sql, found.start())
    return "".join([*kept, sql[at:]])


def _end_of_parenthesis(sql: str, opened: int) -> int:
    depth = 0
    for each in _PARENTHESIS.finditer(sql, opened):
        depth += 1 if each[0] == "(" else -1
        if depth == 0:
            return each.end()
    raise ValueError("a parenthesis is not closed")


@cache
def question_names() -> frozenset[str]:
    """Return the names of all questions."""
    return frozenset(path.stem for path in FOLDER.glob("*.sql"))


class Asks(Protocol):
    """Whatever answers a question by its name."""

    async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Return the rows; raises ``Unavailable`` where ClickHouse does not answer."""


class Questions:
    """Asks the warehouse by the name of a question and measures what it costs."""

    def __init__(self, warehouse: Warehouse, metrics: Metrics) -> None:
        self._warehouse = warehouse
        self._metrics = metrics

    async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Return the rows; raises ``Unavailable`` where ClickHouse does not answer."""
        started = perf_counter()
        try:
            return await self._warehouse.ask(in_force(query(name), parameters), parameters)
        except Unavailable:
            self._metrics.query_failures.labels(name).inc()
            raise
        finally:
            self._metrics.query_seconds.labels(name).observe(perf_counter() - started)


class InTurn:
    """Asks one question at a time, and rests after each as long as it took.

    However many ask through it, at least half of the warehouse's time, and all connections but
    one, are left to those who wait for an answer.
    """

    def __init__(self, questions: Asks) -> None:
        self._questions = questions
        self._turn = asyncio.Lock()
        self._rested_s = 0.0

    async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Return the rows; raises ``Unavailable`` where ClickHouse does not answer."""
        async with self._turn:
            wait_s = self._rested_s - perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            began_s = perf_counter()
            try:
                return await self._questions.ask(name, parameters)
            finally:
                self._rested_s = 2 * perf_counter() - began_s
