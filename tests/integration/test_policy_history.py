"""`jushou policy diff … --since DAY` replays the history of the running stream."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from typer.testing import CliRunner

from jushou.cli import event_history
from jushou.cli.policy import policy
from jushou.runtime.kafka_broker import KafkaBroker
from schemas import bulk_load
from schemas.bulk_load import LoadBracket
from schemas.catalogue.load import SHIPPED
from schemas.partitioning import partition_of
from tests.builders import event

PARTITIONS = 3
AS_OF = "2026-06-01T00:00:00+08:00"
ITEM = "civil.minimum-living"


@pytest.fixture
def stream(kafka_broker: KafkaBroker, topic_name, monkeypatch) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """The broker's address, and the name of an empty topic that stands for the input."""
    name = topic_name("case-events")
    monkeypatch.setattr(event_history, "CASE_EVENTS_NAME", name)
    admin = AdminClient({"bootstrap.servers": kafka_broker.bootstrap})
    for created in admin.create_topics([NewTopic(name, PARTITIONS, 1)]).values():
        created.result(30)
    return kafka_broker.bootstrap, name


@pytest.fixture
def tried(tmp_path: Path) -> str:
    """A catalogue's folder with 20 instead of 30 working days."""
    folder = tmp_path / "tried"
    shutil.copytree(SHIPPED / "2021-11", folder)
    civil = folder / "civil-affairs.yaml"
    civil.write_text(civil.read_text("utf-8").replace("within: 30wd", "within: 20wd"), "utf-8")
    return str(folder)


def send(stream: tuple[str, str], *values: bytes, keys: list[str]) -> None:
    producer = Producer({"bootstrap.servers": stream[0]})
    for key, value in zip(keys, values, strict=True):
        partition = partition_of(key.encode(), PARTITIONS)
        producer.produce(stream[1], value, key.encode(), partition)
    assert producer.flush(30) == 0


def accepted(case_id: str, day: str) -> list[dict[str, Any]]:
    return [
        event(case_id, f"{case_id}1", "submitted", f"{day} 09:00", item=ITEM),
        event(case_id, f"{case_id}2", "accepted", f"{day} 10:00"),
    ]


def run(*args: str) -> Any:
    app = typer.Typer()
    app.add_typer(policy, name="policy")
    app.command("other")(lambda: None)
    return CliRunner().invoke(app, ["policy", "diff", *args, "--as-of", AS_OF])


def test_the_history_is_that_of_the_stream_and_nothing_is_committed(
    stream: tuple[str, str], tried: str
) -> None:
    records = [*accepted("B", "2026-03-02"), *accepted("A", "2026-03-16")]
    bracket = LoadBracket(type="load-opened", load="L", at="2026-03-02T09:00:00+08:00")
    values = [*(json.dumps(each).encode() for each in records), bulk_load.encode(bracket), b"{"]
    send(stream, *values, keys=["B", "B", "A", "A", "L", "x"])
    shown = run("2021-11", tried, "--since", "2026-03-10", "--bootstrap", stream[0], "--json")
    assert shown.exit_code == 0, shown.stderr
    found = json.loads(shown.stdout)
    assert (found["cases"], [each["case_id"] for each in found["verdicts"]]) == (1, ["A"])
    assert "1 records of the stream are no case events" in shown.stderr
    consumer = Consumer({"bootstrap.servers": stream[0], "group.id": "jushou-history"})
    places = [TopicPartition(stream[1], each) for each in range(PARTITIONS)]
    assert all(place.offset < 0 for place in consumer.committed(places, timeout=30))
    consumer.close()


def test_without_a_file_and_a_day_it_says_what_to_name(tried: str) -> None:
    shown = run("2021-11", tried)
    assert shown.exit_code == 2
    assert "--events" in shown.stderr
    assert "--since" in shown.stderr


def test_a_broker_that_is_down_is_said_with_the_remedy(
    tried: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_history, "ANSWER_S", 0.5)
    shown = run("2021-11", tried, "--since", "2026-03-10", "--bootstrap", "127.0.0.1:1")
    assert shown.exit_code == 2
    assert "no Kafka broker answers at 127.0.0.1:1" in shown.stderr
