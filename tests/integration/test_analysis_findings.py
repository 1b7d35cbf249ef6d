"""Where the history of weekly findings begins: a lately connected source is no mass relapse."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from clickhouse_driver import Client

from jushou.runtime.clickhouse_server import ClickHouseServer
from sinks.analysis.asking import Answer, Scope, ask
from sinks.analysis.questions import question
from sinks.analysis.small_cells import publish
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.analysis_rows import AS_OF_MS, Rows


@dataclass
class Found:
    """A warehouse to which signals are added week by week, up to the last whole week."""

    server: Server
    client: Client

    def weekly(self, county: str, indicator: str, first_monday: str, households: int) -> None:
        rows = Rows(self.client)
        monday = dt.date.fromisoformat(first_monday)
        while monday < dt.date(2026, 6, 8):
            for number in range(households):
                rows.signal(f"{county}-{number}", county, indicator, f"{monday} 09:00")
            monday += dt.timedelta(days=7)
        rows.write()

    def rows(self, name: str, by: str, place: str = "") -> list[dict[str, Any]]:
        answer = self._answer(name, by, place)
        return [dict(zip(answer.names, row, strict=True)) for row in answer.rows]

    def shown(self, name: str, by: str) -> list[dict[str, Any]]:
        """Return the rows as they are published."""
        answer = self._answer(name, by, "")
        return [dict(zip(answer.names, row, strict=True)) for row in publish(answer).rows]

    def _answer(self, name: str, by: str, place: str) -> Answer:
        days = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
        scope = Scope(AS_OF_MS, *days, place, "", tuple(by.split(",")))
        return ask(self.server, question(name), scope)

    def alarms(self, by: str = "direction,county,indicator", place: str = "") -> list[Any]:
        """Return the week of each alarm, and its group but for its direction."""
        names = ["week", *by.split(",")[1:]]
        return sorted(tuple(row[name] for name in names)
                      for row in self.rows("relapse_alarms", by, place))  # fmt: skip


@pytest.fixture
def found(
    clickhouse_server: ClickHouseServer, clickhouse: Client, clickhouse_database: str
) -> Found:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    return Found(server, clickhouse)


def test_a_single_signal_of_long_ago_is_no_history_of_other_places_and_indicators(
    found: Found,
) -> None:
    for county in ("530102", "530103", "532301"):
        found.weekly(county, "dropout", "2026-05-04", 6)
    assert not found.alarms()
    rows = Rows(found.client)
    rows.signal("old", "530102", "disability", "2024-06-03 09:00")
    rows.write()
    assert not found.alarms()
    weeks = found.rows("weekly_findings", "county,indicator")
    dropout = [row for row in weeks if row["indicator"] == "dropout"]
    assert len(dropout) == 3 * 5
    assert {(row["households"], row["usual"]) for row in dropout} == {(6, None)}


def test_a_county_that_was_connected_lately_raises_no_alarm_and_the_others_still_do(
    found: Found,
) -> None:
    found.weekly("530102", "dropout", "2026-01-05", 2)
    found.weekly("532301", "dropout", "2026-05-18", 10)
    assert not found.alarms()
    # Ten where there were two: from the week on in which they come.
    rows = Rows(found.client)
    for number in range(10):
        rows.signal(f"struck-{number}", "530102", "dropout", "06-02 09:00")
    rows.write()
    assert found.alarms() == [("2026-W23", "530102", "dropout")]


def test_an_indicator_that_is_looked_for_since_lately_raises_no_alarm(found: Found) -> None:
    found.weekly("530102", "dropout", "2026-01-05", 2)
    found.weekly("530102", "disability", "2026-05-18", 10)
    assert not found.alarms()
    # Its weeks of none are known once it was found anywhere, whatever place is asked about.
    found.weekly("532301", "disability", "2026-01-05", 1)
    struck = [(f"2026-W{week}", "530102", "disability") for week in (21, 22, 23)]
    assert found.alarms() == struck
    assert found.alarms(place="530102") == struck
    assert found.alarms("direction,indicator", place="5301") == [
        (week, indicator) for week, _, indicator in struck
    ]


def test_what_was_asked_for_long_since_is_no_history_of_what_is_found(found: Found) -> None:
    monday = dt.date(2026, 1, 5)
    rows = Rows(found.client)
    while monday < dt.date(2026, 6, 8):
        rows.case(f"asks-{monday}", "530102", f"{monday} 09:00")
        monday += dt.timedelta(days=7)
    rows.write()
    found.weekly("530102", "dropout", "2026-05-18", 10)
    assert not found.alarms()
    assert not found.alarms("direction,county")


def test_what_is_usual_is_withheld_where_it_can_be_solved_for_a_week_before(found: Found) -> None:
    rows = Rows(found.client)
    first = dt.date(2026, 1, 5)
    for week in range(20):
        for number in range({12: 3, 19: 6}.get(week, 7)):
            monday = first + dt.timedelta(weeks=week)
            rows.signal(f"h-{number}", "530102", "dropout", f"{monday} 09:00")
    rows.write()
    whole = found.rows("weekly_findings", "county,indicator")
    # The mean of 13 weeks less that of the 12 before: (13 · 6.69 - 12 · 7) = 3.
    assert round(13 * whole[15]["usual"] - 12 * whole[14]["usual"]) == 3
    shown = found.shown("weekly_findings", "county,indicator")
    # The 6 keep the 3 company.
    assert [number for number, row in enumerate(shown) if row["households"] is None] == [12, 19]
    for name in ("usual", "bound", "score"):
        assert [row[name] for row in shown] == [row[name] for row in whole[:12]] + [None] * 10
