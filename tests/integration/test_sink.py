"""The sink between the real broker and the embedded ClickHouse: what comes out of it, and twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from schemas.errors import Misconfigured, Unavailable
from schemas.instants import from_datetime, parse_instant
from schemas.topics import CASE_EVENTS, CASE_STATES
from sinks.batch import Limits
from sinks.clickhouse.block import Block
from sinks.clickhouse.blocks import READ_TOPICS
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from sinks.clickhouse.writer import Writer
from tests.integration.sink_support import (
    DEADLINE_S,
    PARTITIONS,
    Warehouse,
    Written,
    expected,
    metrics_apart,
    running,
)

AS_OF = "2026-06-01T00:00:00+08:00"


@pytest.fixture
def warehouse(
    kafka_broker: KafkaBroker, clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> Warehouse:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    return Warehouse(server, Written(kafka_broker.bootstrap))


@pytest.fixture(scope="module")
def mixed(kafka_broker: KafkaBroker) -> Written:
    """The topics of the example ``mixed``, which the tests only read."""
    topics = Written(kafka_broker.bootstrap)
    topics.example("mixed", AS_OF)
    return topics


@pytest.fixture
def mixed_warehouse(warehouse: Warehouse, mixed: Written) -> Warehouse:
    return Warehouse(warehouse.server, mixed)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def plain(verdict: dict[str, Any]) -> tuple[Any, ...]:
    """A verdict with its instants in milliseconds, whether from JSON or from ClickHouse."""

    def instant(value: Any) -> int | None:
        if value is None:
            return None
        return parse_instant(value) if isinstance(value, str) else from_datetime(value)

    names = ("case_id", "item", "clock", "cycle", "start_event_id", "stop_event_id", "status")
    instants = ("started_at", "due_at", "stopped_at", "breached_at")
    return (*(verdict[name] for name in names), *(instant(verdict[name]) for name in instants))


@pytest.mark.parametrize(
    ("example", "as_of"),
    [
        ("hand", "2026-10-12T00:00:00+08:00"),
        ("edges", AS_OF),
        ("mixed", AS_OF),
        ("yearend", "2026-12-20T00:00:00+08:00"),
    ],
)
def test_the_warehouse_gives_back_exactly_the_verdicts_that_the_stream_reached(
    warehouse: Warehouse, example: str, as_of: str
) -> None:
    warehouse.topics.example(example, as_of)
    warehouse.run()
    found = [plain(verdict) for verdict in warehouse.verdicts(as_of)]
    wanted = [plain(verdict) for verdict in expected(example, "verdicts")]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)
    violations = warehouse.query("SELECT case_id, rule, event_id FROM violations")
    assert sorted(violations) == sorted(
        (each["case_id"], each["rule"], each["event_id"])
        for each in expected(example, "violations")
    )
    standing = warehouse.query(
        "SELECT toString(escalation_id), level, `to` FROM escalations_standing"
    )
    assert sorted(standing) == sorted(
        (each["escalation_id"], each["level"], each["to"])
        for each in expected(example, "escalations")
    )


def test_a_verdict_becomes_late_as_time_passes_and_nothing_arrives(warehouse: Warehouse) -> None:
    warehouse.topics.example("hand", "2026-09-20T00:00:00+08:00")
    warehouse.run()
    due = "2026-09-29T00:00:00+08:00"  # of the overall clock of W1, as the example says
    for as_of, breached in ((due, None), ("2026-09-29T00:00:00.001+08:00", parse_instant(due))):
        verdicts = [plain(verdict) for verdict in warehouse.verdicts(as_of)]
        overall = [each for each in verdicts if each[0] == "W1" and each[2] == "overall"]
        assert [(each[6], each[-1]) for each in overall] == [("running", breached)]


def test_the_topics_read_twice_and_in_other_blocks_change_no_view(
    mixed_warehouse: Warehouse,
) -> None:
    mixed_warehouse.run()
    before = mixed_warehouse.views()
    assert all(before.values())
    mixed_warehouse.run(group=f"{mixed_warehouse.group}-again")
    mixed_warehouse.run(
        group=f"{mixed_warehouse.group}-otherwise", limits=Limits(rows=7, age_s=0.05)
    )
    assert mixed_warehouse.views() == before


def test_counts_are_summed_over_partitions_and_not_over_repeats(mixed_warehouse: Warehouse) -> None:
    mixed_warehouse.run()
    mixed_warehouse.run(group=f"{mixed_warehouse.group}-again", limits=Limits(rows=5, age_s=0.05))
    cases = mixed_warehouse.query("SELECT county, count() FROM cases_current GROUP BY county")
    received = mixed_warehouse.query("SELECT county, total FROM aggregates_current")
    assert sorted(received) == sorted(cases)


class Recording:
    """A writer that keeps the blocks it was given, and fails as it is told before or after."""

    def __init__(self, writer: Writer, fails: Callable[[int], str | None] = lambda _: None) -> None:
        self.writer = writer
        self.blocks: list[Block] = []
        self.tries = 0
        self._fails = fails

    def insert(self, block: Block) -> None:
        self.tries += 1
        fault = self._fails(self.tries)
        if fault == "before":
            raise Unavailable("Too many parts (code 252)")
        self.writer.insert(block)
        if fault == "after":
            raise Unavailable("the acknowledgement was lost")
        self.blocks.append(block)

    def parts(self) -> dict[str, int]:
        return self.writer.parts()

    def close(self) -> None:
        self.writer.close()


def test_blocks_that_are_sent_again_change_no_view(mixed_warehouse: Warehouse) -> None:
    recording = Recording(Writer(mixed_warehouse.server))
    mixed_warehouse.run(writer=recording)
    before = mixed_warehouse.views()
    assert len(recording.blocks) > 10
    for block in reversed(recording.blocks):
        recording.writer.insert(block)
    recording.close()
    assert mixed_warehouse.views() == before


def test_a_block_that_is_sent_twice_is_dropped_by_its_token(mixed_warehouse: Warehouse) -> None:
    recording = Recording(Writer(mixed_warehouse.server))
    mixed_warehouse.run(writer=recording, limits=Limits(rows=100_000, age_s=60.0))
    counted = "SELECT count() FROM case_events"
    before = mixed_warehouse.query(counted)
    for block in recording.blocks:
        recording.writer.insert(block)
    recording.close()
    assert mixed_warehouse.query(counted) == before


def test_too_many_parts_and_lost_acknowledgements_are_waited_out_and_nothing_is_dropped(
    mixed_warehouse: Warehouse, kafka_broker: KafkaBroker
) -> None:
    mixed_warehouse.run()
    wanted = mixed_warehouse.views()
    with mixed_warehouse.server.client() as client:
        for table in ("case_events", "cases", "escalations", "aggregates", "dead_letters"):
            client.execute(f"TRUNCATE TABLE {table}")
    metrics = metrics_apart()
    faults = {1: "before", 2: "after", 5: "before", 6: "before", 9: "after"}
    mixed_warehouse.run(
        group=f"{mixed_warehouse.group}-failing",
        writer=Recording(Writer(mixed_warehouse.server), faults.get),
        metrics=metrics,
    )
    assert mixed_warehouse.views() == wanted
    assert metrics.retries._value.get() == len(faults)


def test_a_table_that_takes_no_more_parts_is_waited_for_and_nothing_is_dropped(
    mixed_warehouse: Warehouse,
) -> None:
    with mixed_warehouse.server.client() as client:
        client.execute("SYSTEM STOP MERGES case_events")
        # There are three blocks, and two may be under way at once: the third is refused.
        client.execute("ALTER TABLE case_events MODIFY SETTING parts_to_throw_insert = 1")
    metrics = metrics_apart()
    sink = mixed_warehouse.sink(until_idle=False, metrics=metrics)
    with running(sink):
        until(sink._inserter.away.is_set)
        full = mixed_warehouse.query("SELECT count() FROM case_events")
        with mixed_warehouse.server.client() as client:
            client.execute("SYSTEM START MERGES case_events")
            client.execute("ALTER TABLE case_events RESET SETTING parts_to_throw_insert")
        until(lambda: not sink._inserter.away.is_set())
    assert metrics.outage._value.get() == 0
    assert sum(sample.value for each in metrics.parts.collect() for sample in each.samples) > 0
    mixed_warehouse.run()
    assert full < mixed_warehouse.query("SELECT count() FROM case_events")
    assert mixed_warehouse.query("SELECT uniqExact(case_id) FROM case_events") == [(200,)]


def test_a_stop_writes_and_commits_what_was_read(mixed_warehouse: Warehouse) -> None:
    metrics = metrics_apart()
    sink = mixed_warehouse.sink(
        until_idle=False, limits=Limits(rows=10**6, age_s=3600.0), metrics=metrics
    )
    with running(sink) as stop:
        until(lambda: sum(len(batch.records) for batch in sink._batches.values()) > 1_000)
        stop.set()
    written = mixed_warehouse.query("SELECT count() FROM case_events")
    recording = Recording(Writer(mixed_warehouse.server))
    mixed_warehouse.run(writer=recording)
    assert written > [(0,)]
    offsets = {block.token.split(":")[1]: block.token for block in recording.blocks}
    assert not any(":0-" in token for token in offsets.values())
    fresh = Recording(Writer(mixed_warehouse.server))
    mixed_warehouse.run(writer=fresh)
    assert fresh.blocks == []


def test_two_sinks_of_a_group_that_trade_partitions_lose_and_double_nothing(
    mixed_warehouse: Warehouse,
) -> None:
    mixed_warehouse.run(group=f"{mixed_warehouse.group}-alone")
    wanted = mixed_warehouse.views()
    with mixed_warehouse.server.client() as client:
        for table in ("case_events", "cases", "escalations", "aggregates", "dead_letters"):
            client.execute(f"TRUNCATE TABLE {table}")
    first = mixed_warehouse.sink(until_idle=False)
    second = mixed_warehouse.sink(until_idle=False)
    with running(first):
        until(lambda: first._consumer._joined)
        with running(second):
            until(lambda: bool(second._consumer._owned))
            until(lambda: mixed_warehouse.views() == wanted)
        until(lambda: len(first._consumer._owned) == len(READ_TOPICS) * PARTITIONS)
    assert mixed_warehouse.views() == wanted


def test_a_bad_case_event_is_left_to_the_worker_and_its_neighbours_are_written(
    warehouse: Warehouse,
) -> None:
    warehouse.topics.example("hand", "2026-10-12T00:00:00+08:00")
    metrics = metrics_apart()
    warehouse.run(metrics=metrics)
    assert warehouse.query("SELECT count() FROM case_events FINAL") == [(9,)]
    topic = warehouse.topics.names[CASE_EVENTS.name]
    assert metrics.skipped.labels(topic, "not-json")._value.get() == 1
    assert metrics.skipped.labels(topic, "load-bracket")._value.get() == 1


def test_a_state_that_cannot_be_read_stops_the_sink_and_names_where_it_is(
    warehouse: Warehouse,
) -> None:
    warehouse.topics.send(CASE_STATES.name, b"\x92\xa1", "K1")
    warehouse.topics.flush()
    with pytest.raises(Misconfigured, match=r"case-states.* partition [0-9], offsets 0 to 0"):
        warehouse.run()


def test_topics_that_do_not_exist_are_named_at_the_start(warehouse: Warehouse) -> None:
    warehouse.topics.names[CASE_STATES.name] = "test.none.such"
    with pytest.raises(Misconfigured, match=r"test\.none\.such; run `jushou topics --create`"):
        warehouse.sink()


def test_a_dead_letter_is_known_by_its_own_headers_and_not_by_those_of_the_record(
    mixed_warehouse: Warehouse,
) -> None:
    mixed_warehouse.run()
    found = mixed_warehouse.query(
        "SELECT source_topic, source_partition, source_offset, reason, detail, size "
        "FROM dead_letters FINAL ORDER BY ALL"
    )
    assert found == [
        ("", -1, -1, "unknown", "", 1),
        (CASE_EVENTS.name, 2, 17, "not-json", "send one JSON object", 1),
    ]


def test_an_instant_comes_back_to_the_millisecond(mixed_warehouse: Warehouse) -> None:
    mixed_warehouse.run()
    found = mixed_warehouse.query("SELECT DISTINCT published_at FROM escalations")
    assert [from_datetime(moment) for (moment,) in found] == [
        parse_instant("2026-06-01T00:00:00.5+08:00")
    ]


def test_a_sink_whose_server_is_killed_in_the_middle_goes_on_when_it_is_back(
    mixed: Written, tmp_path: Path
) -> None:
    with ClickHouseServer(tmp_path) as clickhouse:
        warehouse = Warehouse(Server(clickhouse.host, clickhouse.port, "jushou"), mixed)
        migrate(warehouse.server)
        warehouse.run()
        wanted = warehouse.views()
        with warehouse.server.client() as client:
            client.execute("DROP DATABASE jushou SYNC")
        migrate(warehouse.server)
        sink = warehouse.sink(group="again", until_idle=False, limits=Limits(rows=5, age_s=0.05))
        with running(sink):
            until(lambda: warehouse.query("SELECT count() FROM cases") > [(20,)])
            clickhouse.kill()
            until(sink._inserter.away.is_set)
            clickhouse.start()
            until(lambda: not sink._inserter.away.is_set())
            until(lambda: warehouse.views() == wanted)


def test_a_stop_while_the_server_is_away_ends_soon_and_the_next_run_writes_the_rest(
    mixed: Written, warehouse: Warehouse
) -> None:
    elsewhere = Server("127.0.0.1", 1, warehouse.server.database)
    away = Warehouse(elsewhere, mixed)
    sink = away.sink(until_idle=False)
    with running(sink) as stop:
        until(sink._inserter.away.is_set)
        stop.set()
    back = Warehouse(warehouse.server, mixed, away.group)
    back.run()
    assert back.query("SELECT uniqExact(case_id) FROM cases_current") == [(200,)]
