"""Names and custody intervals in the warehouse: complete, and those of schemas and core."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from schemas.catalogue.load import load_catalogue
from schemas.catalogue.model import Text
from schemas.instants import from_datetime, parse_instant
from schemas.regions.load import regions
from schemas.regions.townships import townships
from sinks.clickhouse.dimensions import load_dimensions
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from streams.core.custody import custody
from streams.core.replay import Replay, default_engine
from tests.integration.sink_support import EXAMPLES, Warehouse, Written

AS_OF = "2026-06-01T00:00:00+08:00"
IN_UTC = "2026-05-31 16:00:00.000"


@pytest.fixture(scope="module")
def warehouse(
    kafka_broker: KafkaBroker, clickhouse_server: ClickHouseServer
) -> Iterator[Warehouse]:
    server = Server(clickhouse_server.host, clickhouse_server.port, "test_dimensions")
    migrate(server)
    yield Warehouse(server, Written(kafka_broker.bootstrap))
    with server.client() as client:
        client.execute("DROP DATABASE test_dimensions SYNC")


def test_the_regions_are_one_province_with_all_that_is_below_it(warehouse: Warehouse) -> None:
    counted = warehouse.query("SELECT level, count() FROM regions GROUP BY level")
    assert Counter(dict(counted)) == {
        "province": 1, "prefecture": 16, "county": 129, "township": 1461,
    }  # fmt: skip
    orphans = "SELECT count() FROM regions WHERE parent NOT IN (SELECT code FROM regions)"
    assert warehouse.query(f"{orphans} AND level != 'province'") == [(0,)]
    nameless = "SELECT count() FROM regions WHERE name_zh = '' OR name_en = ''"
    assert warehouse.query(nameless) == [(0,)]


def test_every_item_clock_and_department_of_the_catalogue_has_its_names(
    warehouse: Warehouse,
) -> None:
    catalogue = load_catalogue()
    items = warehouse.query("SELECT code FROM items WHERE name_zh != '' AND name_en != ''")
    assert {code for (code,) in items} == set(catalogue.versions)
    unknown = "SELECT count() FROM items WHERE department NOT IN (SELECT code FROM departments)"
    assert warehouse.query(unknown) == [(0,)]
    clocks = warehouse.query("SELECT item, policy, clock, amount, unit FROM clocks")
    assert sorted(clocks) == sorted(
        (item.code, item.policy, clock.name, clock.limit.amount, clock.limit.unit.value)
        for versions in catalogue.versions.values()
        for item in versions
        for clock in item.clocks.values()
    )


def test_names_that_changed_replace_the_old_ones_and_loading_again_changes_nothing(
    warehouse: Warehouse,
) -> None:
    catalogue = load_catalogue()
    departments = dict(catalogue.departments) | {"water": Text("水务部门", "Water affairs")}
    renamed = dataclasses.replace(catalogue, departments=departments)
    given = (regions(), townships())
    assert load_dimensions(warehouse.server, renamed, *given) == ["departments"]
    named = "SELECT name_zh FROM departments WHERE code = 'water'"
    assert warehouse.query(named) == [("水务部门",)]
    assert load_dimensions(warehouse.server, renamed, *given) == []
    assert load_dimensions(warehouse.server, catalogue, *given) == ["departments"]
    assert load_dimensions(warehouse.server, catalogue, *given) == []


def core_intervals(name: str) -> Iterator[tuple[Any, ...]]:
    """The custody of every case of an example, by the core."""
    as_of = parse_instant(AS_OF)
    replay = Replay(default_engine(), as_of)
    replay.read((EXAMPLES / f"{name}.jsonl").read_bytes().splitlines())
    for state in replay.settled():
        if state.item is None:
            continue
        held = custody(state.events, replay.engine.rules[state.item], as_of).held
        for ordinal, each in enumerate(held, start=1):
            until = as_of if each.until is None else each.until
            accepted = until if each.accepted_at is None else each.accepted_at
            yield (
                state.case_id, ordinal, each.holder.level.value, each.holder.department,
                each.holder.county or "", each.holder.township or "", each.since, each.until,
                each.by.type, each.ended_by.type if each.ended_by else None,
                until - each.since, accepted - each.since,
            )  # fmt: skip


def test_the_custody_intervals_are_those_of_the_core(warehouse: Warehouse) -> None:
    warehouse.topics.example("mixed", AS_OF)
    warehouse.run()
    found = warehouse.query(
        "SELECT case_id, ordinal, level, department, county, township, since, until, begun_by, "
        f"ended_by, held_ms, unaccepted_ms FROM custody_at(as_of = '{IN_UTC}')"
    )
    plain = [
        (*row[:6], from_datetime(row[6]), None if row[7] is None else from_datetime(row[7]))
        + row[8:]
        for row in found
    ]
    wanted = list(core_intervals("mixed"))
    assert sorted(plain, key=repr) == sorted(wanted, key=repr)
    assert any(row[1] > 1 for row in wanted)
    assert any(row[9] == "returned" for row in wanted)
