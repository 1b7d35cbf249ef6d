"""Servers for all tests: one embedded Kafka and one embedded ClickHouse for the whole session.

Tests share the servers, never what is in them: each takes topic names and a database of its own.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from clickhouse_driver import Client

from jushou.runtime import ports
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from sinks.clickhouse.readers import ANALYST, HIDDEN_FROM_ANALYSTS, TABLES_HIDDEN_FROM_ANALYSTS

# Processes that share the tests take turns at the ports: what one was given another may not have
# seen bound yet.
_SHARE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_SHARES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
ports.given.update(port for port in range(*ports.RANGE) if port % _SHARES != _SHARE)


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A running broker; tests that crash or restart one must start their own."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def topic_name() -> Callable[..., str]:
    """Gives names of topics (or groups) that no other test uses."""

    def unique(label: str = "topic") -> str:
        return f"test.{label}.{uuid.uuid4().hex[:12]}"

    return unique


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool], float], None]:
    """Waits until a condition holds; fails after ``deadline_s`` seconds."""

    def wait(condition: Callable[[], bool], deadline_s: float = 30.0) -> None:
        deadline = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < deadline, f"not so within {deadline_s:g} s"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A running ClickHouse with a read-only user ``analyst`` who sees what analysts may see.

    ``reader`` may only read, and sees everything.
    """
    folder = tmp_path_factory.mktemp("clickhouse")
    with ClickHouseServer(
        folder,
        readonly_users=[ANALYST, "reader"],
        readonly_password="look",
        hidden={ANALYST: HIDDEN_FROM_ANALYSTS},
        hidden_tables={ANALYST: TABLES_HIDDEN_FROM_ANALYSTS},
    ) as server:
        yield server


@pytest.fixture
def clickhouse_database(clickhouse_server: ClickHouseServer) -> Iterator[str]:
    """The name of a database that is empty, and is dropped after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with Client(clickhouse_server.host, clickhouse_server.port) as client:
        client.execute(f"CREATE DATABASE {name}")
    yield name
    with Client(clickhouse_server.host, clickhouse_server.port) as client:
        client.execute(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def clickhouse(clickhouse_server: ClickHouseServer, clickhouse_database: str) -> Iterator[Client]:
    """A client in a fresh database."""
    with Client(
        clickhouse_server.host, clickhouse_server.port, database=clickhouse_database
    ) as client:
        yield client
