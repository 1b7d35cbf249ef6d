"""The embedded ClickHouse starts, stops, crashes and comes back with what it acknowledged."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError
from clickhouse_driver.errors import ErrorCodes, ServerException

from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.errors import Unavailable

DEADLINE_S = 60.0
SLOW = "SELECT sum(sipHash64(number)) FROM numbers(100000000000)"  # minutes


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    server = ClickHouseServer(tmp_path / "clickhouse")
    yield server
    server.kill()


def connect(server: ClickHouseServer) -> Client:
    return Client(server.host, server.port)


def fill(server: ClickHouseServer) -> None:
    with connect(server) as client:
        client.execute("CREATE DATABASE kept")
        client.execute("CREATE TABLE kept.t (a UInt32) ENGINE = MergeTree ORDER BY a")
        client.execute("INSERT INTO kept.t VALUES", [list(range(1000))], columnar=True)


def count(server: ClickHouseServer) -> int:
    with connect(server) as client:
        return int(client.execute("SELECT count() FROM kept.t")[0][0])


def test_rows_survive_an_orderly_restart_on_the_same_port(own_server: ClickHouseServer) -> None:
    port = own_server.port
    with own_server:
        fill(own_server)
    assert own_server.process.returncode == 0
    with own_server:
        assert own_server.port == port
        assert count(own_server) == 1000


def test_acknowledged_rows_survive_a_crash(own_server: ClickHouseServer) -> None:
    own_server.start()
    fill(own_server)
    own_server.kill()
    assert own_server.process.returncode == -signal.SIGKILL
    with own_server:
        assert count(own_server) == 1000
        with connect(own_server) as client:
            client.execute("INSERT INTO kept.t VALUES", [(1,)])
        assert count(own_server) == 1001


def test_what_a_crash_cut_off_is_cleared_away(own_server: ClickHouseServer) -> None:
    left = own_server.folder / "incoming" / "left.native"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a block")
    with own_server:
        assert list(left.parent.iterdir()) == []
        fill(own_server)
        assert list(left.parent.iterdir()) == []


def test_stopping_ends_a_query_with_an_error_and_waits_for_nobody(
    own_server: ClickHouseServer, wait_for: Callable[..., None]
) -> None:
    own_server.start()
    with connect(own_server) as busy, connect(own_server) as idle:
        busy.execute("SELECT 1")
        busy.connection.send_query(SLOW)
        busy.connection.send_external_tables([])
        wait_for(lambda: running(idle) == 1, DEADLINE_S)
        own_server.stop()
        assert own_server.process.returncode == 0
        with pytest.raises(ServerException) as ended:
            busy.receive_result()
        assert ended.value.code == ErrorCodes.QUERY_WAS_CANCELLED
        with pytest.raises((DriverError, EOFError)):
            idle.execute("SELECT 1")


def test_a_folder_has_one_server(own_server: ClickHouseServer) -> None:
    with own_server:
        fill(own_server)
        second = ClickHouseServer(own_server.folder)
        with pytest.raises(Unavailable, match=r"cannot start on .*clickhouse"):
            second.start()
        assert count(own_server) == 1000


def test_a_taken_port_is_named(
    own_server: ClickHouseServer, clickhouse_server: ClickHouseServer
) -> None:
    own_server = ClickHouseServer(own_server.folder, port=clickhouse_server.port)
    with pytest.raises(Unavailable, match="Address already in use"):
        own_server.start()


def test_passwords_are_not_among_the_arguments(own_server: ClickHouseServer) -> None:
    secret = "not-for-all-eyes"
    with ClickHouseServer(own_server.folder, password=secret) as server:
        arguments = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
        assert b"--folder" in arguments
        assert secret.encode() not in arguments
        with Client(server.host, server.port, password=secret) as client:
            assert client.execute("SELECT 1") == [(1,)]


def running(client: Client) -> int:
    ((found,),) = client.execute(
        "SELECT count() FROM system.processes WHERE startsWith(query, 'SELECT sum(sipHash64')"
    )
    return int(found)
