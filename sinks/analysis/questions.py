"""The questions that there are, read from the comments of the migrations that make their views.

A comment says what is counted, which parameters the view takes, and of every column its kind:

- ``dimension``: what the rows are told apart by; ``instant``, ``figure``: of a single case
- ``count``: how many, each row's own
- ``sum of a, b``: how many, the sum of the counts named; ``next a`` is that of the next row
- ``from a, b``: a figure that follows from these counts, such as a share
- ``from so far a, b``: one that follows from these counts of its row and of all rows before it in
  its series, such as a share over time; the rows of a series differ in their last dimension only
- ``id``: names a single case; only lists have it, and no list is published
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.errors import Misconfigured

FOLDER = Path(__file__).parents[1] / "clickhouse" / "migrations"
# What the comment of a question has; other files make tables.
_MARK = "\n-- columns:\n"
_VIEW = re.compile(r"CREATE (?:VIEW IF NOT EXISTS|OR REPLACE VIEW) (\w+) AS\n(.*?;)", re.DOTALL)
_PARAMETER = re.compile(r"\{(\w+):\w+\}")
# Kinds that name counts; the longer beginning first.
WITH_PARTS = ("sum of", "from so far", "from")
_COLUMN = re.compile(r"(\w+) +\| +(.+?) +\| +(.+)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``parts`` are the counts that a sum adds up or a figure follows from."""

    name: str
    kind: str
    parts: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A view with parameters and its documentation.

    ``unit`` is what an aggregate counts, such as cases; null for a list of single ones. ``by`` is
    what its rows can be told apart by, ``by_default`` what they are if nobody says.
    """

    name: str
    title: str
    text: str
    file: str
    unit: str | None
    by: tuple[str, ...]
    by_default: tuple[str, ...]
    parameters: frozenset[str]
    columns: tuple[Column, ...]
    sql: str

    def of_kind(self, *kinds: str) -> list[Column]:
        """Return the columns of these kinds, in their order."""
        return [column for column in self.columns if column.kind in kinds]


def question(name: str) -> Question:
    """Return a question by name; ``Misconfigured`` with the names that there are."""
    known = questions()
    if name not in known:
        raise Misconfigured(
            f"there is no question {name!r}; there are {', '.join(known)} (`jushou export --list`)"
        )
    return known[name]


@cache
def questions() -> dict[str, Question]:
    """Return all questions by name, in the order of their files; the newest file of a name counts.

    Raises ``Misconfigured`` for a file whose comment cannot be read.
    """
    texts = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.sql"))}
    found = (_read(file, text) for file, text in texts.items() if _MARK in text)
    return {each.name: each for each in found}


def _read(file: str, text: str) -> Question:
    view = _VIEW.search(text)
    if view is None:
        raise Misconfigured(f"{file}: no CREATE VIEW IF NOT EXISTS, no CREATE OR REPLACE VIEW")
    comment = [line.removeprefix("--").removeprefix(" ") for line in _comment(text)]
    at = comment.index("columns:")
    said = {
        key: value.strip()
        for line in comment[:at]
        for key, colon, value in [line.partition(":")]
        if colon and key in ("by", "by default", "kind")
    }
    prose = [line for line in comment[1:at] if line.partition(":")[0] not in said]
    return Question(
        name=view[1],
        title=comment[0],
        text="\n".join(prose).strip(),
        file=file,
        unit=None if said.get("kind") == "list" else said["kind"].removeprefix("aggregate of "),
        by=_names(said.get("by", "").replace("|", ",")),
        by_default=_names(said.get("by default", "")),
        parameters=frozenset(_PARAMETER.findall(view[2])),
        columns=tuple(_column(file, line) for line in comment[at + 1 :]),
        sql=view[2],
    )


def _comment(text: str) -> list[str]:
    lines = text.splitlines()
    ends = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return lines[:ends]


def _column(file: str, line: str) -> Column:
    said = _COLUMN.fullmatch(line.strip())
    if said is None:
        raise Misconfigured(f"{file}: expected `name | kind | text` and not {line.strip()!r}")
    name, kind, text = said.groups()
    for word in WITH_PARTS:
        if kind.startswith(f"{word} "):
            return Column(name, word, _names(kind.removeprefix(word)), text)
    return Column(name, kind, (), text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
