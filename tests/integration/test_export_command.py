"""``jushou export`` as its user runs it, on the embedded ClickHouse and as its read-only user."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from clickhouse_driver.errors import ServerException
from typer.testing import CliRunner, Result

from jushou.cli.main import app
from jushou.runtime.clickhouse_server import ClickHouseServer
from sinks.analysis.questions import questions
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.analysis_rows import AS_OF, Rows, clock

KUNMING = "530100"
OPEN = ("530102", "530103", "530111")


@pytest.fixture(scope="module")
def analyst(clickhouse_server: ClickHouseServer) -> Iterator[Server]:
    """The read-only user's way in, to a warehouse with 9, 7 and 2 open cases in three counties."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    owner = Server(clickhouse_server.host, clickhouse_server.port, name)
    migrate(owner)
    with owner.client() as client:
        rows = Rows(client)
        for county, cases in zip(OPEN, (9, 7, 2), strict=True):
            for number in range(cases):
                late = [clock("overall", "05-01 09:00", "05-12 00:00")]
                rows.case(f"{county}-{number}", county, "05-01 09:00", late)
        rows.case("formula", "532301", "06-01 09:00", late, item="=cmd|' /C calc'!A0")
        rows.write()
        yield Server(owner.host, owner.port, name, "analyst", "look")
        client.execute(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def run(analyst: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("host", "port", "database", "user", "password"):
        monkeypatch.setenv(f"JUSHOU_CLICKHOUSE_{name.upper()}", str(getattr(analyst, name)))

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["export", *arguments, "--as-of", AS_OF])

    return command


def test_csv_has_a_bom_a_heading_and_no_small_counts(run: Any) -> None:
    result = run("ageing", "--county", KUNMING, "--by", "county")
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes.startswith(b"\xef\xbb\xbfcounty,")
    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig"))))
    # 2 are too few, and 7 would be had from the prefecture's 18 if it stood alone.
    assert [(row["county"], row["open"]) for row in rows] == [
        ("530102", "9"), ("530103", ""), ("530111", ""),
    ]  # fmt: skip
    assert [row["median_days"] for row in rows] == ["40.04", "", ""]
    assert [int(row["withheld"]) > 0 for row in rows] == [False, True, True]
    assert "cells are withheld: counts of cases from 1 to 4" in result.stderr


def test_names_can_stand_beside_codes(run: Any) -> None:
    result = run("ageing", "--county", KUNMING, "--by", "county,item", "--names", "zh", "--k", "1")
    first, *_ = csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig")))
    assert list(first)[:4] == ["item", "item_name", "county", "county_name"]
    assert (first["item_name"], first["county_name"]) == ("农村饮水安全", "五华区")
    result = run("ageing", "--county", "532301", "--by", "county,item", "--names", "en", "--k", "1")
    [row] = csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig")))
    assert row["county_name"] == "Chuxiong City"
    assert row["item_name"] == "'=cmd|' /C calc'!A0"  # unknown, and disarmed like the code


def test_the_threshold_can_be_moved(run: Any) -> None:
    result = run("ageing", "--county", KUNMING, "--by", "county", "--k", "2")
    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig"))))
    assert [row["open"] for row in rows] == ["9", "7", "2"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_an_average_over_nothing_is_an_empty_cell(run: Any, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"ageing.{ending}"
    assert run("ageing", "--county", "530112", "--by", "", "--out", str(out)).exit_code == 0
    match ending:
        case "csv":
            [row] = csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))
        case "parquet":
            [row] = pq.read_table(out).to_pylist()
        case _:
            heading, first = openpyxl.load_workbook(out).active.values
            row = dict(zip(heading, first, strict=True))
    assert row["open"] in (0, "0")
    assert row["median_days"] in (None, "")


def test_a_bound_of_0_has_no_sign(run: Any) -> None:
    result = run("attainment", "--county", "530102", "--by", "clock", "--k", "1")
    [row] = csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig")))
    assert (row["judged"], row["kept_share"], row["kept_low"]) == ("9", "0.0", "0.0")


def test_parquet_has_types_and_says_what_it_is(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "ageing.parquet"
    assert run("ageing", "--county", KUNMING, "--by", "", "--out", str(out)).exit_code == 0
    table = pq.read_table(out)
    [row] = table.to_pylist()
    assert (row["open"], row["median_days"], row["withheld"]) == (18, 40.04, 0)
    said = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert said["jushou.question"].startswith("ageing: ")
    assert json.loads(said["jushou.asked"])["place"] == "5301"


def test_instants_are_instants_in_parquet_and_times_of_shanghai_in_excel(
    run: Any, tmp_path: Path
) -> None:
    names = ("supervised_list", "--cases", "--county", "530102")
    for ending in ("parquet", "xlsx"):
        assert run(*names, "--out", str(tmp_path / f"list.{ending}")).exit_code == 0
    [first, *_] = pq.read_table(tmp_path / "list.parquet").to_pylist()
    assert first["supervised_from"].isoformat() == "2026-05-11T16:00:00+00:00"
    heading, first, *_ = openpyxl.load_workbook(tmp_path / "list.xlsx").active.values
    at = heading.index("supervised_from (+08:00)")
    assert first[at].isoformat() == "2026-05-12T00:00:00"


def test_a_formula_is_disarmed_in_csv_and_in_excel(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "list.xlsx"
    names = ("supervised_list", "--cases", "--county", "532301")
    assert run(*names, "--out", str(out)).exit_code == 0
    [_, (_, cell, *_)] = openpyxl.load_workbook(out).active.iter_rows()
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=cmd|' /C calc'!A0", "s", True)
    [row] = csv.DictReader(io.StringIO(run(*names).stdout_bytes.decode("utf-8-sig")))
    assert row["item"] == "'=cmd|' /C calc'!A0"


def test_excel_says_on_a_second_sheet_what_was_asked(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "ageing.xlsx"
    assert run("ageing", "--out", str(out)).exit_code == 0
    notes = dict(openpyxl.load_workbook(out)["说明 about"].values)
    assert "submitted by as_of" in notes["text"]
    assert notes["open"] == "all of them"


def test_a_list_that_names_cases_has_to_be_asked_for(run: Any) -> None:
    result = run("supervised_list")
    assert result.exit_code == 2
    assert "names single cases; add --cases" in result.stderr


@pytest.mark.parametrize("name", [name for name, each in questions().items() if each.unit])
def test_no_export_of_an_aggregate_names_a_case_or_a_household(run: Any, name: str) -> None:
    result = run(name, "--since", "2026-01-01", "--k", "1")
    assert result.exit_code == 0, result.stderr
    assert b"household-of-" not in result.stdout_bytes
    assert b"530102-0" not in result.stdout_bytes


def test_an_unknown_question_is_told_those_that_there_are(run: Any) -> None:
    result = run("lateness")
    assert result.exit_code == 2
    assert "no question 'lateness'" in result.stderr
    assert all(name in result.stderr for name in questions())
    listed = run("--list")
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(questions())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--county", "110101"), "no county or prefecture has this code"),
        (("--item", "fire"), "the items are"),
        (("--by", "village"), "ageing has no village"),
        (("--out", "ageing.doc"), "name the --format"),
        (("--since", "2026-07-01", "--until", "2026-06-01"), "is after --until"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(
    run: Any, arguments: tuple[str, ...], says: str
) -> None:
    result = run("ageing", *arguments)
    assert result.exit_code == 2
    # Usage errors are drawn in a box, which breaks lines.
    assert says in " ".join(result.stderr.replace("│", " ").split())


def test_the_analyst_may_read_every_question_and_write_nothing(analyst: Server) -> None:
    with analyst.client() as client:
        assert client.execute("SELECT count() FROM cases_current")[0][0] == 19
        for statement in (
            "INSERT INTO cases (case_id) VALUES ('x')",
            "DROP VIEW attainment",
            "CREATE TABLE mine (a UInt8) ENGINE = Memory",
            "SELECT * FROM file('/etc/passwd', 'LineAsString')",
            "SELECT county, kind, status, life.case_id, drivers.subject FROM households",
            "SELECT county, index FROM household_risk_at(as_of = '2026-06-10 00:00:00')",
            "SELECT case_id FROM leads",
            "SELECT indicator, county FROM signals_current",
        ):
            with pytest.raises(ServerException, match="readonly mode|Not enough privileges"):
                client.execute(statement)
