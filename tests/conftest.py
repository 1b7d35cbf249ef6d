"""Servers for all tests: one embedded Kafka and one embedded ClickHouse for the whole session.

Tests share the servers, never what is in them: each takes topic names and a database of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from jushou.runtime.kafka_broker import KafkaBroker


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
