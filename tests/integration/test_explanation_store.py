"""`jushou explain` reads a case back from the stream's store on a real broker."""

from __future__ import annotations

import pytest
import typer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from typer.testing import CliRunner

from jushou.cli import case_store
from jushou.cli.explain import explain
from jushou.runtime.kafka_broker import KafkaBroker
from schemas.case_event import StoredEvent
from schemas.case_state import CaseState, encode
from schemas.errors import Unavailable
from schemas.partitioning import partition_of
from tests.builders import Partition, delivered, event

PARTITIONS = 3


@pytest.fixture
def store(kafka_broker: KafkaBroker, topic_name, monkeypatch) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """The broker's address, and the name of an empty topic that stands for the store."""
    name = topic_name("case-states")
    monkeypatch.setattr(case_store, "CASE_STATES_NAME", name)
    admin = AdminClient({"bootstrap.servers": kafka_broker.bootstrap})
    for created in admin.create_topics([NewTopic(name, PARTITIONS, 1)]).values():
        created.result(30)
    return kafka_broker.bootstrap, name


def write(bootstrap: str, topic: str, *states: CaseState) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for state in states:
        key = state.case_id.encode()
        producer.produce(topic, encode(state), key, partition_of(key, PARTITIONS))
    assert producer.flush(30) == 0


def test_the_newest_state_of_the_case_is_read_and_no_other(store: tuple[str, str]) -> None:
    events = [StoredEvent(number, f"e{number}", "note") for number in range(3)]
    write(
        *store,
        *(CaseState(f"X{number}", generation=1, change=9) for number in range(50)),
        CaseState("C", generation=2, change=1, events=events),
        CaseState("C", generation=1, change=8),
    )
    state = case_store.read_case(store[0], "C")
    assert state is not None
    assert (state.generation, state.events) == (2, events)


def test_a_case_that_the_stream_does_not_know_is_none(store: tuple[str, str]) -> None:
    assert case_store.read_case(store[0], "C") is None


def test_a_store_that_does_not_exist_is_said_with_the_remedy(
    kafka_broker: KafkaBroker,
    topic_name,
    monkeypatch,  # type: ignore[no-untyped-def]
) -> None:
    monkeypatch.setattr(case_store, "CASE_STATES_NAME", topic_name("missing"))
    with pytest.raises(Unavailable, match="jushou topics --create"):
        case_store.read_case(kafka_broker.bootstrap, "C")


def test_the_command_shows_what_the_stream_published_and_why(store: tuple[str, str]) -> None:
    partition = Partition()
    partition.push("2026-03-02 09:00", delivered(event("A", "1", "submitted", "2026-03-02 09:00")))
    partition.sweep("2026-03-03 10:00")
    stopped = event("A", "2", "accepted", "2026-03-02 12:00")
    partition.push("2026-03-03 11:00", delivered(stopped))
    partition.sweep("2026-03-03 11:00")
    state = partition.state.peek("A")
    assert state is not None
    write(*store, state)
    app = typer.Typer()
    app.command()(explain)
    asked = ["A", "--bootstrap", store[0], "--as-of", "2026-03-03T11:00:00+08:00"]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.stderr
    assert "已发出的预警督办" in shown.stdout
    assert "后到的记录表明并未到此一步" in shown.stdout
    assert "到时触发" in shown.stdout
