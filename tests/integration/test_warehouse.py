"""The migrations of the warehouse on the embedded ClickHouse."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client

from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.errors import Misconfigured, Unavailable
from sinks.clickhouse import (
    action_rows,
    aggregate_rows,
    case_event_rows,
    case_rows,
    dead_letter_rows,
    delivery_rows,
    escalation_rows,
)
from sinks.clickhouse.migration import MIGRATIONS, migrate, status
from sinks.clickhouse.server import Server

WRITTEN = (
    action_rows, aggregate_rows, case_event_rows, case_rows, dead_letter_rows, delivery_rows,
    escalation_rows,
)  # fmt: skip


@pytest.fixture
def server(clickhouse_server: ClickHouseServer) -> Iterator[Server]:
    """A warehouse whose database does not exist yet."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield Server(clickhouse_server.host, clickhouse_server.port, name)
    with Client(clickhouse_server.host, clickhouse_server.port) as client:
        client.execute(f"DROP DATABASE IF EXISTS {name} SYNC")


def test_migrating_makes_the_database_and_a_second_time_changes_nothing(server: Server) -> None:
    files = sorted(path.name for path in MIGRATIONS.glob("*.sql"))
    assert [each.state for each in status(server)] == ["pending"] * len(files)
    assert migrate(server) == [int(name[:4]) for name in files]
    assert migrate(server) == []
    assert [(each.file, each.state) for each in status(server)] == [
        (name, "applied") for name in files
    ]


def test_a_migration_that_was_cut_short_is_applied_again(server: Server) -> None:
    migrate(server)
    with server.client() as client:
        client.execute("DROP VIEW verdicts_current")
        client.execute("TRUNCATE TABLE schema_versions")
    migrate(server)
    with server.client() as client:
        assert client.execute("SELECT count() FROM verdicts_current") == [(0,)]


def test_a_file_that_was_changed_after_it_was_applied_is_refused(
    server: Server, tmp_path: Path
) -> None:
    folder = shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    migrate(server, folder)
    with (folder / "0001_case_events.sql").open("a", encoding="utf-8") as file:
        file.write("-- changed\n")
    with pytest.raises(Misconfigured, match="Migration version is 1"):
        migrate(server, folder)
    assert status(server, folder)[0].state == "md5-mismatch"


@pytest.mark.parametrize("module", WRITTEN, ids=lambda module: module.TABLE)
def test_the_columns_that_are_written_are_those_of_the_table(
    server: Server, module: object
) -> None:
    migrate(server)
    with server.client() as client:
        columns = client.execute(f"DESCRIBE TABLE {module.TABLE}")  # type: ignore[attr-defined]
    # What ClickHouse reckons from the others is not written.
    written = tuple(name for name, _, kind, *_ in columns if kind != "MATERIALIZED")
    assert written == module.NAMES  # type: ignore[attr-defined]


def test_the_clocks_as_numbers_say_what_the_clocks_say_in_rows_of_before_as_well(
    server: Server, tmp_path: Path
) -> None:
    earlier = shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    for file in earlier.glob("*.sql"):
        if file.name >= "0057":
            file.unlink()
    migrate(server, earlier)
    # One that is done, one that runs, one that is paused, one of more hours than its column holds.
    row = """
        INSERT INTO cases (
            case_id, version, `verdicts.clock`, `verdicts.outcome`, `verdicts.started_at`,
            `verdicts.due_at`, `verdicts.stopped_at`
        )
        WITH (ms) -> fromUnixTimestamp64Milli(toInt64(ms), 'UTC') AS at
        SELECT {case_id}, 1, ['a', 'b', 'c', 'd'], ['met', 'live', 'live', 'live'],
            [at(1), at(1), at(1), at(1)],
            [at(7200000), at(7200001), NULL, at(3600000 * 70000)],
            [at(3600001), NULL, NULL, NULL]
    """
    with server.client() as client:
        client.execute(row.format(case_id="'before'"))
        migrate(server)
        client.execute(row.format(case_id="'after'"))
        found = client.execute(
            "SELECT case_id, `verdicts.due_ms`, `verdicts.stopped_ms`, `verdicts.limit_h`, "
            "`verdicts.took_min` FROM cases FINAL ORDER BY case_id"
        )
    reckoned = ([7200000, 7200001, 0, 3600000 * 70000], [3600001, 0, 0, 0], [1, 2, 0, 65535],
                [60, 0, 0, 0])  # fmt: skip
    assert found == [("after", *reckoned), ("before", *reckoned)]


def test_no_table_has_a_column_for_free_text_or_original_bytes(server: Server) -> None:
    migrate(server)
    with server.client() as client:
        names = client.execute(
            "SELECT DISTINCT name FROM system.columns WHERE database = currentDatabase()"
            " AND type LIKE '%String%'"
            # What an official notes of an action of its own, refused where it looks personal.
            " AND NOT (table = 'actions' AND name = 'note')"
        )
    free = {"reason_text", "note", "attributes", "value", "bytes", "whole", "written"}
    assert not free & {name for (name,) in names}


def test_a_wrong_password_is_a_fault_of_the_settings_and_does_not_show_it(server: Server) -> None:
    wrong = Server(server.host, server.port, server.database, "analyst", "Sesam123")
    with pytest.raises(Misconfigured, match="JUSHOU_CLICKHOUSE_PASSWORD") as caught:
        migrate(wrong)
    assert "Sesam123" not in f"{caught.value!r} {wrong!r}"


def test_a_server_that_does_not_answer_is_unavailable(server: Server) -> None:
    with pytest.raises(Unavailable, match="127.0.0.1:1/"):
        migrate(Server("127.0.0.1", 1, server.database))
