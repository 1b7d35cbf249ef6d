"""The warehouse after all that can happen to it: what a replay of the log gives, no more, no less.

One log goes through a real worker, everything in it twice and in another order. What the sink then
goes through, the warehouse must equal a recomputation by the core (``jushou warehouse verify``).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from jushou.cli.warehouse_difference import MISSING, THERE, Difference
from jushou.cli.warehouse_verify import Verification
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from producers.publish import Publisher
from schemas.action import Action, ActionType, Channel, Side
from schemas.bulk_load import LOAD_HEADER
from schemas.catalogue.load import load_catalogue
from schemas.delivery import Delivery, delivery_id
from schemas.errors import Misconfigured
from schemas.household import HouseholdState
from schemas.instants import parse_instant
from schemas.lead import lead_case_id, lead_event_id
from schemas.monitoring.load import load_monitoring
from schemas.partitioning import partition_of
from schemas.signal import Signal
from schemas.topics import ACTIONS, CASE_EVENTS, DELIVERIES
from schemas.topics import SIGNALS as SIGNALS_TOPIC
from sinks.batch import Limits
from sinks.clickhouse import household_rows
from sinks.clickhouse.block import Block
from sinks.clickhouse.blocks import Blocks
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.native import fill
from sinks.clickhouse.rebuild import Interrupted, Rebuild, is_cut_off
from sinks.clickhouse.server import Server
from sinks.clickhouse.writer import Writer
from sinks.metrics import SinkMetrics
from streams.agents.household_restore import find_household
from streams.core.household import settle
from streams.core.replay import default_engine
from tests.household_builders import encoded, signal_record
from tests.integration.sink_support import READ_TOPICS, Warehouse, Written, running
from tests.pipeline import Pipeline, until

EXAMPLE = Path(__file__).parents[1] / "examples" / "mixed.jsonl"
AS_OF = "2026-06-01T00:00:00+08:00"
DATA = load_monitoring()
SIGNALS, HOUSEHOLDS = 30, 7
# Of the example, a request, and leads: of each household in each of two months, and a second one.
LEADS = 2 * HOUSEHOLDS + 1
CASES = 200 + 1 + LEADS
DEADLINE_S = 60.0


class World:
    """A broker whose topics a worker has written, and a ClickHouse."""

    def __init__(self, folder: Path, kafka: KafkaBroker, clickhouse: ClickHouseServer) -> None:
        self.kafka = kafka
        self.clickhouse = clickhouse
        self.topics = Written(kafka.bootstrap, {topic.name: topic.name for topic in READ_TOPICS})
        self.pipeline = Pipeline(kafka.bootstrap, folder, partitions=2)

    def warehouse(self, database: str) -> Warehouse:
        """A warehouse of its own on the same topics, with its tables."""
        server = Server(self.clickhouse.host, self.clickhouse.port, database)
        migrate(server)
        return Warehouse(server, self.topics, group=f"group-{database}")

    def verification(self, server: Server) -> Verification:
        """A verification that is not begun."""
        return Verification(
            self.kafka.bootstrap, server, default_engine(),
            load_catalogue().item_departments, parse_instant(AS_OF),
        )  # fmt: skip

    def differences(self, server: Server) -> list[Difference]:
        """What a verification finds."""
        verification = self.verification(server)
        found = list(verification.differences())
        assert verification.found.rows["cases"] == CASES
        assert verification.found.rows["case_events"] > CASES
        assert verification.found.rows["aggregates"] > CASES
        assert verification.found.rows["households"] == HOUSEHOLDS
        assert verification.found.rows["leads"] == LEADS
        assert verification.found.rows["signals_current"] == SIGNALS
        for table in ("signals", "escalations", "actions", "deliveries", "dead_letters"):
            assert verification.found.rows[table]
        return found

    def rebuild(self, server: Server) -> Rebuild:
        """A rebuild, not yet run."""
        departments = load_catalogue().item_departments
        return Rebuild(
            self.kafka.bootstrap,
            server,
            lambda: Blocks(departments),
            lambda: SinkMetrics(CollectorRegistry()),
        )

    def command(self, database: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of ``jushou warehouse`` on a database."""
        settings = {
            "JUSHOU_BOOTSTRAP": self.kafka.bootstrap,
            "JUSHOU_CLICKHOUSE_HOST": self.clickhouse.host,
            "JUSHOU_CLICKHOUSE_PORT": str(self.clickhouse.port),
            "JUSHOU_CLICKHOUSE_DATABASE": database,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "jushou.cli.main", "warehouse", *arguments],
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def of_other_topics() -> Iterator[tuple[str, bytes, str]]:
    """Actions and deliveries: topic, record, key."""
    for number in range(30):
        escalation, case_id = str(uuid.UUID(int=number)), f"C1-{number:06d}"
        at = f"2026-04-{number % 28 + 1:02d}T09:00:00+08:00"
        action = Action(
            action_id=f"a{number}", type=ActionType.ACKNOWLEDGED, case_id=case_id, level="red",
            escalation_id=escalation, at=at, by="duty", side=Side.COUNTY, channel=Channel.PAGE,
        )  # fmt: skip
        yield ACTIONS.name, msgspec.json.encode(action), case_id
        delivery = Delivery(
            delivery_id=delivery_id(escalation, 1, "county", "escalation", 1), revision=1,
            escalation_id=escalation, case_id=case_id, level="red", recipient="county",
            endpoint="console", purpose="escalation", message_id=None, attempt=1,
            outcome="delivered", why="ok", at=at,
        )  # fmt: skip
        yield DELIVERIES.name, msgspec.json.encode(delivery), escalation


def signals() -> Iterator[Signal]:
    """Of 7 households in two months; a third of them are told in two ways, some count for none."""
    for number in range(SIGNALS):
        said = Signal(
            signal_id=f"s{number}", household=f"hh-{number % HOUSEHOLDS}", county="530102",
            source="screening", department="health", indicator="medical-expense",
            observed_at=f"2026-0{number % 2 + 3}-{number % 28 + 1:02d}T09:00:00+08:00",
            schema_version="1", value=2_000.0 * number, household_kind="unstable",
        )  # fmt: skip
        yield said
        if number % 3 == 0:
            yield msgspec.structs.replace(said, county="530103")


def lives() -> Iterator[dict[str, Any]]:
    """What offices did about the leads of three households, and a request of one of them."""
    (april,) = {DATA.window_of(parse_instant("2026-04-02T09:00:00+08:00"))}

    def event(case_id: str, day: int, kind: str, month: int = 5, **fields: Any) -> dict[str, Any]:
        at = f"2026-{month:02d}-{day:02d}T09:00:00+08:00"
        return {"event_id": f"{kind}-{day}", "case_id": case_id, "type": kind, "occurred_at": at,
                "schema_version": "1", **fields}  # fmt: skip

    lead = lead_case_id("hh-1", april)
    yield event(lead, 3, "verified", attributes={"confirmed": True})
    yield event(lead, 4, "measures_assigned")
    yield event(lead, 5, "resolved")
    yield event(lead, 6, "note", attributes={"life": "cleared"})
    yield event(lead_case_id("hh-3", april), 3, "dismissed")
    # Seen on the 10th and the 24th: the second time makes a lead of its own.
    yield event(lead_case_id("hh-2", april), 15, "dismissed", month=4)
    yield event(
        "W-1", 8, "submitted", item="water.drinking", county="530102", raised_by="self",
        channel="app", household="hh-3",
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with KafkaBroker(folder / "kafka") as kafka, ClickHouseServer(folder / "clickhouse") as server:
        world = World(folder, kafka, server)
        world.pipeline.fresh_topics()
        lines = EXAMPLE.read_bytes().splitlines()
        twice = [*map(json.loads, lines), *lives()] * 2
        random.Random(7).shuffle(twice)
        seen = list(signals()) * 2
        random.Random(6).shuffle(seen)
        world.pipeline.send_signals(*map(msgspec.json.encode, seen))
        # What the household worker sets aside, though the records are right in themselves.
        stray = signal_record("s-stray", "hh-stray", "2026-04-02")
        world.pipeline.send_signals(stray, key=b"hh-other")
        producer = Producer({"bootstrap.servers": kafka.bootstrap})
        elsewhere = 1 - partition_of(b"hh-stray", 2)
        producer.produce(SIGNALS_TOPIC.name, encoded(stray), b"hh-stray", elsewhere)
        assert producer.flush(DEADLINE_S) == 0
        world.pipeline.send(*twice, {"case_id": "C1-1", "type": "broken"})
        world.pipeline.join()
        world.pipeline.judge(AS_OF)
        world.pipeline.join()
        # The lead that followed on the end of another is a case only now, and then its household's.
        world.pipeline.judge(AS_OF)
        joining = world.pipeline.households()
        until(lambda: knows_lead(kafka.bootstrap, "hh-2", APRIL_LEADS[1]), "the lead is known")
        joining.stop()
        others = list(of_other_topics()) * 2
        random.Random(8).shuffle(others)
        for topic, value, key in others:
            producer.produce(topic, value, key)
        assert producer.flush(DEADLINE_S) == 0
        yield world
        world.pipeline.stop()


@pytest.fixture(scope="module")
def live(world: World) -> Warehouse:
    """A warehouse that nothing has happened to; tests only read it, or put back what they took."""
    warehouse = world.warehouse("live")
    warehouse.run(limits=Limits(rows=500, age_s=0.2))
    return warehouse


def knows_lead(bootstrap: str, name: str, case_id: str) -> bool:
    state = find_household(bootstrap, name)
    return state is not None and any(case.case_id == case_id for case in state.cases)


def execute(server: Server, *sqls: str) -> None:
    with server.client() as client:
        for sql in sqls:
            client.execute(sql)


def test_a_log_that_came_twice_and_in_another_order_is_in_the_warehouse_once(
    world: World, live: Warehouse
) -> None:
    assert world.differences(live.server) == []
    for table, rows in (("actions", 30), ("deliveries", 30), ("signals", len(list(signals())))):
        assert live.query(f"SELECT count() FROM {table} FINAL") == [(rows,)]
    counted = live.query(
        "SELECT count() FROM case_events FINAL WHERE item != 'monitoring.lead' OR household = ''"
    )
    assert counted == [(len(set(EXAMPLE.read_bytes().splitlines())) + len(list(lives())),)]


def test_the_topics_written_twice_in_blocks_sent_again_and_in_reverse_change_nothing(
    world: World, live: Warehouse
) -> None:
    warehouse = world.warehouse("again")

    class Keeping(Writer):
        blocks: list[Block] = []  # noqa: RUF012 - of this test alone

        def insert(self, block: Block) -> None:
            super().insert(block)
            self.blocks.append(block)

    writer = Keeping(warehouse.server)
    warehouse.run(writer=writer)
    for block in reversed(writer.blocks):
        Writer.insert(writer, block)
    writer.close()
    warehouse.run(group="again-in-other-blocks", limits=Limits(rows=37, age_s=0.05))
    assert world.differences(warehouse.server) == []
    assert warehouse.everything() == live.everything()


def test_a_server_that_is_killed_in_the_middle_of_inserts_leaves_no_trace(
    world: World, live: Warehouse, tmp_path: Path
) -> None:
    wanted, reached = live.everything(), "SELECT count() >= 20 FROM case_events"
    with ClickHouseServer(tmp_path) as clickhouse:
        warehouse = Warehouse(Server(clickhouse.host, clickhouse.port, "killed"), world.topics)
        migrate(warehouse.server)
        sink = warehouse.sink(group="killed", until_idle=False, limits=Limits(rows=20, age_s=0.05))
        with running(sink):
            until(lambda: warehouse.query(reached) == [(1,)], "rows are written")
            clickhouse.kill()
            until(sink._inserter.away.is_set, "the sink notices")
            clickhouse.start()
            until(lambda: not sink._inserter.away.is_set(), "the sink goes on")
        warehouse.run(group="killed")
        assert warehouse.everything() == wanted
        assert world.differences(warehouse.server) == []


def tampered(warehouse: Warehouse) -> str:
    """Spoil three tables; return the case whose county was changed."""
    ((case_id,),) = warehouse.query("SELECT case_id FROM cases_current WHERE item != '' LIMIT 1")
    execute(
        warehouse.server,
        f"INSERT INTO cases SELECT * REPLACE('539999' AS county, version + 1 AS version) "
        f"FROM cases FINAL WHERE case_id = '{case_id}'",
        "DELETE FROM case_events WHERE case_id = 'C1-000190'",
        "INSERT INTO escalations SELECT * REPLACE(generateUUIDv4() AS escalation_id) "
        "FROM escalations WHERE state = 'fired' LIMIT 1",
    )
    return str(case_id)


def test_verify_names_the_case_and_the_column_and_a_rebuild_mends_it(
    world: World, live: Warehouse
) -> None:
    warehouse = world.warehouse("tampered")
    warehouse.run()
    case_id = tampered(warehouse)
    command = world.command("tampered", "verify", "--as-of", AS_OF)
    printed, said = command.communicate(timeout=DEADLINE_S)
    assert command.returncode == 1, said
    found = [json.loads(line) for line in printed.splitlines()]
    changed = [each for each in found if each["table"] == "cases"]
    assert [(each["case_id"], each["column"], each["warehouse"]) for each in changed] == [
        (case_id, "county", "539999")
    ]
    lost = {each["case_id"] for each in found if each["table"] == "case_events"}
    assert lost == {"C1-000190"}
    assert [each["log"] for each in found if each["table"] == "escalations_standing"] == [MISSING]
    world.rebuild(warehouse.server).run(threading.Event())
    assert world.differences(warehouse.server) == []
    assert warehouse.everything() == live.everything()
    assert not is_cut_off(warehouse.server)


MARCH_LEAD = lead_case_id("hh-1", DATA.window_of(parse_instant("2026-03-23T09:00:00+08:00")))
APRIL_LEADS = [
    lead_case_id("hh-2", DATA.window_of(parse_instant("2026-04-02T09:00:00+08:00")), ordinal)
    for ordinal in (0, 1)
]
LATER = tuple(f"later_leads.{name}" for name in ("window_at", "at", "signal_id", "case_id"))
REPLACED = (
    "INSERT INTO households SELECT * REPLACE(version + 1 AS version, {}) FROM households FINAL"
)
PEOPLE = "'people' AS first_direction"
# What is done to the warehouse, and what must be found: table, part of the key, column.
DAMAGE = {
    "DELETE FROM signals WHERE signal_id = 's22'": {
        ("signals", "s22", ""), ("signals_current", "s22", ""), ("leads", MARCH_LEAD, "signals"),
    },
    "INSERT INTO signals SELECT * REPLACE(value + 1 AS value) FROM signals FINAL "
    "WHERE signal_id = 's8'": {("signals", "s8", "value"), ("signals_current", "s8", "value")},
    f"{REPLACED.format(', '.join(f'[] AS `{name}`' for name in LATER))} "
    "WHERE household = 'hh-2'": {
        *(("households", "hh-2", name) for name in LATER),
        ("leads", APRIL_LEADS[0], "signals"), ("leads", APRIL_LEADS[1], ""),
    },
    "DELETE FROM households WHERE household = 'hh-5'": {("households", "hh-5", "")},
    "INSERT INTO households (household, version) VALUES ('hh-x', 1)": {("households", "hh-x", "")},
    f"{REPLACED.format('arrayMap(each -> each + 1, `drivers.points`) AS `drivers.points`')} "
    "WHERE household = 'hh-2'": {("households", "hh-2", "drivers.points")},
    f"{REPLACED.format('[] AS `clearings.cleared_at`, [] AS `clearings.relapsed_at`')} "
    "WHERE household = 'hh-1'": {
        ("households", "hh-1", "clearings.cleared_at"),
        ("households", "hh-1", "clearings.relapsed_at"),
    },
    f"{REPLACED.format(PEOPLE)} WHERE household = 'hh-3'": {
        ("households", "hh-3", "first_direction")
    },
    "INSERT INTO escalations SELECT * REPLACE('nobody' AS `to`) FROM escalations FINAL "
    "WHERE case_id = 'W-1' AND level = 'yellow' AND clock = 'overall'": {
        ("escalations", "W-1", "to"), ("escalations_standing", "W-1", "to"),
    },
    "INSERT INTO actions SELECT * REPLACE('other' AS by) FROM actions FINAL "
    "WHERE action_id = 'a3'": {("actions", "a3", "by")},
    "DELETE FROM deliveries WHERE case_id = 'C1-000004'": {("deliveries", "C1-000004", "")},
    "DELETE FROM dead_letters WHERE reason = 'missing-field'": {
        ("dead_letters", "missing-field", "")
    },
}  # fmt: skip


def test_each_damage_to_what_is_no_case_is_found_and_named(world: World) -> None:
    warehouse = world.warehouse("damaged")
    warehouse.run()
    execute(warehouse.server, *DAMAGE)
    write_emptied(warehouse.server, "hh-gone")
    found = world.differences(warehouse.server)
    wanted = sorted(each for expected in DAMAGE.values() for each in expected)
    assert sorted((each.table, _named(each), each.column) for each in found) == wanted


def write_emptied(server: Server, name: str) -> None:
    """The row of a household whose case turned out to be another's: no difference."""
    state = HouseholdState(name)
    settle(state, DATA)
    row = household_rows.household_row(state, partition_of(name.encode(), 2))
    writer = Writer(server)
    columns, count = fill(household_rows.COLUMNS, [row])
    writer.insert(Block("households", columns, count, name))
    writer.close()


def _named(found: Difference) -> str:
    """The part of a key that ``DAMAGE`` names; a signal before its household."""
    known = {named for expected in DAMAGE.values() for _, named, _ in expected}
    parts = {*map(str, (*found.key, found.case_id))}
    return max(parts & known, default=str(found))


@contextmanager
def asked_all_the_time(warehouse: Warehouse) -> Iterator[None]:
    """Ask the warehouse again and again; every answer must be the first one."""
    stop, seen, faults = threading.Event(), set(), []
    counted = "SELECT count(), (SELECT count() FROM escalations_standing) FROM cases FINAL"

    def ask() -> None:
        while not stop.is_set():
            try:
                seen.update(warehouse.query(counted))
            except Exception as fault:
                faults.append(fault)
                return

    (first,) = warehouse.query(counted)
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        stop.set()
        asking.join(DEADLINE_S)
    assert faults == []
    assert seen == {first}


def test_a_rebuild_that_is_killed_changes_nothing_and_the_next_one_switches_unnoticed(
    world: World, live: Warehouse
) -> None:
    wanted = live.everything()
    written = "SELECT sum(total_rows) > 0 FROM system.tables WHERE database = 'live_rebuild'"
    with asked_all_the_time(live):
        status = 0
        while status == 0:  # it may be done before it is seen to have begun
            command = world.command("live", "rebuild")
            until(lambda: live.query(f"{written} AND name = 'cases'") == [(1,)], "rows are beside")
            command.kill()
            command.communicate(timeout=DEADLINE_S)
            status = command.returncode
        assert is_cut_off(live.server)
        assert live.everything() == wanted
        command = world.command("live", "rebuild")
        printed, said = command.communicate(timeout=DEADLINE_S)
        assert command.returncode == 0, said
    assert "rebuilt" in printed
    assert live.everything() == wanted
    assert not is_cut_off(live.server)


def test_a_rebuild_that_is_asked_to_stop_changes_nothing(world: World, live: Warehouse) -> None:
    stop = threading.Event()
    stop.set()
    wanted = live.everything()
    with pytest.raises(Interrupted, match="the live warehouse is as it was"):
        world.rebuild(live.server).run(stop)
    assert live.everything() == wanted


def test_a_switch_that_was_cut_off_halfway_is_finished_and_loses_nothing(
    world: World, live: Warehouse
) -> None:
    warehouse = world.warehouse("halfway")
    warehouse.run()
    first = world.rebuild(warehouse.server)
    switch = first._build(threading.Event())
    # Only one table came over before the end, and the live sink had just written the old ones.
    half = dict(list(switch.ids.items())[:1])
    first._exchange(type(switch)(half, switch.group))
    execute(warehouse.server, "DELETE FROM cases WHERE case_id != 'C1-000190'")
    world.rebuild(warehouse.server).run(threading.Event())
    assert world.differences(warehouse.server) == []
    assert warehouse.everything() == live.everything()


def test_a_rebuild_of_a_warehouse_that_lacks_migrations_is_refused(world: World) -> None:
    server = Server(world.clickhouse.host, world.clickhouse.port, "bare")
    execute(Server(server.host, server.port, ""), "CREATE DATABASE bare")
    with pytest.raises(Misconfigured, match=r"0001_case_events.sql.* not applied"):
        world.rebuild(server).run(threading.Event())


def test_cases_that_get_events_while_they_are_compared_are_left_out(
    world: World, live: Warehouse
) -> None:
    verification = world.verification(live.server)
    arrived = {"case_id": "NEW-1", "type": "note", "event_id": "n1", "schema_version": "1",
               "occurred_at": "2026-05-01T00:00:00+08:00"}  # fmt: skip
    found = verification._found

    def meanwhile(*given: object) -> dict[str, object]:
        world.topics.send(CASE_EVENTS.name, json.dumps(arrived).encode(), "NEW-1")
        world.topics.flush()
        execute(
            live.server,
            "INSERT INTO case_events (case_id, event_id, type, occurred_at) "
            "VALUES ('NEW-1', 'n1', 'note', '2026-04-30 16:00:00')",
        )
        return found(*given)  # type: ignore[arg-type]

    verification._found = meanwhile  # type: ignore[method-assign,assignment]
    assert list(verification.differences()) == []
    assert verification.found.left_out == 1


def test_a_lead_that_was_lost_or_that_nobody_asked_for_is_found_and_a_held_one_is_not_missed(
    world: World,
) -> None:
    """The last test: what it sends is of households that the others do not know."""
    warehouse = world.warehouse("leads")
    at = "2026-04-02T09:00:00+08:00"
    lost, held = (signal_record(f"s-{name}", name, at[:10]) for name in ("hh-lost", "hh-held"))
    world.pipeline.send_signals(lost)
    publisher = Publisher(world.kafka.bootstrap, SIGNALS_TOPIC.name)
    # Of a load that nobody closes.
    publisher.send("hh-held", encoded(held), [(LOAD_HEADER, b"open")])
    publisher.flush()
    made_up = lead_case_id("hh-0", DATA.window_of(parse_instant("2020-01-02T00:00:00Z")))
    world.pipeline.send(
        {"event_id": lead_event_id(made_up), "case_id": made_up, "type": "submitted",
         "occurred_at": "2020-01-02T00:00:00Z", "schema_version": "1", "item": "monitoring.lead",
         "county": "530102", "raised_by": "government", "channel": "screening",
         "household": "hh-0"},
    )  # fmt: skip
    warehouse.run()
    verification = world.verification(warehouse.server)
    found = [each for each in verification.differences() if each.table == "leads"]
    window_at = DATA.window_of(parse_instant(at))
    assert {(each.case_id, each.key, each.warehouse, each.log) for each in found} == {
        (lead_case_id("hh-lost", window_at), ("hh-lost",), MISSING, THERE),
        (made_up, ("hh-0",), THERE, MISSING),
    }
    assert verification.found.held == 1
