"""Columns and tables that a read-only user must not see: what grants do on a real server.

The engine says itself which columns and tables a question reads, after it has resolved ``*``,
aliases and subqueries (``EXPLAIN QUERY TREE``, 1 to 4 ms). A view counts as itself and its own
columns, not as what it reads: what it counts from a hidden column or table may be seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from jushou.runtime.clickhouse_front.accounts import Hidden
from jushou.runtime.clickhouse_front.refusals import ACCESS_DENIED, refusal
from jushou.runtime.clickhouse_front.session import Session, tab_separated

# In a subquery of a table function nothing is resolved: a name stands there as written, and * as
# a matcher, which may be any column.
_READ = re.compile(r"\b(?:column_name|identifier): (?:`?\w+`?\.)*`?(\w+)")
_TABLE = re.compile(r"\b(?:table_name|identifier): (?:`?\w+`?\.)*`?(\w+)")
_FUNCTION = re.compile(r"\btable_function_name: `?(\w+)")
# Of the engine's table functions those that read no table but by a question that stands in them.
# Others take its name as a text, or SQL. A view with parameters looks like one of them.
_HARMLESS = frozenset({
    "view", "values", "null", "numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries",
    "generate_series", "generaterandom", "format",
})  # fmt: skip
_ANY_COLUMN = re.compile(r"^\s*MATCHER\b")
_QUESTION = re.compile(r"[\s(]*(?:SELECT|WITH|FROM)\b", re.IGNORECASE)
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)


def refuse_hidden(session: Session, sql: str, hidden: Hidden) -> None:
    """Raise the ClickHouse error for a statement that reads a hidden column or table.

    Statements that only hold a question (EXPLAIN, DESCRIBE) are refused whole: what they show of
    its constants may be a value.
    """
    if not _QUESTION.match(sql):
        if _SELECT.search(sql):
            raise refusal(ACCESS_DENIED, "Not enough privileges: ask the SELECT itself")
        return
    tree = tab_separated(session.execute(f"EXPLAIN QUERY TREE {sql}", "TabSeparated"))
    _refuse_tables(session, [line for (line,) in tree], hidden)
    read = {name for (line,) in tree for name in _READ.findall(line)}
    if any(_ANY_COLUMN.match(line) for (line,) in tree):
        raise refusal(ACCESS_DENIED, "Not enough privileges: name the columns in the subquery")
    seen = sorted(hidden.columns & read)
    if seen:
        raise refusal(
            ACCESS_DENIED,
            f"Not enough privileges to read the column {seen[0]}; name the columns without it, or"
            " read a view that counts by it",
        )


def _refuse_tables(session: Session, lines: Sequence[str], hidden: Hidden) -> None:
    functions = {name for line in lines for name in _FUNCTION.findall(line)}
    named = {name for line in lines for name in _TABLE.findall(line)} | functions
    for name in sorted(named):
        if any(fnmatchcase(name, pattern) for pattern in hidden.tables):
            raise refusal(
                ACCESS_DENIED,
                f"Not enough privileges to read {name}; read a view that counts by it",
            )
    asked = {name for name in functions if name.lower() not in _HARMLESS}
    if asked:
        own = tab_separated(
            session.execute("SELECT lower(name) FROM system.table_functions", "TabSeparated")
        )
        for name in sorted(asked):
            if (name.lower(),) in {tuple(row) for row in own}:
                raise refusal(ACCESS_DENIED, f"Not enough privileges to use {name}()")
