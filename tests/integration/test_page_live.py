"""The live stream of the page over a real server and the embedded ClickHouse."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from clickhouse_driver import Client

from dashboards.board import Board
from dashboards.config import PageConfig
from dashboards.metrics import Metrics
from dashboards.names import all_names
from dashboards.panels import PANELS, completed
from dashboards.queries import Questions, query
from dashboards.scope import Scope
from dashboards.warehouse import Warehouse
from jushou.runtime.clickhouse_server import ClickHouseServer
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.browser.page_support import AS_OF, AS_OF_MS, DEADLINE_S, Rows, served, until
from tests.integration.page_accounts import emptied, migrated


class Event:
    """One event as it came over the wire."""

    def __init__(self, lines: list[str]) -> None:
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        self.name = fields.get("event")
        self.id = fields.get("id")
        self.body: dict[str, Any] = json.loads(fields.get("data", "{}"))


@contextmanager
def stream(page: str, last_id: str | None = None, **scope: str) -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    address = f"{page}/api/live"
    with httpx.stream("GET", address, params=scope, headers=headers, timeout=DEADLINE_S) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


def _events(answer: httpx.Response) -> Iterator[Event]:
    lines: list[str] = []
    for line in answer.iter_lines():
        if line:
            lines.append(line)
        elif lines:
            yield Event(lines)
            lines = []


def until_event(events: Iterator[Event], name: str, **wanted: Any) -> Event:
    """The next event of that name whose body has the wanted values."""
    return next(
        event
        for event in events
        if event.name == name and all(event.body.get(key) == wanted[key] for key in wanted)
    )


@pytest.fixture(scope="module")
def clickhouse_database(clickhouse_server: ClickHouseServer) -> Iterator[str]:
    with migrated(clickhouse_server, f"test_{uuid.uuid4().hex[:12]}") as name:
        yield name


@pytest.fixture
def rows(clickhouse: Client) -> Rows:
    return emptied(clickhouse)


@pytest.fixture
def page(
    rows: Rows, clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> Iterator[str]:
    config = PageConfig(
        port=clickhouse_server.port, database=clickhouse_database, as_of_ms=AS_OF_MS, poll_s=0.1
    )
    with served(config) as address:
        yield address


def test_a_stream_brings_every_panel_and_then_only_what_changed(rows: Rows, page: str) -> None:
    rows.open(1, None)
    with stream(page) as events:
        seen = set()
        while seen != {name for name, panel in PANELS.items() if panel.is_live_in(Scope())}:
            event = until_event(events, "panel")
            seen.add(event.body["panel"])
        rows.open(3, None, version=2)
        change = until_event(events, "change", panel="numbers")
        assert [row["open"] for row in change.body["upsert"]] == [3]
        counties = until_event(events, "change", panel="counties")
        assert [row["county"] for row in counties.body["upsert"]] == ["530102"]
        assert until_event(events, "tick").body["as_of"] == AS_OF


def test_a_new_escalation_arrives_by_itself(rows: Rows, page: str) -> None:
    with stream(page) as events:
        until_event(events, "panel", panel="escalations")
        rows.escalation("C-1", "06-10 09:00")
        change = until_event(events, "change", panel="escalations")
        assert [row["case_id"] for row in change.body["upsert"]] == ["C-1"]


def test_a_stream_of_a_county_hears_only_of_its_county(rows: Rows, page: str) -> None:
    with stream(page, county="530481") as events:
        until_event(events, "panel", panel="supervised")
        rows.escalation("C-elsewhere", "06-10 09:00", county="530102")
        rows.escalation("C-here", "06-10 09:00", county="530481")
        change = until_event(events, "change", panel="escalations")
        assert [row["case_id"] for row in change.body["upsert"]] == ["C-here"]


def test_a_reconnect_gets_what_it_missed_and_no_snapshot(rows: Rows, page: str) -> None:
    with stream(page) as events:
        until_event(events, "panel", panel="supervised")
        rows.escalation("C-1", "06-10 09:00")
        last = until_event(events, "change", panel="escalations").id
    rows.escalation("C-2", "06-10 09:30")
    with stream(page, last) as events:
        names = []
        for event in events:
            names.append(event.name)
            if event.name == "change" and event.body["panel"] == "escalations":
                break
        assert [row["case_id"] for row in event.body["upsert"]] == ["C-2"]
        assert not {"panel", "ready"} & set(names)


def test_an_id_of_another_life_of_the_server_gets_a_snapshot(page: str) -> None:
    with stream(page) as events:
        until_event(events, "panel", panel="supervised")
    for unknown in ("0123456789ab.7", "nonsense", "0123456789ab.x"):
        with stream(page, unknown) as events:
            assert until_event(events, "ready").id
            until_event(events, "tick")


def test_an_outage_of_clickhouse_is_told_and_its_end_too(tmp_path: Any) -> None:
    server = ClickHouseServer(tmp_path / "clickhouse")
    server.start()
    try:
        migrate(Server(server.host, server.port, "jushou"))
        config = PageConfig(port=server.port, database="jushou", as_of_ms=AS_OF_MS, poll_s=0.1)
        with served(config) as page, stream(page) as events:
            until_event(events, "tick")
            server.stop()
            fault = until_event(events, "fault")
            assert fault.body["status"] == 503
            assert fault.body["remedy"]["zh"]
            server.start()
            until_event(events, "recovered")
            assert until_event(events, "tick").body["as_of"] == AS_OF
    finally:
        server.stop()


def test_streams_are_counted_and_left_behind_none(page: str) -> None:
    def streams() -> float:
        text = httpx.get(f"{page}/metrics", timeout=DEADLINE_S).text
        return float(text.split("\njushou_page_streams ")[1].split("\n")[0])

    with stream(page) as events:
        until_event(events, "tick")
        assert streams() == 1
    until("the stream is gone", lambda: streams() == 0)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(prefecture="530400"),
        Scope(county="530481"),
        Scope(item="education.dropout"),
        Scope(raised_by="self", prefecture="530100"),
    ],
)
async def test_a_live_view_counts_as_the_question_of_its_scope_does(
    rows: Rows, clickhouse_server: ClickHouseServer, clickhouse_database: str, scope: Scope
) -> None:
    for number, county in enumerate(("530102", "530103", "530481")):
        rows.open(number + 1, "06-10 09:59", county=county)
        rows.open(number + 2, "06-11 09:00", county=county, item="education.dropout")
        rows.open(1, None, supervised="06-09 09:00", county=county, raised_by="government")
        rows.received("06-10", number + 1, county=county)
        rows.received("06-09", 7, county=county, raised_by="proxy")
    warehouse = Warehouse(PageConfig(port=clickhouse_server.port, database=clickhouse_database))
    questions = Questions(warehouse, Metrics())
    try:
        asked = await questions.ask("counts", scope.parameters(AS_OF_MS, 1))
        board = Board(questions, lambda: AS_OF_MS, 0.1)
        look = await board.next(0)
        await board.stop()
    finally:
        warehouse.close()
    assert look.fault is None
    assert look.counts is not None
    summed = look.counts.within(scope)
    for panel in (each for each in PANELS.values() if each.shares == "counts"):
        assert completed(panel, summed, scope, all_names()) == completed(
            panel, asked, scope, all_names()
        ), panel.name


def test_a_write_moves_the_mark_of_its_table_alone(
    rows: Rows, clickhouse: Client, clickhouse_database: str
) -> None:
    def fresh() -> dict[str, Any]:
        values, columns = clickhouse.execute(query("freshness"), with_column_types=True)
        return dict(zip((name for name, _ in columns), values[0], strict=True))

    before = fresh()
    assert before["written_at"] is None
    rows.escalation("C-1", "06-10 09:00")
    after = fresh()
    moved = {name for name in before if name.endswith("_mark") and before[name] != after[name]}
    assert moved == {"escalations_mark"}
    assert after["written_age_s"] < 60
    assert after["judged_behind_s"] is None
    rows.event("C-1", "e1", "submitted", "06-10 08:00")
    rows.open(1, None)
    assert abs(fresh()["judged_behind_s"]) < 60
