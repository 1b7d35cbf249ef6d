"""What the embedded ClickHouse hides from a reader, whatever way it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from jushou.runtime.clickhouse_server import ClickHouseServer

ACCESS_DENIED = 497
TABLE = """
CREATE TABLE cases (case_id String, county String, household String)
ENGINE = MergeTree ORDER BY case_id
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    folder = tmp_path_factory.mktemp("clickhouse")
    readers = ["analyst", "page"]
    with ClickHouseServer(
        folder,
        readonly_users=readers,
        hidden={"analyst": ["household"]},
        hidden_tables={"analyst": ["family_*", "visits"]},
    ) as server:
        with Client(server.host, server.port) as client:
            client.execute("CREATE DATABASE w")
        with Client(server.host, server.port, database="w") as client:
            client.execute(TABLE)
            client.execute("INSERT INTO cases VALUES", [("C1", "530102", "hh-1")])
            client.execute("CREATE VIEW current AS SELECT * FROM cases")
            client.execute(
                "CREATE VIEW families AS "
                "SELECT county, uniqExact(household) AS households FROM cases GROUP BY county"
            )
            client.execute("CREATE TABLE visits (county String) ENGINE = MergeTree ORDER BY county")
            client.execute("INSERT INTO visits VALUES", [("530102",)])
            client.execute("CREATE VIEW family_list AS SELECT county FROM visits")
            client.execute(
                "CREATE VIEW family_of AS SELECT county FROM visits WHERE county = {place:String}"
            )
            client.execute("CREATE VIEW counted AS SELECT count() AS visits FROM visits")
            client.execute("CREATE VIEW of AS SELECT * FROM cases WHERE county = {place:String}")
        yield server


@pytest.fixture
def analyst(server: ClickHouseServer) -> Iterator[Client]:
    with Client(server.host, server.port, user="analyst", database="w") as client:
        yield client


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT household FROM cases",
        "SELECT `cases`.`household` AS h FROM cases",
        "SELECT * FROM current",
        "SELECT * FROM of(place = '530102')",
        "SELECT COLUMNS('house') FROM cases",
        "SELECT tuple(*) FROM cases",
        "SELECT case_id FROM cases WHERE household = 'hh-1'",
        "SELECT case_id FROM cases ORDER BY household",
        "SELECT (SELECT any(household) FROM cases)",
        "SELECT 1 WHERE 'hh-1' IN (SELECT household FROM cases)",
        "SELECT case_id FROM cases UNION ALL SELECT household FROM cases",
        "WITH a AS (SELECT household AS h FROM cases) SELECT h FROM a",
        "FROM cases SELECT household",
        "(SELECT household FROM cases)",
        "SELECT * FROM merge('w', '^cases$')",
        "SELECT h FROM view(SELECT household AS h FROM cases)",
        "SELECT toString(t) FROM view(SELECT tuple(*) AS t FROM cases)",
        "EXPLAIN SELECT (SELECT any(household) FROM cases)",
        "DESCRIBE TABLE (SELECT household FROM cases)",
    ],
)
def test_a_hidden_column_is_not_read_in_any_way(analyst: Client, sql: str) -> None:
    with pytest.raises(ServerException) as refused:
        analyst.execute(sql)
    assert refused.value.code == ACCESS_DENIED
    assert "hh-1" not in str(refused.value)
    assert analyst.execute("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT county FROM visits",
        "SELECT count() FROM w.`visits`",
        "SELECT v.county FROM visits AS v",
        "SELECT county FROM family_list",
        "SELECT county FROM family_of(place = '530102')",
        "SELECT case_id FROM cases JOIN visits ON visits.county = cases.county",
        "SELECT 1 WHERE '530102' IN visits",
        "SELECT 1 WHERE '530102' IN (SELECT county FROM visits)",
        "WITH a AS (SELECT county FROM visits) SELECT county FROM a",
        "SELECT c FROM view(SELECT county AS c FROM w.visits)",
        "SELECT c FROM view(SELECT county AS c FROM family_of(place = '530102'))",
        "SELECT county FROM merge('w', '^visits$')",
        "SELECT c FROM view(SELECT county AS c FROM merge('w', '^visits$'))",
        "SELECT county FROM mergeTreeIndex('w', 'visits')",
        "SELECT county FROM loop('w', 'visits')",
        "SELECT county FROM viewIfPermitted(SELECT county FROM visits ELSE null('county String'))",
        "SELECT county FROM eval('SELECT county FROM visits')",
        "SELECT explain FROM viewExplain('EXPLAIN', '', (SELECT county FROM visits))",
    ],
)
def test_a_hidden_table_is_not_read_in_any_way(analyst: Client, sql: str) -> None:
    with pytest.raises(ServerException) as refused:
        analyst.execute(sql)
    assert refused.value.code == ACCESS_DENIED
    assert "530102" not in str(refused.value)


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SELECT * EXCEPT household FROM current", [("C1", "530102")]),
        ("SELECT county, households FROM families", [("530102", 1)]),
        ("SELECT * FROM families FORMAT Native", [("530102", 1)]),
        ("SELECT case_id FROM of(place = '530102')", [("C1",)]),
        ("SELECT visits FROM counted", [(1,)]),
        ("WITH visits AS (SELECT 1 AS a) SELECT a FROM visits", [(1,)]),
        ("SELECT number FROM numbers(1)", [(0,)]),
        ("SELECT * FROM values('a UInt8', 1)", [(1,)]),
        ("SELECT count() FROM cases", [(1,)]),
    ],
)
def test_all_else_is_read_and_so_is_what_a_view_counts_by_it(
    analyst: Client, sql: str, answer: list[tuple[object, ...]]
) -> None:
    assert analyst.execute(sql) == answer


def test_another_reader_sees_it(server: ClickHouseServer) -> None:
    with Client(server.host, server.port, user="page", database="w") as page:
        assert page.execute("SELECT household FROM cases") == [("hh-1",)]


def test_a_faulty_question_gets_the_error_of_the_engine(analyst: Client) -> None:
    with pytest.raises(ServerException, match="no_such"):
        analyst.execute("SELECT no_such FROM cases")
