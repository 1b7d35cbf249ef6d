"""``jushou sink`` and ``jushou warehouse`` as processes of their own, stopped and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition

from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from jushou.runtime.ports import free_port
from jushou.runtime.topics_admin import create_topics
from jushou.settings import Settings
from schemas.topics import CASE_EVENTS
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.integration.sink_support import (
    DEADLINE_S,
    EXAMPLES,
    READ_TOPICS,
    Warehouse,
    Written,
)

AS_OF = "2026-06-01T00:00:00+08:00"
COPIES = 20


class Machine:
    """A broker with the real topics, a ClickHouse, and the command line to use on them."""

    def __init__(self, kafka: KafkaBroker, clickhouse: ClickHouseServer) -> None:
        self.kafka = kafka
        self.clickhouse = clickhouse
        self.topics = Written(kafka.bootstrap, {topic.name: topic.name for topic in READ_TOPICS})
        self.running: list[subprocess.Popen[bytes]] = []

    def warehouse(self, database: str) -> Warehouse:
        server = Server(self.clickhouse.host, self.clickhouse.port, database)
        return Warehouse(server, self.topics, group=f"group-{database}")

    def _command(self, database: str, arguments: tuple[str, ...]) -> dict[str, Any]:
        """How to call a command that works on a database, in a group of its own."""
        settings = {
            "JUSHOU_BOOTSTRAP": self.kafka.bootstrap,
            "JUSHOU_CLICKHOUSE_HOST": self.clickhouse.host,
            "JUSHOU_CLICKHOUSE_PORT": str(self.clickhouse.port),
            "JUSHOU_CLICKHOUSE_DATABASE": database,
            "JUSHOU_SINK_GROUP": f"sink-{database}",
        }
        argv = [sys.executable, "-m", "jushou.cli.main", *arguments]
        return {"args": argv, "env": os.environ | settings}

    def start(self, database: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on until it is stopped."""
        process = subprocess.Popen(
            **self._command(database, arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.running.append(process)
        return process

    def run(self, database: str, *arguments: str) -> tuple[int, str]:
        """Run a command to its end: its status and all that it wrote."""
        ended = subprocess.run(
            **self._command(database, arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        return ended.returncode, ended.stdout

    def committed(self, group: str, topic: str, partition: int) -> int:
        """The offset that a group has committed."""
        asking = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": group})
        try:
            (answer,) = asking.committed([TopicPartition(topic, partition)], timeout=DEADLINE_S)
            return int(answer.offset)
        finally:
            asking.close()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    with KafkaBroker(folder / "kafka") as kafka, ClickHouseServer(folder / "clickhouse") as server:
        create_topics(kafka.bootstrap, Settings(bootstrap=kafka.bootstrap, _env_file=None))  # type: ignore[call-arg]
        machine = Machine(kafka, server)
        machine.topics.example("mixed", AS_OF)
        send_copies(machine.topics)
        yield machine
        for process in machine.running:
            if process.poll() is None:
                process.kill()
                process.wait()


def send_copies(topics: Written) -> None:
    """The same events of many more cases, so that writing them takes a while."""
    lines = (EXAMPLES / "mixed.jsonl").read_bytes().splitlines()
    for copy in range(COPIES):
        prefix = b'"case_id": "X%d-' % copy
        for line in lines:
            topics.send(CASE_EVENTS.name, line.replace(b'"case_id": "C1-', prefix), str(copy))
    topics.flush()


@pytest.fixture(scope="module")
def wanted(machine: Machine) -> dict[str, list[tuple[object, ...]]]:
    """What every view must give: written by one sink that nothing happened to."""
    warehouse = machine.warehouse("undisturbed")
    migrate(warehouse.server)
    warehouse.run()
    return warehouse.views()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_sink_that_is_killed_again_and_again_loses_and_doubles_nothing(
    machine: Machine, wanted: dict[str, list[tuple[object, ...]]]
) -> None:
    warehouse = machine.warehouse("killed")
    assert machine.run("killed", "warehouse", "migrate")[0] == 0
    for rows in (1, 7_000):
        process = machine.start("killed", "sink")
        written = f"SELECT uniqExact(case_id, event_id) >= {rows} FROM case_events"
        until(lambda sql=written: warehouse.query(sql) == [(1,)])  # type: ignore[misc]
        process.kill()
        process.wait(DEADLINE_S)
    status, output = machine.run("killed", "sink", "--until-idle")
    assert status == 0, output
    assert warehouse.views() == wanted


def test_a_sink_that_is_asked_to_stop_leaves_nothing_to_be_done_again(
    machine: Machine, wanted: dict[str, list[tuple[object, ...]]]
) -> None:
    warehouse = machine.warehouse("stopped")
    migrate(warehouse.server)
    process = machine.start("stopped", "sink")
    until(lambda: warehouse.query("SELECT count() > 1000 FROM case_events") == [(1,)])
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 0
    written = "SELECT source_partition, max(source_offset) + 1 FROM case_events GROUP BY ALL"
    for partition, end in warehouse.query(written):
        assert machine.committed("sink-stopped", CASE_EVENTS.name, partition) >= end
    assert machine.run("stopped", "sink", "--until-idle")[0] == 0
    assert warehouse.views() == wanted


def test_the_sink_serves_its_metrics(machine: Machine) -> None:
    migrate(machine.warehouse("measured").server)
    port = free_port()
    process = machine.start("measured", "sink", "--metrics-port", str(port))

    def served() -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/metrics").text
        except httpx.HTTPError:
            return ""

    until(lambda: 'jushou_sink_rows_total{table="cases"}' in served())
    until(lambda: "jushou_sink_lag_records{" in served())
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 0


def test_a_sink_without_tables_stops_and_names_the_command_that_makes_them(
    machine: Machine,
) -> None:
    status, output = machine.run("nowhere", "sink", "--until-idle")
    assert status == 1
    assert "run `jushou warehouse migrate`" in output


def test_the_status_of_the_warehouse_is_an_error_until_it_is_migrated(machine: Machine) -> None:
    assert machine.run("bare", "warehouse", "status", "--strict")[0] == 1
    assert machine.run("bare", "warehouse", "migrate")[0] == 0
    status, output = machine.run("bare", "warehouse", "status", "--strict")
    assert status == 0
    assert "0001_case_events.sql: applied at " in output
