"""Columns that a read-only user must not see: what grants on columns do on a real server.

The engine says itself which columns a question reads, after it has resolved ``*``, aliases and
subqueries (``EXPLAIN QUERY TREE``, 1 to 4 ms). A view counts as its own columns, not as those that
it reads: what it counts from a hidden column may be seen.
"""

from __future__ import annotations

import re
from collections.abc import Set

from jushou.runtime.clickhouse_front.refusals import ACCESS_DENIED, refusal
from jushou.runtime.clickhouse_front.session import Session, tab_separated

# In a subquery of a table function nothing is resolved: a name stands there as written, and * as
# a matcher, which may be any column.
_READ = re.compile(r"\b(?:column_name|identifier): (?:`?\w+`?\.)*`?(\w+)")
_ANY_COLUMN = re.compile(r"^\s*MATCHER\b")
_QUESTION = re.compile(r"[\s(]*(?:SELECT|WITH|FROM)\b", re.IGNORECASE)
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)


def refuse_hidden(session: Session, sql: str, hidden: Set[str]) -> None:
    """Raise the ClickHouse error for a statement that reads a hidden column.

    Statements that only hold a question (EXPLAIN, DESCRIBE) are refused whole: what they show of
    its constants may be a value.
    """
    if not _QUESTION.match(sql):
        if _SELECT.search(sql):
            raise refusal(ACCESS_DENIED, "Not enough privileges: ask the SELECT itself")
        return
    tree = tab_separated(session.execute(f"EXPLAIN QUERY TREE {sql}", "TabSeparated"))
    read = {name for (line,) in tree for name in _READ.findall(line)}
    if any(_ANY_COLUMN.match(line) for (line,) in tree):
        raise refusal(ACCESS_DENIED, "Not enough privileges: name the columns in the subquery")
    seen = sorted(hidden & read)
    if seen:
        raise refusal(
            ACCESS_DENIED,
            f"Not enough privileges to read the column {seen[0]}; name the columns without it, or"
            " read a view that counts by it",
        )
