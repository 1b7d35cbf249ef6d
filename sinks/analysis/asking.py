"""Asks one question: a scope in, rows out."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clickhouse_driver.errors import ErrorCodes, ServerException

from schemas.errors import JushouError, Misconfigured, Unavailable
from schemas.instants import SHANGHAI, render_instant, to_datetime
from sinks.analysis.questions import Question
from sinks.clickhouse.server import Server, classified

# How ClickHouse says that a view with parameters does not exist: it takes it for a function.
_NO_VIEW = ErrorCodes.UNKNOWN_FUNCTION
# What is looked back over unless a day is given: half a year, inclusive of the last day.
LOOK_BACK_DAYS = 180


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked about: ``as_of`` in milliseconds, days of Asia/Shanghai, both included.

    ``place`` is the beginning of a county's code, ``item`` of an item's; empty for all. ``by`` is
    what rows are told apart by, null for the question's own choice.
    """

    as_of: int
    since: dt.date
    until: dt.date
    place: str = ""
    item: str = ""
    by: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a question with the types that ClickHouse gave its columns; no NaN, no -0.0."""

    question: Question
    scope: Scope
    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def scope_up_to(as_of: int, since: dt.date | None = None, until: dt.date | None = None) -> Scope:
    """Return a scope of the days up to ``as_of``: half a year unless ``since`` is given."""
    last = until or to_datetime(as_of).astimezone(SHANGHAI).date()
    return Scope(as_of, since or last - dt.timedelta(days=LOOK_BACK_DAYS - 1), last)


def ask(server: Server, question: Question, scope: Scope) -> Answer:
    """Return the answer.

    Raises ``Misconfigured`` for a ``by`` that the question does not take or where the view is
    missing, ``Unavailable`` where ClickHouse does not answer.
    """
    given = parameters(question, scope)
    client = server.client()
    try:
        with classified(server):
            rows, columns = client.execute(statement(question), given, with_column_types=True)
    except Unavailable as fault:
        if isinstance(fault.__cause__, ServerException) and fault.__cause__.code == _NO_VIEW:
            raise Misconfigured(
                f"{server} has no view {question.name}; run `jushou warehouse migrate`"
            ) from fault
        raise
    finally:
        client.disconnect()
    shown = [at for at, (name, _) in enumerate(columns) if name in _shown(question, scope)]
    return Answer(
        question,
        scope,
        tuple(columns[at][0] for at in shown),
        tuple(columns[at][1] for at in shown),
        [tuple(_figure(row[at]) for at in shown) for row in rows],
    )


def _figure(value: Any) -> Any:
    """Return null for an average over nothing (NaN), and 0 for a bound that is -0."""
    if isinstance(value, float):
        return None if math.isnan(value) else value + 0.0  # -0.0 + 0.0 is 0.0
    return value


def statement(question: Question) -> str:
    """Return the SQL with ``%(name)s`` for each parameter of the view."""
    named = ", ".join(f"{name} = %({name})s" for name in sorted(question.parameters))
    return f"SELECT * FROM {question.name}({named})"


def parameters(question: Question, scope: Scope) -> dict[str, str]:
    """Return the values of the parameters that the view takes, as text."""
    known = {
        "as_of": render_instant(scope.as_of),
        "since": scope.since.isoformat(),
        "until": scope.until.isoformat(),
        "place": scope.place,
        "item": scope.item,
        "by": ",".join(_by(question, scope)),
    }
    lacking = question.parameters - known.keys()
    if lacking:
        raise JushouError(f"{question.file}: nobody gives {', '.join(sorted(lacking))}")
    return {name: known[name] for name in question.parameters}


def _by(question: Question, scope: Scope) -> tuple[str, ...]:
    by = question.by_default if scope.by is None else scope.by
    takes = {each for name in question.by for each in name.split("|")}
    unknown = [name for name in by if name not in takes]
    if unknown:
        raise Misconfigured(
            f"{question.name} has no {', '.join(unknown)}; its rows can be told apart by "
            f"{', '.join(question.by) or 'nothing else than they are'}"
        )
    return by


def _shown(question: Question, scope: Scope) -> set[str]:
    """Return the columns without the dimensions that nobody asked for: those say nothing."""
    names = {column.name for column in question.columns}
    if question.unit is None:
        return names
    asked = set(_by(question, scope))
    periods = {"day", "week", "month", "quarter", "year"}
    if asked & periods:
        asked.add("period")
    optional = {each for name in question.by for each in name.split("|")} | {"period"}
    return names - (optional - asked)
