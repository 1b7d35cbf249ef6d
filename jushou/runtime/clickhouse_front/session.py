"""One client's session of the engine: streams, whole answers, settings of a query.

Facts about chdb that this file rests on (4.4, engine 26.9), each covered by a test:

- only SELECT streams; each chunk is one native block without info;
- an empty result has no bytes at all, so its header must be asked for;
- after a failed ``query`` the bytes of its partial result come out of the *next* answer;
- one statement at a time per session: a second one ends an open stream.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from chdb._chdb import query_class  # type: ignore[attr-defined]  # not in its stubs

from jushou.runtime.clickhouse_front.column_types import Columns, split_top_level
from jushou.runtime.clickhouse_front.refusals import (
    BAD_COLUMN,
    UNKNOWN_SETTING,
    from_engine,
    refusal,
)
from jushou.runtime.clickhouse_front.session_settings import SessionSettings
from jushou.runtime.clickhouse_front.statements import BlockInsert

_NOT_STREAMABLE = "Streaming query is not supported"
_GENERATED = ("MATERIALIZED", "ALIAS", "EPHEMERAL")  # not among the columns of a bare INSERT
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Reach:
    """How far a statement reaches, by the engine's own parser."""

    statements: int
    reads_only: bool


class Session:
    """Belongs to one thread. All errors of the engine come as ClickHouseError with their code."""

    def __init__(self, connection: Any, setting_names: Set[str]) -> None:
        self._connection = connection
        self._setting_names = setting_names
        self._settings = SessionSettings(self.execute, self._rows)

    def reach(self, sql: str) -> Reach:
        """What the statement would do; statements is 0 when it does not parse."""
        found = self._connection._conn.classify_query(sql)
        return Reach(found["statement_count"], found["query_class"] == query_class.READ_ONLY)

    def apply_settings(self, settings: Mapping[str, str], important: Set[str]) -> None:
        """Let these hold for the next statement. Unknown ones are an error only if important."""
        unknown = sorted(important - self._setting_names)
        if unknown:
            raise refusal(UNKNOWN_SETTING, f"Unknown setting '{unknown[0]}'")
        self._settings.apply(
            {name: value for name, value in settings.items() if name in self._setting_names}
        )

    def stream(self, sql: str) -> Generator[tuple[bytes, int]] | None:
        """Native blocks with their rows, as they come; None if the statement cannot stream.

        Closing the generator ends the query.
        """
        try:
            stream = self._connection.send_query(sql, "Native")
        except RuntimeError as error:
            if _NOT_STREAMABLE in str(error):
                return None
            raise from_engine(error) from error
        return _blocks_of(stream)

    def execute(self, sql: str, output: str = "Native") -> bytes:
        """Run a statement to its end; what it answers, empty for most that are not questions."""
        try:
            answer: bytes = self._connection.query(sql, output).bytes()
        except RuntimeError as error:
            self._connection.query("SELECT 1", "Null")  # takes the failed answer's bytes away
            raise from_engine(error) from error
        return answer

    def header(self, sql: str, select: bool) -> Columns:
        """Names and types of the columns of an answer, when its blocks do not tell them."""
        if select:
            return [(row[0], row[1]) for row in self._described(f"(\n{sql}\n)")]
        names, types = tab_separated(self.execute(sql, "TabSeparatedWithNamesAndTypes"))[:2]
        return list(zip(names, types, strict=True))

    def insert_columns(self, insert: BlockInsert) -> Columns:
        """The columns that the client must send, in the order of the statement."""
        if insert.columns is not None and insert.columns.lstrip().startswith("*"):
            return self.header(f"SELECT {insert.columns} FROM {insert.table}", select=True)
        described = self._described(insert.table)
        if insert.columns is None:
            return [
                (name, kind) for name, kind, default, *_ in described if default not in _GENERATED
            ]
        types = {name: kind for name, kind, *_ in described}
        names = [_unquoted(name) for name in split_top_level(insert.columns)]
        for name in names:
            if name not in types:
                raise refusal(BAD_COLUMN, f"No such column {name} in table {insert.table}")
        return [(name, types[name]) for name in names]

    def close(self) -> None:
        """End the session, with its temporary tables."""
        self._connection.close()

    def _described(self, table: str) -> list[list[str]]:
        # By default types are laid out over several lines for people to read.
        return self._rows(f"DESCRIBE TABLE {table} SETTINGS print_pretty_type_names = 0")

    def _rows(self, sql: str) -> list[list[str]]:
        return tab_separated(self.execute(sql, "TabSeparated"))


def tab_separated(answer: bytes) -> list[list[str]]:
    """Rows of an answer in the format TabSeparated, unescaped."""
    return [
        [_unescaped(field) for field in line.split("\t")] for line in answer.decode().splitlines()
    ]


def _blocks_of(stream: Any) -> Generator[tuple[bytes, int]]:
    try:
        while (chunk := stream.fetch()) is not None:
            yield chunk.bytes(), chunk.rows_read()
    except RuntimeError as error:
        raise from_engine(error) from error
    finally:
        stream.cancel()


def _unescaped(field: str) -> str:
    if "\\" not in field:
        return field
    characters = iter(field)
    return "".join(
        _unescape_one(next(characters)) if character == "\\" else character
        for character in characters
    )


def _unescape_one(character: str) -> str:
    return _ESCAPES.get(character, character)


def _unquoted(name: str) -> str:
    return name[1:-1].replace("\\", "") if name[:1] in ("`", '"') else name
