"""Alarms and forecast on a simulated history, whose truth is known."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from benchmarks.warehouse_history import load_history, simulated
from jushou.runtime.clickhouse_server import ClickHouseServer
from producers.simulator.clusters import Struck
from schemas.instants import DAY_MS, date_of_day, render_instant
from sinks.analysis.asking import Scope, ask
from sinks.analysis.questions import question
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server

YEAR = {"since": dt.date(2026, 1, 1), "until": dt.date(2026, 12, 31)}
# What a cluster shows in: signals of an indicator, or requests for an item.
SHOWS_IN = {
    ("hailstorm", "monitoring.lead"): "disaster",
    ("price-fall", "monitoring.lead"): "income-drop",
}


@dataclass
class History:
    """A warehouse with a history, when it ends, and what struck in it."""

    server: Server
    ends_at: int
    struck: list[Struck]

    def rows(self, name: str, by: str, as_of: int | None = None) -> list[dict[str, object]]:
        scope = Scope(as_of=as_of or self.ends_at, by=tuple(by.split(",")) if by else (), **YEAR)
        found = ask(self.server, question(name), scope)
        return [dict(zip(found.names, row, strict=True)) for row in found.rows]


@pytest.fixture(scope="module")
def history(clickhouse_server: ClickHouseServer) -> Iterator[History]:
    province, ends_at = simulated(cases=20_000, days=180, start=dt.date(2026, 1, 1))
    name = f"test_{uuid.uuid4().hex[:12]}"
    server = Server(clickhouse_server.host, clickhouse_server.port, name)
    migrate(server)
    load_history(server, province, ends_at)
    yield History(server, ends_at, province.struck)
    with server.client() as client:
        client.execute(f"DROP DATABASE {name} SYNC")


def _weeks(struck: Struck) -> set[str]:
    return {
        f"{date_of_day(day):%G-W%V}" for day in range(struck.first_day, struck.last_day + 1)
    }  # fmt: skip


def test_every_large_cluster_raises_alarms_in_its_counties_and_weeks(history: History) -> None:
    alarms = {
        (row["county"], row["indicator"], row["week"])
        for row in history.rows("relapse_alarms", "direction,county,indicator")
    }
    large = [each for each in history.struck if each.cases >= 20 * len(each.counties)]
    assert len(large) >= 3
    for each in large:
        shows_in = SHOWS_IN.get((each.name, each.item), each.item)
        for county in each.counties:
            weeks = {week for code, what, week in alarms if (code, what) == (county, shows_in)}
            assert weeks & _weeks(each), (each.name, county)


def test_few_alarms_are_raised_where_nothing_struck(history: History) -> None:
    by = "direction,county,indicator"
    judged = sum(row["score"] is not None for row in history.rows("weekly_findings", by))
    struck = {(county, week) for each in history.struck for county in each.counties
              for week in _weeks(each)}  # fmt: skip
    alarms = {(row["county"], row["week"]) for row in history.rows("relapse_alarms", by)}
    # One in a thousand by chance; the least number of 5 lets most of those not be spoken of.
    assert judged > 20_000
    assert len(alarms - struck) < judged / 1000


def test_the_forecast_holds_most_of_what_then_came(history: History) -> None:
    held = 0
    for days_ago in range(10, 70, 10):
        as_of = history.ends_at - days_ago * DAY_MS
        [row] = [
            row for row in history.rows("breach_forecast", "", as_of) if row["horizon_days"] == 7
        ]
        with history.server.client() as client:
            [(due, late)] = client.execute(
                "SELECT count(), countIf(later.is_late) "
                "FROM cycles_at(as_of = %(as_of)s) AS then "
                "JOIN cycles_at(as_of = %(ends_at)s) AS later "
                "USING (case_id, start_event_id, clock) "
                "WHERE then.status = 'running' AND NOT then.is_late AND then.due_at "
                "<= parseDateTime64BestEffort(%(as_of)s, 3, 'UTC') + INTERVAL 7 DAY",
                {"as_of": render_instant(as_of), "ends_at": render_instant(history.ends_at)},
            )
        assert row["due"] == due
        held += row["low"] <= late <= row["high"]  # type: ignore[operator]
    assert held >= 4
