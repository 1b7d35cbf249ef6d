"""`jushou explain --from clickhouse`: a case rebuilt from the warehouse says what its log says."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from jushou.cli.case_warehouse import read_case
from jushou.cli.explain import explain as command
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from schemas.case_event import StoredEvent, decode
from schemas.catalogue.load import load_catalogue
from schemas.catalogue.model import Condition
from schemas.instants import parse_instant
from schemas.topics import CASE_EVENTS
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from streams.core.explanation import explain
from tests.builders import engine, event
from tests.integration.sink_support import EXAMPLES, Warehouse, Written

AS_OF = "2026-10-12T00:00:00+08:00"
MORNING = "2026-03-02 09:00"


@pytest.fixture
def warehouse(
    kafka_broker: KafkaBroker, clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> Warehouse:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    return Warehouse(server, Written(kafka_broker.bootstrap))


def sent(warehouse: Warehouse, records: Iterable[dict[str, Any]]) -> None:
    """The records in the warehouse, by way of the topic and the sink."""
    for record in records:
        raw = json.dumps(record).encode()
        warehouse.topics.send(CASE_EVENTS.name, raw, record["case_id"])
    warehouse.topics.flush()
    warehouse.run()


def cases_of(name: str) -> dict[str, list[StoredEvent]]:
    cases: dict[str, list[StoredEvent]] = defaultdict(list)
    for line in (EXAMPLES / f"{name}.jsonl").read_bytes().splitlines():
        case_id, stored = decode(line, engine().rules)
        cases[case_id].append(stored)
    return cases


@pytest.mark.parametrize("example", ["hand", "edges", "mixed"])
def test_every_case_has_the_clocks_and_violations_that_its_log_gives(
    warehouse: Warehouse, example: str
) -> None:
    warehouse.topics.example(example, AS_OF)
    warehouse.run()
    as_of, told = parse_instant(AS_OF), 0
    for case_id, events in cases_of(example).items():
        found = read_case(warehouse.server, case_id, load_catalogue())
        if any("differing records" in text.en for text in found.reservations):
            continue
        rebuilt = explain(engine(), case_id, found.events, as_of)
        literal = explain(engine(), case_id, events, as_of)
        for part in ("clocks", "custody", "violations", "findings", "closed_at", "item"):
            assert msgspec.to_builtins(getattr(rebuilt, part)) == msgspec.to_builtins(
                getattr(literal, part)
            ), (case_id, part)
        told += 1
    assert told > len(cases_of(example)) / 2


def test_the_command_says_what_was_published_and_what_it_cannot_know(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.topics.example("hand", AS_OF)
    warehouse.run()
    monkeypatch.setattr("jushou.cli.warehouse.warehouse_server", lambda: warehouse.server)
    app = typer.Typer()
    app.command()(command)
    asked = ["W1", "--from", "clickhouse", "--as-of", AS_OF]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.stderr
    assert "2026年10月9日24:00" in shown.stdout
    assert "据数据仓库重算" in shown.stdout
    account = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    published = {(each["level"], each["revision"], each["state"]) for each in account["published"]}
    assert {("yellow", 1, "fired"), ("yellow", 2, "withdrawn"), ("red", 1, "fired")} <= published


def test_an_unknown_case_and_a_warehouse_that_is_down_are_said_plainly(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer()
    app.command()(command)
    monkeypatch.setattr("jushou.cli.warehouse.warehouse_server", lambda: warehouse.server)
    shown = CliRunner().invoke(app, ["NONE", "--from", "clickhouse"])
    assert (shown.exit_code, "unknown in the warehouse" in shown.stderr) == (1, True)
    nowhere = replace(warehouse.server, port=1)
    monkeypatch.setattr("jushou.cli.warehouse.warehouse_server", lambda: nowhere)
    shown = CliRunner().invoke(app, ["W1", "--from", "clickhouse"])
    assert (shown.exit_code, "does not answer" in shown.stderr) == (2, True)


def test_records_with_one_id_that_differ_in_what_is_not_kept_are_named(
    warehouse: Warehouse,
) -> None:
    refused = event("A", "2", "verified", "2026-03-03 09:00", attributes={"confirmed": True})
    other = refused | {"attributes": {"confirmed": False, "remark": "x"}}
    sent(warehouse, [event("A", "1", "submitted", MORNING), refused, other])
    found = read_case(warehouse.server, "A", load_catalogue())
    assert any("several differing records have the id 2" in text.en for text in found.reservations)


def test_an_extension_whose_amount_is_not_kept_is_named(warehouse: Warehouse) -> None:
    accepted = event("A", "2", "accepted", MORNING)
    extended = event("A", "3", "extended", "2026-03-04 09:00")
    extended["attributes"] = {"clock": "decide", "by": "00000005wd"}
    submitted = event("A", "1", "submitted", MORNING, item="civil.minimum-living")
    sent(warehouse, [submitted, accepted, extended])
    found = read_case(warehouse.server, "A", load_catalogue())
    assert any("by how much, is not in the warehouse" in text.en for text in found.reservations)


def test_a_rule_that_asks_for_what_the_warehouse_lacks_is_named(warehouse: Warehouse) -> None:
    sent(warehouse, [event("A", "1", "submitted", MORNING)])
    shipped = load_catalogue()
    assert len(read_case(warehouse.server, "A", shipped).reservations) == 1
    newest = shipped.versions["water.drinking"][-1]
    resolve = newest.clocks["resolve"]
    start = replace(resolve.starts[0], where=(Condition("severity", ("high",)),))
    clocks = {**newest.clocks, "resolve": replace(resolve, starts=(start,))}
    other = replace(newest, clocks=clocks)
    asking = replace(shipped, versions={**shipped.versions, "water.drinking": (other,)})
    found = read_case(warehouse.server, "A", asking)
    assert any("'severity', which is not in the warehouse" in t.en for t in found.reservations)


@pytest.mark.parametrize("code", load_catalogue().versions)
def test_the_warehouse_keeps_all_that_the_shipped_rules_ask_for(code: str) -> None:
    from jushou.cli.case_warehouse import _rules

    assert [list(_rules(version)) for version in load_catalogue().versions[code]] == [[]]
