"""What a statement is, before the engine sees it: an insert of blocks, a question, a refusal.

The engine's own parser says how far-reaching a statement is (``query_class``); only what it does
not tell is read from the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jushou.runtime.clickhouse_front.refusals import (
    ACCESS_DENIED,
    NOT_IMPLEMENTED,
    READONLY,
    SYNTAX_ERROR,
    refusal,
)

_QUOTED = r"""'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*\""""
_COMMENT = re.compile(rf"(?P<quoted>{_QUOTED})|--[^\n]*|/\*.*?\*/", re.DOTALL)
_NAME = r'(?:[A-Za-z_]\w*|`(?:[^`\\]|\\.)+`|"(?:[^"\\]|\\.)+")'
_INSERT = re.compile(
    r"(?P<statement>INSERT\s+INTO\s+(?:TABLE\s+)?(?!FUNCTION\b)"
    rf"(?P<table>{_NAME}(?:\s*\.\s*{_NAME})?)"
    r"(?:\s*\((?P<columns>(?:[^()]|\([^()]*\))*)\))?)"
    r"(?P<settings>\s+SETTINGS\s+(?:(?!\bVALUES\b|\bFORMAT\b|\bSELECT\b|\bWITH\b).)+?)?"
    r"\s*(?:\bVALUES|\bFORMAT\s+\w+)?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_FORMAT = re.compile(
    rf"(?P<quoted>{_QUOTED})|\bFORMAT\s+\w+(?=\s*;?\s*$|\s+SETTINGS\b)", re.IGNORECASE | re.DOTALL
)
_ACCESS = re.compile(
    r"(GRANT|REVOKE|(CREATE|ALTER|DROP|MOVE)\s+(OR\s+REPLACE\s+)?"
    r"(USER|ROLE|ROW\s+POLICY|POLICY|QUOTA|SETTINGS\s+PROFILE|PROFILE)|SET\s+(DEFAULT\s+)?ROLE)\b",
    re.IGNORECASE,
)
_KILL = re.compile(r"KILL\s", re.IGNORECASE)
_SHUTDOWN = re.compile(r"SYSTEM\s+(SHUTDOWN|KILL)\b", re.IGNORECASE)
_OUTFILE = re.compile(r"\bINTO\s+OUTFILE\b", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)

# Table functions that read nothing outside of the engine's own tables.
HARMLESS_TABLE_FUNCTIONS = frozenset(
    [
        "numbers",
        "numbers_mt",
        "zeros",
        "zeros_mt",
        "values",
        "null",
        "view",
        "viewIfPermitted",
        "viewExplain",
        "merge",
        "loop",
        "generateRandom",
        "generateSeries",
        "generate_series",
        "format",
        "dictionary",
        "mergeTreeIndex",
        "mergeTreeProjection",
        "mergeTreeAnalyzeIndexes",
        "fuzzJSON",
        "fuzzQuery",
        "primes",
    ]
)


@dataclass(frozen=True)
class BlockInsert:
    """``INSERT INTO table (columns)``, whose rows the client sends as blocks.

    ``settings`` is the statement's own clause, empty if it has none.
    """

    statement: str
    table: str
    columns: str | None
    settings: str


def without_comments(sql: str) -> str:
    """The statement alone."""
    return _COMMENT.sub(lambda found: found["quoted"] or " ", sql).strip()


def block_insert(sql: str) -> BlockInsert | None:
    """The insert whose rows are still to come, or None: with SELECT or values in the text."""
    found = _INSERT.fullmatch(sql)
    if found is None:
        return None
    settings = (found["settings"] or "").strip()
    return BlockInsert(found["statement"], found["table"], found["columns"], settings)


def without_format(sql: str) -> str:
    """The statement without FORMAT at its end: over this protocol the format is always native."""
    return _FORMAT.sub(lambda found: found["quoted"] or "", sql)


def refuse_unsupported(sql: str, statements: int) -> None:
    """Raise the ClickHouse error for what this engine cannot do, or must not in this place."""
    if statements > 1:
        raise refusal(SYNTAX_ERROR, "Syntax error: multi-statements are not allowed")
    if _ACCESS.match(sql):
        raise refusal(
            ACCESS_DENIED,
            "The embedded ClickHouse has no users, roles, row policies, quotas or profiles;"
            " its read-only user is named when it is started",
        )
    if _KILL.match(sql):
        raise refusal(
            NOT_IMPLEMENTED,
            "KILL is not supported by the embedded ClickHouse: the engine does not know the query"
            " ids of clients; close the connection or cancel the query there",
        )
    if _SHUTDOWN.match(sql):
        raise refusal(NOT_IMPLEMENTED, "The embedded ClickHouse is stopped by ending its process")
    if _OUTFILE.search(_LITERAL.sub(" ", sql)):
        raise refusal(NOT_IMPLEMENTED, "INTO OUTFILE is the client's part and not done by a server")


def refuse_for_readers(sql: str, reads_only: bool, outside: frozenset[str]) -> None:
    """Raise the error for what a read-only user must not do.

    ``outside`` are functions, in lower case, that reach files, hosts or programs: a real server
    has grants for these, this engine has none.
    """
    if not reads_only:
        raise refusal(READONLY, "Cannot execute query in readonly mode")
    bare = _LITERAL.sub(" ", sql).replace("`", "").replace('"', "")
    for name in re.findall(r"(\w+)\s*\(", bare):
        if name.lower() in outside:
            raise refusal(ACCESS_DENIED, f"Not enough privileges to use {name}() as read-only user")
