"""Every type that is stored runs through the embedded ClickHouse both ways, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver import Client

from jushou.runtime.clickhouse_server import ClickHouseServer

NOON = datetime(2026, 2, 28, 12, 0, 0, 123000, tzinfo=UTC)
LONG = "长" * 100_000  # longer than the reader's buffer

TYPES: dict[str, list[Any]] = {
    "String": ["", "举手", LONG, "a\tb\n\\'"],
    "LowCardinality(String)": ["water.safety", "", "water.safety", "民政"],
    "FixedString(6)": ["530102", "532900", "530102"],
    "UInt8": [0, 255],
    "UInt16": [0, 65_535],
    "UInt32": [0, 2**32 - 1],
    "UInt64": [0, 2**64 - 1],
    "Int8": [-128, 127],
    "Int32": [-(2**31), 2**31 - 1],
    "Int64": [-(2**63), 2**63 - 1],
    "Float64": [0.1, -1e300, float("inf")],
    "Bool": [True, False],
    "Date": [date(1970, 1, 1), date(2026, 2, 28)],
    "DateTime64(3, 'UTC')": [NOON, NOON + timedelta(milliseconds=1)],
    "DateTime('UTC')": [NOON.replace(microsecond=0)],
    "UUID": [UUID("6f0de94a-1111-5222-8333-444455556666"), UUID(int=0)],
    "Enum8('fired' = 1, 'withdrawn' = 2)": ["fired", "withdrawn"],
    "Nullable(String)": [None, "", "x"],
    "Nullable(UInt32)": [None, 7],
    "Nullable(Bool)": [None, True],
    "Nullable(Date)": [None, date(2026, 1, 1)],
    "Nullable(DateTime64(3, 'UTC'))": [NOON, None],
    "Nullable(UUID)": [None, UUID(int=1)],
    "Nullable(Enum8('a' = 1))": ["a", None],
    "Nullable(Float64)": [None, 1.5],
    "LowCardinality(Nullable(String))": [None, "a", None, "b"],
    "Array(String)": [[], ["a", "举手"], [LONG]],
    "Array(LowCardinality(String))": [["a", "b", "a"], [], ["b"]],
    "Array(Nullable(UInt8))": [[1, None], []],
    "Array(Array(UInt16))": [[[1], [2, 3]], [], [[]]],
    "Map(String, String)": [{}, {"zh": "督办", "en": "supervised"}],
    "Map(LowCardinality(String), Array(UInt8))": [{"a": [1, 2]}, {}],
    "Tuple(String, UInt8)": [("a", 1), ("", 0)],
    "Tuple(zh String, `e n` Nullable(String))": [("一", None), ("二", "two")],
    "SimpleAggregateFunction(max, UInt64)": [1, 2],
}


@pytest.fixture(params=[False, "lz4"], ids=["plain", "lz4"])
def client(
    request: pytest.FixtureRequest, clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> Iterator[Client]:
    address = clickhouse_server.host, clickhouse_server.port
    with Client(*address, database=clickhouse_database, compression=request.param) as client:
        yield client


@pytest.mark.parametrize("type_name", list(TYPES))
def test_a_stored_type_comes_back_as_it_was_sent(client: Client, type_name: str) -> None:
    values = TYPES[type_name]
    client.execute(f"CREATE TABLE t (n UInt32, v {type_name}) ENGINE = MergeTree ORDER BY n")
    assert client.execute("INSERT INTO t VALUES", list(enumerate(values))) == len(values)
    columns = [list(range(100, 100 + len(values))), values]
    assert client.execute("INSERT INTO t (n, v) VALUES", columns, columnar=True) == len(values)
    rows, types = client.execute("SELECT v FROM t ORDER BY n", with_column_types=True)
    assert [value for (value,) in rows] == values + values
    assert types == [("v", type_name)]


def test_a_row_of_all_types_at_once_goes_through_in_one_block(client: Client) -> None:
    types = list(TYPES)
    names = [f"c{number}" for number in range(len(types))]
    declared = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
    client.execute(f"CREATE TABLE t ({declared}) ENGINE = Memory")
    row = tuple(TYPES[kind][0] for kind in types)
    client.execute("INSERT INTO t VALUES", [row, row])
    assert client.execute("SELECT * FROM t") == [row, row]


def test_an_empty_result_has_the_types_of_its_columns(client: Client) -> None:
    listed = ", ".join(f"v{number} {kind}" for number, kind in enumerate(TYPES))
    client.execute(f"CREATE TABLE t ({listed}) ENGINE = Memory")
    rows, types = client.execute("SELECT * FROM t", with_column_types=True)
    assert rows == []
    assert types == [(f"v{number}", kind) for number, kind in enumerate(TYPES)]


def test_many_blocks_in_and_out_keep_their_rows_and_order(client: Client) -> None:
    count = 150_000
    client.execute("CREATE TABLE t (n UInt32, v LowCardinality(String)) ENGINE = Memory")
    columns = [list(range(count)), [f"v{number % 300}" for number in range(count)]]
    sent = client.execute(
        "INSERT INTO t VALUES", columns, columnar=True, settings={"insert_block_size": 40_000}
    )
    assert sent == count
    got = client.execute("SELECT n, v FROM t ORDER BY n", columnar=True)
    assert [list(column) for column in got] == columns


def test_a_type_that_cannot_be_walked_is_refused_with_its_name(client: Client) -> None:
    client.execute("CREATE TABLE t (v AggregateFunction(sum, UInt64)) ENGINE = Memory")
    with pytest.raises(Exception, match="AggregateFunction") as refused:
        client.execute("INSERT INTO t VALUES", [("x",)])
    assert refused.type.__name__ in {"ServerException", "UnknownTypeError"}
    assert client.execute("SELECT count() FROM t") == [(0,)]
