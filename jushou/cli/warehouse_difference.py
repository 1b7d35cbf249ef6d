"""What ``jushou warehouse verify`` finds: values that two sides say otherwise, by table and row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from schemas.instants import from_datetime
from sinks.clickhouse.block import Row

if TYPE_CHECKING:
    from clickhouse_driver import Client

MISSING = "missing"
THERE = "there"
_BLOCK_ROWS = 20_000

Rows = Mapping[Any, Row]  # of a table, by key


class Difference(NamedTuple):
    """A value that is another in the warehouse; a row that one side lacks is ``missing`` there."""

    table: str
    case_id: str
    key: Row
    column: str
    warehouse: Any
    log: Any


@dataclass
class Verified:
    """What was compared, and what was not.

    ``rows`` by table; ``bad`` records that are no case events, ``bad_signals`` that count for no
    household. ``left_out``: cases that changed meanwhile, ``households_left_out`` likewise, and
    ``rows_left_out`` rows of topics that got a newer record. ``held``: leads that an open load of
    signals holds back.
    """

    rows: dict[str, int] = field(default_factory=dict)
    bad: int = 0
    bad_signals: int = 0
    left_out: int = 0
    households_left_out: int = 0
    rows_left_out: int = 0
    held: int = 0
    differences: int = 0

    def count(self, table: str, rows: int) -> None:
        """Add rows that were compared."""
        self.rows[table] = self.rows.get(table, 0) + rows


class Table(NamedTuple):
    """A table as it is compared: ``case_at`` is where its case id is, if it has one.

    ``besides`` are columns of which the log says nothing.
    """

    name: str
    names: Sequence[str]
    case_at: int | None = None
    besides: frozenset[str] = frozenset()


def differing(
    table: Table, found: Rows, wanted: Rows, is_left_out: Callable[[Any, Row], bool]
) -> Iterator[Difference]:
    """Yield the differences of a table, but for the rows that are left out."""
    for key in found.keys() | wanted.keys():
        here, there = found.get(key), wanted.get(key)
        row = here or there or ()
        if is_left_out(key, row):
            continue
        case_id = "" if table.case_at is None else row[table.case_at]
        for column, value, right in _unequal(table, here, there):
            yield Difference(table.name, case_id, key, column, value, right)


def _unequal(table: Table, here: Row | None, there: Row | None) -> Iterator[tuple[str, Any, Any]]:
    """Yield column and both values where they differ; a missing row is one difference."""
    if here is None or there is None:
        yield "", MISSING if here is None else THERE, MISSING if there is None else THERE
        return
    for name, value, right in zip(table.names, here, there, strict=True):
        if value != right and name not in table.besides and value != (plain := _plain(right)):
            yield name, value, plain


def rows_of(client: Client, names: Sequence[str], source: str) -> list[Row]:
    """Return columns of a table, a view or a part of one, as the replay has them."""
    columns = ", ".join(f"`{name}`" for name in names)
    settings = {"max_block_size": _BLOCK_ROWS}
    found = client.execute_iter(f"SELECT {columns} FROM {source}", settings=settings)
    return [tuple(map(_plain, row)) for row in found]


def _plain(value: Any) -> Any:
    """Return a value as both sides have it.

    Instants in milliseconds, sequences as tuples, a UUID as its text.
    """
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if isinstance(value, UUID):
        return str(value)
    return from_datetime(value) if hasattr(value, "tzinfo") else value
