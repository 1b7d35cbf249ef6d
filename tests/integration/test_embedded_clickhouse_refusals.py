"""What the embedded ClickHouse refuses, each with the code a real server would give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes, ServerException

from jushou.runtime.clickhouse_server import ClickHouseServer

ACCESS_DENIED = 497
NOT_IMPLEMENTED = ErrorCodes.NOT_IMPLEMENTED


@pytest.fixture
def reader(
    clickhouse_server: ClickHouseServer, clickhouse: Client, clickhouse_database: str
) -> Iterator[Client]:
    clickhouse.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    clickhouse.execute("INSERT INTO t VALUES", [(1,)])
    with Client(
        clickhouse_server.host,
        clickhouse_server.port,
        user="reader",
        password="look",
        database=clickhouse_database,
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("CREATE USER someone", ACCESS_DENIED),
        ("CREATE ROLE analysts", ACCESS_DENIED),
        ("CREATE ROW POLICY own ON t USING 1", ACCESS_DENIED),
        ("/* hidden */ ALTER USER default IDENTIFIED BY 'x'", ACCESS_DENIED),
        ("GRANT SELECT ON *.* TO default", ACCESS_DENIED),
        ("KILL QUERY WHERE 1", NOT_IMPLEMENTED),
        ("SYSTEM SHUTDOWN", NOT_IMPLEMENTED),
        ("SYSTEM KILL", NOT_IMPLEMENTED),
        ("SELECT 1 INTO OUTFILE 'x.csv'", NOT_IMPLEMENTED),
        (
            "CREATE TABLE r (a UInt8) ENGINE = ReplicatedMergeTree('/x', 'y') ORDER BY a",
            ErrorCodes.NO_ZOOKEEPER,
        ),
    ],
)
def test_what_the_engine_cannot_do_is_refused(clickhouse: Client, sql: str, code: int) -> None:
    with pytest.raises(ServerException) as refused:
        clickhouse.execute(sql)
    assert refused.value.code == code
    assert clickhouse.execute("SELECT 1") == [(1,)]


def test_external_tables_are_refused_and_the_connection_goes_on(clickhouse: Client) -> None:
    table = {"name": "mine", "structure": [("a", "UInt8")], "data": [{"a": 1}]}
    with pytest.raises(ServerException, match="external tables") as refused:
        clickhouse.execute("SELECT * FROM mine", external_tables=[table])
    assert refused.value.code == NOT_IMPLEMENTED
    assert clickhouse.execute("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("user", "password"), [("default", "wrong"), ("reader", ""), ("nobody", "")]
)
def test_a_wrong_user_or_password_is_refused(
    clickhouse_server: ClickHouseServer, user: str, password: str
) -> None:
    address = clickhouse_server.host, clickhouse_server.port
    with (
        Client(*address, user=user, password=password) as client,
        pytest.raises(ServerException, match=user) as refused,
    ):
        client.execute("SELECT 1")
    assert refused.value.code == 516


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t",
        "WITH 1 AS one SELECT one",
        "SHOW TABLES",
        "SHOW CREATE TABLE t",
        "DESCRIBE TABLE t",
        "EXPLAIN SELECT a FROM t",
        "EXISTS TABLE t",
        "SELECT 'file(' FROM numbers(1)",
        "SELECT count() FROM merge(currentDatabase(), 't')",
    ],
)
def test_a_reader_may_ask(reader: Client, sql: str) -> None:
    assert reader.execute(sql, settings={"max_threads": 1})


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t SELECT 2",
        "INSERT INTO FUNCTION file('x.csv', 'CSV', 'a UInt8') SELECT 1",
        "CREATE TABLE mine (a UInt8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE mine (a UInt8)",
        "ALTER TABLE t DELETE WHERE 1",
        "DROP TABLE t",
        "TRUNCATE TABLE t",
        "OPTIMIZE TABLE t",
        "SYSTEM FLUSH LOGS",
        "SET readonly = 0",
        "-- SELECT\nDROP TABLE t",
    ],
)
def test_a_reader_may_not_change_anything(reader: Client, clickhouse: Client, sql: str) -> None:
    with pytest.raises(ServerException) as refused:
        reader.execute(sql)
    assert refused.value.code == ErrorCodes.READONLY
    assert clickhouse.execute("SELECT a FROM t") == [(1,)]
    assert clickhouse.execute("SHOW TABLES") == [("t",)]


def test_a_reader_may_not_insert_blocks_nor_lift_the_limit(reader: Client) -> None:
    with pytest.raises(ServerException) as refused:
        reader.execute("INSERT INTO t VALUES", [(2,)])
    assert refused.value.code == ErrorCodes.READONLY
    with pytest.raises(ServerException) as refused:
        reader.execute("DROP TABLE t", settings={"readonly": 0})
    assert refused.value.code == ErrorCodes.READONLY


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM file('{path}', 'LineAsString')",
        "SELECT * FROM FILE ('{path}', 'LineAsString')",
        "SELECT * FROM `file`('{path}', 'LineAsString')",
        "SELECT * FROM/**/file/**/('{path}', 'LineAsString')",
        "SELECT file('{path}')",
        "SELECT a FROM t WHERE toString(a) IN (SELECT line FROM file('{path}', 'LineAsString'))",
        "DESCRIBE TABLE file('{path}', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM executable('id', 'LineAsString', 'line String')",
        "SELECT * FROM remote('127.0.0.1', system.one)",
    ],
)
def test_a_reader_reaches_no_file_host_or_program(reader: Client, tmp_path: Path, sql: str) -> None:
    path = tmp_path / "secret"
    path.write_text("secret")
    with pytest.raises(ServerException) as refused:
        reader.execute(sql.format(path=path))
    assert refused.value.code == ACCESS_DENIED
