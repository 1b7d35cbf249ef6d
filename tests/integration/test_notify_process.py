"""``jushou notify`` as it is started: the shipped routing, metrics, links, a graceful stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from confluent_kafka import Producer

from jushou.runtime.kafka_broker import KafkaBroker
from jushou.runtime.topics_admin import create_topics
from jushou.settings import Settings
from schemas.action import Side
from schemas.delivery import Delivery
from schemas.instants import render_instant
from schemas.topics import ACTIONS, DELIVERIES, ESCALATIONS
from sinks.notify.topic_reader import read_topic
from tests.integration.test_notify_path import until
from tests.notify_builders import escalation

START = "import typer; from jushou.cli.notify import notify; typer.run(notify)"


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    """A broker whose topics have the names of production."""
    with KafkaBroker(tmp_path / "kafka") as broker:
        create_topics(broker.bootstrap, Settings(bootstrap=broker.bootstrap))
        yield broker


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def test_from_a_topic_to_a_file_and_by_its_link_to_an_acknowledgement(
    own_broker: KafkaBroker, tmp_path: Path
) -> None:
    metrics_port, link_port = free_ports(2)
    environment = os.environ | {
        "JUSHOU_BOOTSTRAP": own_broker.bootstrap,
        "JUSHOU_FOLDER": str(tmp_path),
        "JUSHOU_ACKNOWLEDGE_URL": f"http://127.0.0.1:{link_port}/acknowledge",
        "JUSHOU_LINK_SECRET": "a-secret",
    }
    arguments = ["--metrics-port", str(metrics_port), "--acknowledge-port", str(link_port)]
    log = (tmp_path / "log").open("wb")
    running = subprocess.Popen(
        [sys.executable, "-c", START, *arguments], env=environment, stdout=log, stderr=log
    )
    log.close()
    try:
        now = render_instant(time.time_ns() // 1_000_000)
        fired = msgspec.structs.replace(
            escalation("C1", "supervise"), at=now, due_at=now, published_at=now
        )
        producer = Producer({"bootstrap.servers": own_broker.bootstrap})
        producer.produce(ESCALATIONS.name, msgspec.json.encode(fired), b"C1")
        assert producer.flush(30) == 0
        written = tmp_path / "notify" / "notifications.jsonl"
        until(lambda: len(lines(written)) == 1, "the message is in the file")
        text = lines(written)[0]["text"]
        link = re.search(r"http://127\.0\.0\.1:\S+token=(\S+)", text)
        assert link is not None
        posted = httpx.post(
            f"http://127.0.0.1:{link_port}/acknowledge", data={"token": link[1]}, timeout=30
        )
        assert posted.status_code == 200

        def metrics() -> str:
            return httpx.get(f"http://127.0.0.1:{metrics_port}/metrics").text

        taken = 'jushou_notify_actions_total{effect="done",type="acknowledged"} 1.0'
        until(lambda: taken in metrics(), "the acknowledgement has its effect")
        assert 'jushou_notify_attempts_total{endpoint="file",outcome="delivered"' in metrics()
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0, (tmp_path / "log").read_text("utf-8")[-3000:]
    finally:
        running.kill()
        running.wait()
    records = [
        msgspec.json.decode(raw, type=Delivery)
        for raw in read_topic(own_broker.bootstrap, DELIVERIES.name)
    ]
    assert sorted(record.endpoint for record in records) == ["console", "file"]
    action = json.loads(next(read_topic(own_broker.bootstrap, ACTIONS.name)))
    assert (action["side"], action["by"]) == (Side.PROVINCE, "province-duty")
