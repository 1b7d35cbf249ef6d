"""``jushou notify`` as it is started: the shipped routing, metrics, links, a graceful stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
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
from schemas.instants import HOUR_MS, MINUTE_MS, render_instant
from schemas.routing.load import SHIPPED
from schemas.topics import (
    ACTIONS,
    AGGREGATES,
    CASE_EVENTS,
    CASE_STATES,
    DEAD_LETTERS,
    DELIVERIES,
    ESCALATIONS,
)
from sinks.notify.topic_reader import read_topic
from tests.integration.test_notify_path import until
from tests.notify_builders import escalation, folder_of
from tests.notify_servers import http_endpoint
from tests.pipeline import Pipeline

START = "import typer; from jushou.cli.notify import notify; typer.run(notify)"


WATCHED = """
allowed_hosts: [127.0.0.1]
endpoints: {{hook: {{kind: webhook, url: "{url}", secret: "${{HOOK}}"}}}}
groups: {{operators: {{name: {{zh: 运行值班, en: Operators}}, reached_by: hook}}}}
"""


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker whose topics have the names of production."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as broker:
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
        # The province, which is to ask, and the county, which is to answer.
        until(lambda: len(lines(written)) == 2, "the messages are in the file")
        texts = {each["recipient"]: each["text"] for each in lines(written)}
        assert "反馈办理情况：http" in texts["county-duty/530113/water"]
        text = texts["province-duty"]
        link = re.search(r"http://127\.0\.0\.1:\S+token=(\S+)", text)
        assert link is not None
        posted = httpx.post(
            f"http://127.0.0.1:{link_port}/acknowledge", data={"token": link[1]}, timeout=30
        )
        assert posted.status_code == 200

        def metrics() -> str:
            return httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=30).text

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
    assert sorted(record.endpoint for record in records) == ["console", "console", "file", "file"]
    action = json.loads(next(read_topic(own_broker.bootstrap, ACTIONS.name)))
    assert (action["side"], action["by"]) == (Side.PROVINCE, "province-duty")


def watched_routing(folder: Path, url: str) -> Path:
    """The shipped rules, with a switch outside and an alarm at one endpoint, every 3 s."""
    rules = (SHIPPED / "rules.yaml").read_text("utf-8")
    rules = rules.replace("watchdog_every_s: 60", "watchdog_every_s: 3\n  watchdog: hook")
    rules = rules.replace("alarm: last-resort", "alarm: operators")
    return folder_of(folder, rules=rules, own=WATCHED.format(url=url))


def ends(bootstrap: str, topic: str) -> int:
    """How many records a topic has."""
    return sum(1 for _ in read_topic(bootstrap, topic))


def send_overdue(bootstrap: str, case: str) -> None:
    """Send the submission of a water case that the county should have accepted a minute ago."""
    submitted = {
        "event_id": f"{case}-1", "case_id": case, "type": "submitted", "schema_version": "1",
        "occurred_at": render_instant(time.time_ns() // 1_000_000 - 24 * HOUR_MS - MINUTE_MS),
        "item": "water.drinking", "county": "530113", "raised_by": "self", "channel": "wechat",
    }  # fmt: skip
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"})
    producer.produce(CASE_EVENTS.name, json.dumps(submitted).encode(), case.encode())
    assert producer.flush(30) == 0


def titles(path: Path) -> str:
    return "".join(line["title"] for line in lines(path))


def test_a_heartbeat_passes_the_stream_touches_no_case_and_stops_with_the_worker(
    own_broker: KafkaBroker, tmp_path: Path
) -> None:
    bootstrap = own_broker.bootstrap
    pipeline = Pipeline(bootstrap, tmp_path)
    with http_endpoint() as server:

        def got(kind: str) -> int:
            return sum(each.json["kind"] == kind for each in list(server.requests))

        environment = os.environ | {
            "JUSHOU_BOOTSTRAP": bootstrap, "JUSHOU_FOLDER": str(tmp_path), "HOOK": "a-secret",
            "JUSHOU_ROUTING": str(watched_routing(tmp_path / "routing", server.url)),
        }  # fmt: skip
        worker = pipeline.worker()
        log = (tmp_path / "log").open("wb")
        running = subprocess.Popen(
            [sys.executable, "-c", START], env=environment, stdout=log, stderr=log
        )
        log.close()
        try:
            until(lambda: got("heartbeat") >= 2, "heartbeats that passed every partition")
            assert ends(bootstrap, CASE_EVENTS.name) >= 2 * pipeline.settings.partitions
            for untouched in (CASE_STATES, AGGREGATES, DEAD_LETTERS):
                assert ends(bootstrap, untouched.name) == 0
            send_overdue(bootstrap, "W1")
            written = tmp_path / "notify" / "notifications.jsonl"
            until(lambda: "【红牌】" in titles(written), "the red card of a real event")
            alarms = got("alarm")
            worker.kill()
            until(lambda: got("alarm") == alarms + 1, "the alarm")
            beats = got("heartbeat")
            threading.Event().wait(6)
            assert got("heartbeat") == beats
        finally:
            running.kill()
            running.wait()
            pipeline.stop()
