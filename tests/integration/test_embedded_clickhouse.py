"""clickhouse-driver works with the embedded ClickHouse as with a real server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes, ServerException

from jushou.runtime.clickhouse_server import ClickHouseServer

SLOW = "SELECT sum(sipHash64(number)) FROM numbers(100000000000)"  # minutes
DEADLINE_S = 60.0

# Answers of many forms: the engine gives some as a stream, some as a whole, some in many blocks.
QUESTIONS = {
    "SELECT 1": [(1,)],
    "-- c\n/* c */ SELECT '-- kept' -- c": [("-- kept",)],
    "SELECT 1;": [(1,)],
    "SELECT 1 AS a FORMAT JSON": [(1,)],
    "SELECT 'x FORMAT JSON'": [("x FORMAT JSON",)],
    "SELECT number FROM numbers(3) FORMAT CSV SETTINGS max_block_size = 1": [(0,), (1,), (2,)],
    "WITH 2 AS n SELECT n UNION ALL SELECT n": [(2,), (2,)],
    "(SELECT 1)": [(1,)],
    "FROM numbers(1) SELECT number": [(0,)],
    "SELECT NULL": [(None,)],
    "SELECT count() FROM numbers(100000)": [(100_000,)],
    "SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY k ORDER BY k": [(0, 2), (1, 2)],
    "SELECT max(n) FROM (SELECT number n FROM numbers(9)) WHERE n > 3": [(8,)],
    "SELECT toDateTime('2026-02-28 12:00:00', 'UTC')": [(datetime(2026, 2, 28, 12, tzinfo=UTC),)],
    "SELECT 1, toStartOfHour(toDateTime64('2026-02-28 12:59:00', 3, 'UTC'))": [
        (1, datetime(2026, 2, 28, 12, tzinfo=UTC))
    ],
    "EXISTS TABLE nowhere": [(0,)],
    "SHOW TABLES": [],
    "SHOW DATABASES LIKE 'system'": [("system",)],
    "EXPLAIN AST SELECT 1": [
        ("SelectWithUnionQuery (children 1)",),
        (" ExpressionList (children 1)",),
        ("  SelectQuery (children 1)",),
        ("   ExpressionList (children 1)",),
        ("    Literal UInt64_1",),
    ],
    "SELECT 1 WHERE 0": [],
    "SELECT timezone()": [("UTC",)],
}


def connect(server: ClickHouseServer, **options: object) -> Client:
    return Client(server.host, server.port, **options)


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_question_is_answered_with_its_rows(clickhouse: Client, sql: str) -> None:
    assert clickhouse.execute(sql) == QUESTIONS[sql]


@pytest.mark.parametrize("sql", QUESTIONS)
def test_an_answer_has_the_types_of_its_columns(clickhouse: Client, sql: str) -> None:
    _, types = clickhouse.execute(sql, with_column_types=True)
    assert types
    assert all(name and type_name for name, type_name in types)


def test_describe_gives_the_columns_of_a_table(clickhouse: Client) -> None:
    clickhouse.execute("CREATE TABLE t (a UInt8, b String DEFAULT 'x') ENGINE = Memory")
    described = clickhouse.execute("DESCRIBE TABLE t")
    assert [row[:4] for row in described] == [
        ("a", "UInt8", "", ""),
        ("b", "String", "DEFAULT", "'x'"),
    ]


def test_a_type_that_the_front_cannot_walk_is_still_read(clickhouse: Client) -> None:
    sql = "SELECT sumState(number) AS s FROM numbers(3)"
    merged = clickhouse.execute(f"SELECT finalizeAggregation(s) FROM ({sql})")
    assert merged == [(3,)]
    with pytest.raises(Exception, match="AggregateFunction"):
        clickhouse.execute(sql)  # the driver itself does not know it


def test_parameters_are_quoted_by_the_driver(clickhouse: Client) -> None:
    values = {
        "text": "it's \\ 举手 -- FORMAT x",
        "at": datetime(2026, 2, 28, tzinfo=UTC),
        "n": [1, 2],
    }
    rows = clickhouse.execute("SELECT %(text)s, toDateTime(%(at)s, 'UTC'), %(n)s", values)
    assert rows == [(values["text"], values["at"], [1, 2])]


def test_rows_as_dictionaries_and_a_part_of_the_columns_are_inserted(clickhouse: Client) -> None:
    clickhouse.execute(
        "CREATE TABLE t (a UInt8, b String DEFAULT 'x', c UInt8 MATERIALIZED a + 1) ENGINE = Memory"
    )
    clickhouse.execute("INSERT INTO t (a) VALUES", [{"a": 1}])
    clickhouse.execute("INSERT INTO t (b, `a`) FORMAT Native", [("y", 2)])
    clickhouse.execute("INSERT INTO t (* EXCEPT (b)) VALUES", [(3,)])
    clickhouse.execute("INSERT INTO t VALUES", [(4, "z")])
    assert clickhouse.execute("SELECT a, b, c FROM t ORDER BY a") == [
        (1, "x", 2),
        (2, "y", 3),
        (3, "x", 4),
        (4, "z", 5),
    ]


def test_values_in_the_text_and_a_select_are_inserted(clickhouse: Client) -> None:
    clickhouse.execute("CREATE TABLE t (a UInt8, b String) ENGINE = Memory")
    clickhouse.execute("INSERT INTO t VALUES (1, 'a;b'), (2, '-- c')")
    clickhouse.execute("INSERT INTO t SELECT a + 2, b FROM t")
    assert clickhouse.execute("SELECT * FROM t ORDER BY a") == [
        (1, "a;b"),
        (2, "-- c"),
        (3, "a;b"),
        (4, "-- c"),
    ]


def test_an_insert_of_no_rows_is_accepted(clickhouse: Client) -> None:
    clickhouse.execute("CREATE TABLE t (a UInt8) ENGINE = Memory")
    assert clickhouse.execute("INSERT INTO t VALUES", []) == 0
    assert clickhouse.execute("SELECT count() FROM t") == [(0,)]


def test_a_repeated_insert_with_the_same_token_is_dropped(clickhouse: Client) -> None:
    clickhouse.execute(
        "CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a"
        " SETTINGS non_replicated_deduplication_window = 100"
    )
    for token in ("cases-0-99", "cases-0-99", "cases-100-199"):
        clickhouse.execute(
            "INSERT INTO t VALUES",
            [[1, 2]],
            columnar=True,
            settings={"insert_deduplication_token": token},
        )
    assert clickhouse.execute("SELECT count() FROM t") == [(4,)]


def test_merging_gives_way_to_answering(clickhouse: Client) -> None:
    found = clickhouse.execute(
        "SELECT value FROM system.server_settings "
        "WHERE name = 'os_threads_nice_value_merge_mutate' AND changed"
    )
    assert found == [("10",)]


def test_settings_hold_for_their_query_only(clickhouse: Client) -> None:
    ask = "SELECT getSetting('max_block_size'), getSetting('max_threads')"
    usual = clickhouse.execute(ask)
    assert clickhouse.execute(ask, settings={"max_block_size": 77}) == [(77, usual[0][1])]
    assert clickhouse.execute(ask) == usual
    clickhouse.execute("SET max_threads = 1")
    assert clickhouse.execute(ask, settings={"max_threads": 2})[0][1] == 2
    assert clickhouse.execute(ask)[0][1] == 1


def test_an_unknown_setting_is_passed_over_unless_it_is_important(
    clickhouse: Client, clickhouse_server: ClickHouseServer
) -> None:
    unknown = {"no_such_setting": 1}
    assert clickhouse.execute("SELECT 1", settings=unknown) == [(1,)]
    with (
        connect(clickhouse_server, settings_is_important=True) as strict,
        pytest.raises(ServerException, match="no_such_setting") as refused,
    ):
        strict.execute("SELECT 1", settings=unknown)
    assert refused.value.code == ErrorCodes.UNKNOWN_SETTING


def test_a_readonly_setting_refuses_writes_and_does_not_stick(clickhouse: Client) -> None:
    assert clickhouse.execute("SELECT 1", settings={"readonly": 1}) == [(1,)]
    create = "CREATE TABLE t (a UInt8) ENGINE = Memory"
    with pytest.raises(ServerException) as refused:
        clickhouse.execute(create, settings={"readonly": 1})
    assert refused.value.code == ErrorCodes.READONLY
    clickhouse.execute(create)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nowhere", ErrorCodes.UNKNOWN_IDENTIFIER),
        ("SELEC 1", ErrorCodes.SYNTAX_ERROR),
        ("SELECT 1; SELECT 2", ErrorCodes.SYNTAX_ERROR),
        ("SELECT * FROM nowhere", ErrorCodes.UNKNOWN_TABLE),
        ("DESCRIBE TABLE nowhere", ErrorCodes.UNKNOWN_TABLE),
        ("SELECT throwIf(number = 200000) FROM numbers(300000)", 395),  # after the first blocks
        ("CREATE TABLE t (a Nonsense) ENGINE = Memory", ErrorCodes.UNKNOWN_TYPE),
        ("SELECT 1 SETTINGS max_block_size = 'x'", 27),
    ],
)
def test_an_error_keeps_its_code_and_the_next_query_is_not_touched(
    clickhouse: Client, sql: str, code: int
) -> None:
    with pytest.raises(ServerException) as refused:
        clickhouse.execute(sql)
    assert refused.value.code == code
    assert clickhouse.execute("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("table", "rows", "code"),
    [
        ("(a UInt64, CONSTRAINT small CHECK a < 100) ENGINE = MergeTree ORDER BY a", [1, 200], 469),
        ("(a UInt64) ENGINE = MergeTree ORDER BY a PARTITION BY a", range(200), 252),
        (
            "(a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS parts_to_throw_insert = 0,"
            " inactive_parts_to_throw_insert = 0, max_parts_in_total = 0",
            [1],
            252,
        ),
        ("(a UInt64 DEFAULT 0, b UInt64 MATERIALIZED throwIf(a = 1)) ENGINE = Memory", [1], 395),
    ],
    ids=["constraint", "too-many-partitions", "too-many-parts", "expression"],
)
def test_an_insert_that_the_table_refuses_is_an_error_and_leaves_no_rows(
    clickhouse: Client, table: str, rows: Sequence[int], code: int
) -> None:
    clickhouse.execute(f"CREATE TABLE t {table}")
    with pytest.raises(ServerException) as refused:
        clickhouse.execute("INSERT INTO t (a) VALUES", [(row,) for row in rows])
    assert refused.value.code == code
    assert clickhouse.execute("SELECT count() FROM t") == [(0,)]


def test_an_insert_beyond_the_memory_limit_is_an_error(clickhouse: Client) -> None:
    clickhouse.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY cityHash64(a)")
    with pytest.raises(ServerException) as refused:
        clickhouse.execute(
            "INSERT INTO t VALUES",
            [list(range(200_000))],
            columnar=True,
            settings={"max_memory_usage": 1_000_000},
        )
    assert refused.value.code == ErrorCodes.MEMORY_LIMIT_EXCEEDED
    assert clickhouse.execute("SELECT count() FROM t") == [(0,)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("INSERT INTO nowhere VALUES", ErrorCodes.UNKNOWN_TABLE),
        ("INSERT INTO t (b) VALUES", ErrorCodes.NO_SUCH_COLUMN_IN_TABLE),
    ],
)
def test_an_insert_into_what_is_not_there_is_an_error(
    clickhouse: Client, sql: str, code: int
) -> None:
    clickhouse.execute("CREATE TABLE t (a UInt8) ENGINE = Memory")
    with pytest.raises(ServerException) as refused:
        clickhouse.execute(sql, [(1,)])
    assert refused.value.code == code


def test_a_client_that_leaves_in_the_middle_of_an_insert_has_inserted_nothing(
    clickhouse: Client, clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> None:
    clickhouse.execute("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a")

    def rows() -> Iterator[tuple[int]]:
        yield from ((number,) for number in range(1000))
        raise InterruptedError

    with (
        connect(clickhouse_server, database=clickhouse_database) as leaving,
        pytest.raises(InterruptedError),
    ):
        leaving.execute("INSERT INTO t VALUES", rows(), settings={"insert_block_size": 100})
    assert clickhouse.execute("SELECT count() FROM t") == [(0,)]


def test_settings_in_the_text_of_an_insert_hold(clickhouse: Client) -> None:
    clickhouse.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a PARTITION BY a")
    clickhouse.execute(
        "INSERT INTO t (a) SETTINGS max_partitions_per_insert_block = 500 VALUES",
        [(number,) for number in range(200)],
    )
    assert clickhouse.execute("SELECT count() FROM t") == [(200,)]


def test_rows_are_iterated_and_an_abandoned_iteration_frees_the_client(clickhouse: Client) -> None:
    rows = clickhouse.execute_iter("SELECT number FROM numbers(1000000)", chunk_size=10)
    assert next(rows) == [(number,) for number in range(10)]
    rows.close()
    clickhouse.disconnect()
    assert clickhouse.execute("SELECT 1") == [(1,)]


def test_progress_counts_the_rows_that_came(clickhouse: Client) -> None:
    clickhouse.execute("SELECT number FROM numbers(1000)")
    assert clickhouse.last_query.progress.rows == 1000
    progress = clickhouse.execute_with_progress("SELECT 1")
    assert progress.get_result() == [(1,)]


def test_a_ping_is_answered(clickhouse: Client) -> None:
    clickhouse.execute("SELECT 1")
    assert clickhouse.connection.ping() is True


def test_a_cancelled_query_ends_and_the_connection_goes_on(
    clickhouse: Client, clickhouse_server: ClickHouseServer, wait_for: Callable[..., None]
) -> None:
    clickhouse.execute("SELECT 1")
    clickhouse.connection.send_query(SLOW)
    clickhouse.connection.send_external_tables([])
    with connect(clickhouse_server) as other:
        wait_for(lambda: running(other) == 1, DEADLINE_S)
        clickhouse.cancel()
        wait_for(lambda: running(other) == 0, DEADLINE_S)
    assert clickhouse.execute("SELECT 1") == [(1,)]


def test_a_client_that_hangs_up_ends_its_query(
    clickhouse_server: ClickHouseServer, clickhouse: Client, wait_for: Callable[..., None]
) -> None:
    with connect(clickhouse_server) as leaving:
        leaving.execute("SELECT 1")
        leaving.connection.send_query(SLOW)
        leaving.connection.send_external_tables([])
        wait_for(lambda: running(clickhouse) == 1, DEADLINE_S)
    wait_for(lambda: running(clickhouse) == 0, DEADLINE_S)


def test_several_clients_are_served_at_once(
    clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> None:
    count, rounds = 6, 20
    at_once = threading.Barrier(count)

    def work(number: int) -> None:
        with connect(clickhouse_server, database=clickhouse_database) as client:
            client.execute(f"CREATE TABLE t{number} (a UInt32) ENGINE = MergeTree ORDER BY a")
            at_once.wait(DEADLINE_S)
            for turn in range(rounds):
                client.execute(f"INSERT INTO t{number} VALUES", [[turn] * 10], columnar=True)
                assert client.execute("SELECT %(n)s", {"n": number}) == [(number,)]
            assert client.execute(f"SELECT count() FROM t{number}") == [(rounds * 10,)]

    with ThreadPoolExecutor(count) as threads:
        for done in [threads.submit(work, number) for number in range(count)]:
            done.result(DEADLINE_S)


def test_a_quick_query_does_not_wait_for_a_slow_one(
    clickhouse: Client, clickhouse_server: ClickHouseServer, wait_for: Callable[..., None]
) -> None:
    with connect(clickhouse_server) as slow:
        slow.execute("SELECT 1")
        slow.connection.send_query(SLOW)
        slow.connection.send_external_tables([])
        wait_for(lambda: running(clickhouse) == 1, DEADLINE_S)
        assert clickhouse.execute("SELECT 1") == [(1,)]
        assert running(clickhouse) == 1


def test_a_session_is_a_clients_own(
    clickhouse: Client, clickhouse_server: ClickHouseServer
) -> None:
    clickhouse.execute("CREATE TEMPORARY TABLE mine (a UInt8)")
    clickhouse.execute("INSERT INTO mine VALUES", [(1,)])
    assert clickhouse.execute("SELECT a FROM mine") == [(1,)]
    with connect(clickhouse_server) as other, pytest.raises(ServerException) as refused:
        other.execute("SELECT a FROM mine")
    assert refused.value.code == ErrorCodes.UNKNOWN_TABLE


def test_an_unknown_database_is_an_error_when_connecting(
    clickhouse_server: ClickHouseServer,
) -> None:
    with (
        connect(clickhouse_server, database="nowhere") as client,
        pytest.raises(ServerException) as refused,
    ):
        client.execute("SELECT 1")
    assert refused.value.code == ErrorCodes.UNKNOWN_DATABASE


def test_a_client_of_another_protocol_does_no_harm(clickhouse_server: ClickHouseServer) -> None:
    address = clickhouse_server.host, clickhouse_server.port
    with socket.create_connection(address, timeout=DEADLINE_S) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"Unexpected packet" in stranger.recv(4096)
    with connect(clickhouse_server) as client:
        assert client.execute("SELECT 1") == [(1,)]


def running(client: Client) -> int:
    """How many slow queries the engine is running."""
    ((count,),) = client.execute(
        "SELECT count() FROM system.processes WHERE startsWith(query, 'SELECT sum(sipHash64')"
    )
    return int(count)
