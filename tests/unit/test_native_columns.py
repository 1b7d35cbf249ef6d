"""Columns as bytes, read back by the driver's own reader."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver.bufferedreader import BufferedSocketReader
from clickhouse_driver.columns.service import read_column
from clickhouse_driver.context import Context

from sinks.clickhouse.native import (
    Column,
    Days,
    MakesColumn,
    Strings,
    Uuids,
    Words,
    arrays,
    column_names,
    fill,
    flags,
    float64,
    instants,
    int32,
    int64,
    nested,
    nullable,
    spreader,
    uint16,
    uint32,
    uint64,
)

CONTEXT = Context()
CONTEXT.client_settings = {
    "strings_as_bytes": False, "use_numpy": False, "namedtuple_as_json": False,
}  # fmt: skip


def read(column: Column, rows: int) -> list[Any]:
    """The values of a column as the driver reads them; it reads all that was written."""
    here, there = socket.socketpair()
    with here, there:
        there.settimeout(5)
        raw = column.prefix() + column.body()
        reader = BufferedSocketReader(there, len(raw) + 1)
        sending = threading.Thread(target=here.sendall, args=(raw + b"!",), daemon=True)
        sending.start()
        found = read_column(CONTEXT, column.type, rows, reader)
        assert reader.read(1) == b"!", "neither more nor less was read"
        sending.join(5)
    return list(found)


def filled(make: MakesColumn, values: Sequence[Any]) -> Column:
    columns, count = fill({"it": make}, [(value,) for value in values])
    assert count == len(values)
    return columns["it"]


def as_instant(ms: int | None) -> dt.datetime | None:
    return None if ms is None else dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


# More rows than are written at once, and more words than one byte, or two, can number.
MANY = [f"w{number % 300}" for number in range(1_000)]
VERY_MANY = [f"w{number}" for number in range(70_000)]


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (uint16, [0, 65_535]),
        (uint32, [0, 2**32 - 1]),
        (uint64, [0, 2**64 - 1]),
        (int32, [-(2**31), 2**31 - 1]),
        (int64, [-(2**63), 2**63 - 1]),
        (float64, [0.1, -1e300, 3]),
        (flags, [True, False]),
        (Uuids, [UUID(int=1), UUID("00112233-4455-6677-8899-aabbccddeeff")]),
        (Days, [dt.date(1900, 1, 1), dt.date(1970, 1, 1), dt.date(2299, 12, 31)]),
        (nullable(uint32), [None, 0, 7, None]),
        (nullable(flags), [None, True, False]),
        (nullable(int64), [None] * 3),
        (Strings, ["", "a", "举手" * 50, "x" * 127, "x" * 128, "x" * 20_000]),
        (Words, ["", "水", "", "b"]),
        (Words, ["one"]),
        (Words, [f"w{number}" for number in range(256)]),
        (Words, [f"w{number}" for number in range(257)]),
        (Words, MANY),
        (Words, VERY_MANY),
        (arrays(Words), [[], ["a", "b"], [], ["a"]]),
        (arrays(Words), [[], []]),
        (arrays(Strings), [["", "长" * 100], [], ["b"]]),
        (arrays(uint32), [[number] * (number % 5) for number in range(500)]),
        (arrays(nullable(uint32)), [[None, 3], [], [4, None]]),
        (arrays(arrays(Words)), [[["a"], []], [], [["b", "a"]]]),
    ],
)
def test_what_is_written_is_what_the_driver_reads(make: MakesColumn, values: Sequence[Any]) -> None:
    assert read(filled(make, values), len(values)) == list(values)


@pytest.mark.parametrize("make", [instants, nullable(instants)])
def test_instants_are_milliseconds(make: MakesColumn) -> None:
    given = [0, 1_767_225_600_123, -1]
    found = read(filled(make, given), 3)
    assert found == [as_instant(ms) for ms in given]


@pytest.mark.parametrize(
    ("make", "value", "said"),
    [
        (uint32, -1, "it \\(UInt32\\)"),
        (uint16, 65_536, "it \\(UInt16\\)"),
        (uint32, None, "it \\(UInt32\\)"),
        (nullable(uint32), "7", "it \\(Nullable\\(UInt32\\)\\)"),
        (Strings, None, "it \\(String\\)"),
        (arrays(Words), None, "it \\(Array\\(LowCardinality\\(String\\)\\)\\)"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_that_names_the_column(
    make: MakesColumn, value: object, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        filled(make, [value])


NESTED = {
    "id": uint16,
    "steps": nested({"steps.word": Words, "steps.text": Strings, "steps.at": nullable(uint32)}),
    "last": Words,
}


def test_a_sequence_of_tuples_is_written_as_arrays_that_are_equally_long() -> None:
    rows = [
        (number, [(f"w{step}", "t" * step, step or None) for step in range(number % 4)], "z")
        for number in range(300)
    ]
    columns, count = fill(NESTED, rows)
    assert tuple(columns) == column_names(NESTED)
    found = {name: read(column, count) for name, column in columns.items()}
    assert found["steps.word"] == [[word for word, _, _ in steps] for _, steps, _ in rows]
    assert found["steps.text"] == [[text for _, text, _ in steps] for _, steps, _ in rows]
    assert found["steps.at"] == [[at for _, _, at in steps] for _, steps, _ in rows]
    assert found["last"] == ["z"] * 300


def test_a_row_is_spread_over_its_columns() -> None:
    steps = [("a", "x", 1), ("b", "y", None)]
    spread = spreader(NESTED)
    assert spread((7, steps, "z")) == (7, ("a", "b"), ("x", "y"), (1, None), "z")
    assert spread((7, [], "z")) == (7, (), (), (), "z")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([("a", "x", -1)], "steps.at \\(Nullable\\(UInt32\\)\\)"),
        ([("a", None, 1)], "steps.text \\(String\\)"),
        ([("a", "x")], "zip"),
        (None, "steps \\(a sequence of tuples\\)"),
    ],
)
def test_a_tuple_that_does_not_fit_is_an_error_that_names_the_column(
    steps: object, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        fill(NESTED, [(7, steps, "z")])


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        fill({"a": uint16, "b": uint16}, [(1,)])


def test_no_row_makes_columns_without_values() -> None:
    columns, count = fill({"a": Words, "b": arrays(Strings)}, [])
    assert (count, [column.body() for column in columns.values()]) == (0, [b"", b""])
