"""The warehouse on a real server or a cluster: its SQL, checked by the parser of the engine.

No server is at hand here: what is checked is that every statement is right by the engine's own
grammar, and says what it must.
"""

from __future__ import annotations

import re

import pytest
from clickhouse_driver import Client
from clickhouse_migrations.migrator import Migrator  # type: ignore[import-untyped]

from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.errors import Misconfigured
from sinks.analysis.questions import questions
from sinks.clickhouse.cluster import for_cluster
from sinks.clickhouse.migration import FOR_SERVERS, MIGRATIONS, migrate, scripts
from sinks.clickhouse.readers import (
    analyst_grants,
    is_embedded,
    readable_columns,
    user_statements,
)
from sinks.clickhouse.server import Server

# What has a row for a case, or for something of one.
OF_CASES = {
    "cases", "cases_current", "case_events", "clock_verdicts", "verdicts_current", "verdicts_at",
}  # fmt: skip
SINGLE = Server("127.0.0.1", 9000, "jushou")
CLUSTER = Server("127.0.0.1", 9000, "jushou", cluster="province")
FOLDERS = (MIGRATIONS, MIGRATIONS / FOR_SERVERS)


def statements(server: Server) -> list[str]:
    """Every statement that migrating would run on a server."""
    return [
        statement.rstrip(";")
        for folder in FOLDERS
        for each in scripts(server, folder)
        for statement in Migrator.script_to_statements(each.script, multi_statement=True)
    ]


def refused(client: Client, sqls: list[str]) -> list[str]:
    """Those that the engine's parser does not take."""
    found = []
    for sql in sqls:
        try:
            client.execute(f"EXPLAIN AST {sql}")
        except Exception as fault:
            found.append(f"{sql[:200]}: {fault}")
    return found


@pytest.mark.parametrize("server", [SINGLE, CLUSTER], ids=["single", "cluster"])
def test_every_statement_is_right_by_the_engines_own_parser(
    clickhouse: Client, server: Server
) -> None:
    assert len(statements(server)) > 20
    assert refused(clickhouse, statements(server)) == []
    assert refused(clickhouse, ["CREATE TABLE (a Int8"]) != []


def test_on_a_cluster_every_table_is_replicated_and_every_statement_is_for_all_replicas() -> None:
    sqls = statements(CLUSTER)
    # Rows are inserted on one replica, and the others fetch them.
    local = [sql for sql in sqls if "ON CLUSTER `province`" not in sql]
    assert not [sql for sql in local if not sql.startswith("INSERT INTO ")]
    engines = {found for sql in sqls for found in re.findall(r"ENGINE = (\w+)", sql)}
    assert engines == {"ReplicatedReplacingMergeTree", "ReplicatedMergeTree"}


def test_the_checksum_of_a_migration_is_that_of_its_file_on_every_kind_of_server() -> None:
    assert [each.md5 for each in scripts(CLUSTER)] == [each.md5 for each in scripts(SINGLE)]


def test_a_comment_that_speaks_of_a_table_is_left_alone() -> None:
    sql = "-- CREATE TABLE x\nCREATE VIEW IF NOT EXISTS v AS SELECT 'ENGINE' AS a;"
    assert for_cluster(sql, "c") == (
        "-- CREATE TABLE x\nCREATE VIEW IF NOT EXISTS v ON CLUSTER `c` AS SELECT 'ENGINE' AS a;"
    )


def test_a_statement_whose_form_on_a_cluster_is_not_known_is_refused() -> None:
    with pytest.raises(Misconfigured, match="'OPTIMIZE TABLE x;'"):
        for_cluster("-- why\nOPTIMIZE TABLE x;", "c")


@pytest.fixture
def migrated(clickhouse_server: ClickHouseServer, clickhouse_database: str) -> Server:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    return server


def test_an_analyst_may_read_no_single_household_and_no_pseudonym(migrated: Server) -> None:
    with migrated.client() as client:
        columns = readable_columns(client, migrated.database)
        grants = list(analyst_grants(migrated, columns))
        assert refused(client, grants) == []
        assert is_embedded(client)
    assert {"cases", "cases_current", "verdicts_at", "custody_at", "regions"} <= set(columns)
    assert "household" in columns["verdicts_at"]
    assert not [sql for sql in grants if re.search(r"\bhousehold\b", sql.split(" ON ")[0])]
    granted = {sql.split("`.`")[1].split("`")[0] for sql in grants if sql.startswith("GRANT")}
    single = {name for name in columns if name.startswith(("household", "signals"))} | {"leads"}
    assert granted == set(columns) - single
    assert {"households", "household_risk_at", "signals_with_leads", *questions()} <= set(columns)
    assert set(questions()) <= granted
    # A view with a household in its rows that is none of a case is to be hidden, or named here.
    assert {name for name in granted if "household" in columns[name]} == OF_CASES
    revoked = {sql.split("`.`")[1].split("`")[0] for sql in grants if sql.startswith("REVOKE")}
    assert revoked == set(columns)
    assert f"GRANT SELECT ON `{migrated.database}`.`regions` TO jushou_analyst" in grants


def test_a_user_is_made_without_sending_its_password(clickhouse: Client) -> None:
    for server in (SINGLE, CLUSTER):
        made = list(user_statements(server, "analyst", "Sesam123"))
        assert refused(clickhouse, made) == []
        assert "Sesam123" not in " ".join(made)
        assert all(("ON CLUSTER" in sql) is bool(server.cluster) for sql in made)
