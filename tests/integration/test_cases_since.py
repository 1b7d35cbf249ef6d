"""``cases_since`` gives what FINAL gives, however the states of a case lie in parts."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from clickhouse_driver import Client

from jushou.runtime.clickhouse_server import ClickHouseServer
from sinks.clickhouse.migration import MIGRATIONS, migrate
from sinks.clickhouse.server import Server

NOW = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
SINCE = NOW - dt.timedelta(days=30)
OPEN = None
LATELY, LONG_AGO = NOW - dt.timedelta(days=3), NOW - dt.timedelta(days=300)

State = tuple[str, int, dt.datetime | None]
"""Case, version, and when it was closed, if it was."""


@pytest.fixture(scope="module")
def server(clickhouse_server: ClickHouseServer) -> Iterator[Server]:
    """A warehouse of these tests."""
    with a_warehouse(clickhouse_server) as server:
        migrate(server)
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """A connection to it, without cases; parts are merged only where a test says so."""
    with server.client() as client:
        client.execute("TRUNCATE TABLE cases")
        client.execute("SYSTEM STOP MERGES cases")
        yield client


@contextmanager
def a_warehouse(clickhouse_server: ClickHouseServer) -> Iterator[Server]:
    """A database that is dropped at the end."""
    server = Server(clickhouse_server.host, clickhouse_server.port, f"test_{uuid.uuid4().hex[:12]}")
    yield server
    with Client(server.host, server.port) as client:
        client.execute(f"DROP DATABASE {server.database} SYNC")


def put(client: Client, *states: State) -> None:
    """Write one part, as the sink does: it is not merged with itself."""
    client.execute(
        "INSERT INTO cases (case_id, version, closed_at, `verdicts.due_at`) VALUES",
        [(case, version, closed, [NOW]) for case, version, closed in states],
        settings={"optimize_on_insert": 0},
    )


def merge(client: Client) -> None:
    """Merge all parts into one."""
    client.execute("SYSTEM START MERGES cases")
    client.execute("OPTIMIZE TABLE cases FINAL")
    client.execute("SYSTEM STOP MERGES cases")


def shown(client: Client, since: dt.datetime = SINCE) -> list[tuple[str, dt.datetime | None]]:
    """Return the cases and when they were closed, and check that they are those of FINAL."""
    columns = "case_id, closed_at, `verdicts.due_ms`"
    at = {"since": f"{since:%Y-%m-%d %H:%M:%S}"}
    found = client.execute(f"SELECT {columns} FROM cases_since(since = %(since)s) ORDER BY ALL", at)
    final = client.execute(
        f"SELECT {columns} FROM cases FINAL WHERE closed_at IS NULL OR closed_at >= %(since)s "
        "ORDER BY ALL", at
    )  # fmt: skip
    assert found == final
    return [(case, closed) for case, closed, _ in found]


def parts(client: Client) -> Sequence[tuple[int, int]]:
    """Return the level and the rows of each part."""
    return client.execute(
        "SELECT level, rows FROM system.parts WHERE active AND table = 'cases' "
        "AND database = currentDatabase() ORDER BY min_block_number"
    )  # type: ignore[no-any-return]


def test_an_open_case_is_there_and_one_closed_long_ago_is_not(client: Client) -> None:
    put(client, ("a", 1, OPEN), ("b", 1, LATELY), ("c", 1, LONG_AGO), ("d", 1, SINCE))
    merge(client)
    assert shown(client) == [("a", None), ("b", LATELY), ("d", SINCE)]
    assert shown(client, NOW) == [("a", None)]


def test_an_empty_table_has_none(client: Client) -> None:
    assert shown(client) == []


def test_a_newer_state_counts_wherever_it_lies(client: Client) -> None:
    put(client, ("a", 2, LATELY), ("b", 1, OPEN), ("filler", 1, OPEN), ("more", 1, OPEN))
    merge(client)
    put(client, ("a", 1, OPEN), ("b", 2, LATELY))
    assert shown(client) == [("a", LATELY), ("b", LATELY), ("filler", None), ("more", None)]


def test_a_case_that_is_known_to_be_closed_long_ago_is_out_wherever_that_state_lies(
    client: Client,
) -> None:
    # Of `a` an old open state is sent again; of `b` a correction says that it ended long ago.
    put(client, ("a", 2, LONG_AGO), ("b", 1, OPEN), ("filler", 1, OPEN), ("more", 1, OPEN))
    merge(client)
    put(client, ("a", 1, OPEN), ("b", 2, LONG_AGO))
    assert parts(client) == [(1, 4), (0, 2)]
    assert shown(client) == [("filler", None), ("more", None)]


def test_a_state_that_is_there_twice_counts_once(client: Client) -> None:
    put(client, ("a", 1, OPEN), ("b", 1, LATELY), ("c", 1, OPEN))
    merge(client)
    put(client, ("a", 1, OPEN), ("new", 1, OPEN))
    put(client, ("b", 1, LATELY), ("new", 1, OPEN))
    assert shown(client) == [("a", None), ("b", LATELY), ("c", None), ("new", None)]


def test_a_part_that_was_never_merged_may_hold_several_states_of_a_case(client: Client) -> None:
    put(client, ("a", 1, OPEN), ("a", 2, LONG_AGO), ("b", 1, OPEN), ("b", 2, LATELY))
    assert parts(client) == [(0, 4)]
    assert shown(client) == [("b", LATELY)]
    # Nor is the largest taken as it stands where a smaller one is merged.
    put(client, ("c", 1, OPEN))
    put(client, ("c", 2, LATELY))
    client.execute("SYSTEM START MERGES cases")
    assert shown(client) == [("b", LATELY), ("c", LATELY)]


def test_what_was_written_before_the_projection_is_found(
    clickhouse_server: ClickHouseServer, tmp_path: Path
) -> None:
    def until(version: str) -> Path:
        earlier = shutil.copytree(MIGRATIONS, tmp_path / version)
        for file in earlier.glob("*.sql"):
            if file.name >= version:
                file.unlink()
        return earlier

    with a_warehouse(clickhouse_server) as server:
        migrate(server, until("0058"))
        with server.client() as client:
            client.execute("SYSTEM STOP MERGES cases")  # nothing is reckoned for what there is
            put(client, ("a", 1, OPEN), ("b", 1, OPEN), ("c", 1, LONG_AGO))
            put(client, ("b", 2, LONG_AGO))
            migrate(server, until("0060"))
            put(client, ("c", 2, LATELY))
            assert shown(client) == [("a", None), ("c", LATELY)]
            client.execute("SYSTEM START MERGES cases")
            migrate(server)
            assert shown(client) == [("a", None), ("c", LATELY)]
            merge(client)
            assert shown(client) == [("a", None), ("c", LATELY)]


def test_a_state_that_was_deleted_is_not_found(client: Client) -> None:
    put(client, ("a", 1, OPEN), ("b", 1, OPEN), ("c", 1, LATELY))
    merge(client)
    client.execute("SYSTEM START MERGES cases")
    client.execute("DELETE FROM cases WHERE case_id = 'b'")
    assert shown(client) == [("a", None), ("c", LATELY)]


@pytest.mark.parametrize("seed", range(6))
def test_any_states_in_any_parts(client: Client, seed: int) -> None:
    chance = random.Random(seed)
    ends = (OPEN, LATELY, LONG_AGO, SINCE, NOW)
    sent: list[State] = []
    for _ in range(12):
        fresh = [(chance.randrange(40), chance.randrange(6)) for _ in range(chance.randrange(30))]
        # What a state says is settled by its version.
        states = [(f"case-{n}", version, ends[(n * 7 + version * 3) % 5]) for n, version in fresh]
        again = chance.sample(sent, chance.randrange(len(sent) + 1)) if sent else []
        if states + again:
            put(client, *states, *again)
        sent += states
        for since in (LONG_AGO, SINCE, NOW):
            shown(client, since)
        if chance.random() < 0.25:
            merge(client)
            shown(client)


def test_no_case_is_missed_or_counted_twice_while_states_are_written_and_merged(
    server: Server, client: Client
) -> None:
    cases = [f"case-{number}" for number in range(500)]
    stopped = threading.Event()

    def write() -> None:
        chance = random.Random(1)
        version = 1
        with server.client() as client:
            while not stopped.is_set():
                version += 1
                put(client, *((case, version, OPEN) for case in chance.sample(cases, 100)))
                if version % 20 == 0:
                    client.execute("OPTIMIZE TABLE cases FINAL")

    client.execute("SYSTEM START MERGES cases")
    put(client, *((case, 1, OPEN) for case in cases))
    client.execute("OPTIMIZE TABLE cases FINAL")
    writing = threading.Thread(target=write)
    writing.start()
    try:
        counted = {
            client.execute(
                "SELECT count(), uniqExact(case_id) FROM cases_since(since = %(since)s)",
                {"since": f"{SINCE:%Y-%m-%d %H:%M:%S}"},
            )[0]
            for _ in range(60)
        }
    finally:
        stopped.set()
        writing.join()
    assert counted == {(500, 500)}


def test_few_of_many_cases_are_read(client: Client) -> None:
    put(client, *((f"case-{n}", 1, LATELY if n % 50 == 0 else LONG_AGO) for n in range(60_000)))
    merge(client)
    plan = "\n".join(
        line
        for (line,) in client.execute(
            "EXPLAIN indexes = 1 SELECT max(`verdicts.due_ms`) FROM cases_since(since = %(since)s)",
            {"since": f"{SINCE:%Y-%m-%d %H:%M:%S}"},
        )
    )
    assert plan.count("ReadFromMergeTree (by_end_charged)") >= 2
    assert plan.count("Granules: 1/7") == 2
