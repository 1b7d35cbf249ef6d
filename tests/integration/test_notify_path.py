"""From Kafka to real endpoints and back, under kill -9: one effective delivery, nothing lost."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from jushou.runtime.kafka_broker import KafkaBroker
from schemas import bulk_load
from schemas.case_state import MISSED, CaseState, Cycle, Fired, encode
from schemas.delivery import Delivery
from schemas.escalation import Escalation, escalation_id
from schemas.instants import render_instant
from schemas.probe import ProbeAnswer, encode_answer, sent_at_ms
from schemas.routing.load import shipped_routing
from sinks.notify.case_watch import CaseWatch
from sinks.notify.outbox import Outbox
from sinks.notify.topic_reader import read_topic
from tests.notify_builders import escalation, folder_of
from tests.notify_servers import OK, Answer, HttpEndpoint, Received, http_endpoint

ROOT = Path(__file__).parents[2]
DEADLINE_S = 40.0
HOOK, KEY = "secret-of-the-hook", "key-of-the-room"

# No working hours and no gathering: what is under test here is the path, not the guard.
ROUTING = """
allowed_hosts: [127.0.0.1]
endpoints:
  room: {{kind: wecom, url: "{url}/room?key=${{ROOM_KEY}}", timeout_s: {timeout_s},
         at_most_per_minute: 0}}
  hook: {{kind: webhook, url: "{url}/hook", secret: "${{HOOK}}", timeout_s: {timeout_s}}}
groups:
  office:
    name: {{zh: 县值班, en: County desk}}
    per: [county]
    reached_by: [{reached_by}]
  operators: {{name: {{zh: 运行值班, en: Operators}}, reached_by: hook}}
  owner-duty: {{name: {{zh: 值班, en: Desk}}, reached_by: console}}
  county-duty: {{name: {{zh: 值班, en: Desk}}, reached_by: console}}
  prefecture-duty: {{name: {{zh: 值班, en: Desk}}, reached_by: console}}
  province-duty: {{name: {{zh: 值班, en: Desk}}, reached_by: console}}
routes:
  - {{send_to: [{groups}]}}
rules:
  language: zh
  horizon_h: 24
  gather_s: 0
  at_most_per_hour: 100000
  rows_in_a_table: 50
  acknowledged_for_h: 72
  repeat_after_h: {{supervise: 0}}
  repeat_times: 3
  working_time: {{from: "00:00", until: "24:00"}}
  never_silenced: [supervise, supervise-again]
  provincial: [supervise, supervise-again]
  watchdog_every_s: 1
  {watchdog}
"""


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for a condition; an error that names it after the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.02)


class Office:
    """Topics of its own on the shared broker, one endpoint, and a notifier that can be killed."""

    def __init__(self, broker: KafkaBroker, folder: Path, server: HttpEndpoint, name: str) -> None:
        self.bootstrap = broker.bootstrap
        self.folder = folder
        self.server = server
        self.topics = {
            each: f"{name}.{each}"
            for each in (
                "escalations",
                "actions",
                "heartbeats",
                "deliveries",
                "dead_letters",
                "case_states",
                "case_events",
            )
        }
        self.group = f"{name}.group"
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        wanted = [NewTopic(topic, 1, 1) for topic in self.topics.values()]
        for answer in admin.create_topics(wanted).values():
            answer.result(30)
        self._producer = Producer({"bootstrap.servers": self.bootstrap})
        self._running: subprocess.Popen[bytes] | None = None
        self.routing()

    def routing(
        self,
        reached_by: str = "room, hook",
        timeout_s: int = 10,
        watchdog: str = "",
        groups: str = "office",
    ) -> None:
        text = ROUTING.format(
            url=self.server.url, reached_by=reached_by, timeout_s=timeout_s, watchdog=watchdog,
            groups=groups,
        )  # fmt: skip
        folder_of(self.folder / "routing", own=text)

    def send(self, *of: Escalation, raw: bytes | None = None) -> None:
        for each in of:
            self._producer.produce(self.topics["escalations"], msgspec.json.encode(each))
        if raw is not None:
            self._producer.produce(self.topics["escalations"], raw)
        assert self._producer.flush(30) == 0

    def answer(self, partition: int = 0) -> None:
        """Answer a probe of now, as a worker does."""
        now_ms = time.time_ns() // 1_000_000
        raw = encode_answer(ProbeAnswer(partition, now_ms))
        self._producer.produce(self.topics["heartbeats"], raw)
        # The heartbeat of a worker's clock says nothing of the stream.
        self._producer.produce(self.topics["heartbeats"], b"")
        assert self._producer.flush(30) == 0

    def start(self) -> None:
        given = {
            "bootstrap": self.bootstrap, "group": self.group, "topics": self.topics,
            "folder": str(self.folder / "notify"), "routing": str(self.folder / "routing"),
        }  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "tests.notify_process", json.dumps(given)],
                cwd=ROOT, env=os.environ | {"HOOK": HOOK, "ROOM_KEY": KEY},
                stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip

    def kill(self) -> None:
        assert self._running is not None
        self._running.send_signal(signal.SIGKILL)
        self._running.wait()

    def stop(self) -> None:
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
            assert self._running.wait(20) == 0, (self.folder / "log").read_text("utf-8")[-3000:]

    def end(self) -> None:
        self.server.released.set()
        if self._running is not None and self._running.poll() is None:
            self.kill()

    def records(self) -> list[Delivery]:
        raws = read_topic(self.bootstrap, self.topics["deliveries"])
        return [msgspec.json.decode(raw, type=Delivery) for raw in raws]


@pytest.fixture
def server() -> Iterator[HttpEndpoint]:
    with http_endpoint() as running:
        yield running


@pytest.fixture
def office(
    kafka_broker: KafkaBroker,
    tmp_path: Path,
    server: HttpEndpoint,
    topic_name: Callable[..., str],
) -> Iterator[Office]:
    made = Office(kafka_broker, tmp_path, server, topic_name("notify"))
    yield made
    made.end()


def fresh(case: str, level: str = "red", **more: Any) -> Escalation:
    """An escalation that was reached just now."""
    now = render_instant(time.time_ns() // 1_000_000)
    made = escalation(case, level, limit="24h", **more)
    return msgspec.structs.replace(made, at=now, due_at=now, published_at=now)


def of_hook(server: HttpEndpoint) -> Counter[str]:
    """Cases as the webhook has them: the same key is taken once."""
    by_key = {each.headers["idempotency-key"]: each.json for each in server.paths("/hook")}
    return Counter(one["case_id"] for body in by_key.values() for one in body["escalations"])


def texts(server: HttpEndpoint) -> list[str]:
    return [each.json["markdown"]["content"] for each in server.paths("/room")]


def test_each_escalation_is_delivered_once_and_recorded(
    office: Office, server: HttpEndpoint
) -> None:
    office.start()
    for number in range(20):
        office.send(fresh(f"C{number}"))
        until(lambda sent=number: of_hook(server)[f"C{sent}"] == 1, "it at the webhook")
        # The next would join it at a room that is slower than the webhook.
        until(lambda sent=number: len(texts(server)) == sent + 1, "it at the room")
    assert of_hook(server).total() == 20
    assert sum(text.count("C") for text in texts(server)) >= 20
    office.stop()
    raw = len(server.requests)
    assert raw == 40  # none gathered, none sent twice
    records = office.records()
    assert {record.outcome for record in records} == {"delivered"}
    assert Counter(record.endpoint for record in records) == {"room": 20, "hook": 20}
    written = (office.folder / "log").read_text("utf-8") + str(records)
    written += "".join(str(each.json) for each in server.requests)
    assert server.paths("/room")[0].path == f"/room?key={KEY}"
    assert KEY not in written
    assert HOOK not in written
    # Read from the beginning by another group: everything is known already.
    office.group += ".again"
    office.send(fresh("last"))
    office.start()
    until(lambda: of_hook(server)["last"] == 1, "the new one")
    office.stop()
    assert len(server.requests) == raw + 2


def test_killed_between_send_and_record_a_webhook_gets_the_same_key_and_a_room_a_mark(
    office: Office, server: HttpEndpoint
) -> None:
    server.answer = server.hang
    office.send(fresh("C1"))
    office.start()
    until(lambda: len(server.requests) == 2, "both requests have left")
    office.kill()
    server.answer = lambda _: OK
    server.released.set()
    office.start()
    until(lambda: len(server.requests) == 4, "both are sent again")
    office.stop()
    hooks, rooms = server.paths("/hook"), texts(server)
    assert len({each.headers["idempotency-key"] for each in hooks}) == 1
    assert len(hooks) == 2
    assert [("重发" in text, "C1" in text) for text in rooms] == [(False, True), (True, True)]
    assert {(record.endpoint, record.outcome, record.repeated) for record in office.records()} == {
        ("room", "delivered", True), ("hook", "delivered", False)
    }  # fmt: skip


def test_killed_again_and_again_nothing_is_lost_and_levels_keep_their_order(
    office: Office, server: HttpEndpoint
) -> None:
    server.answer = slow
    chance = random.Random(7)
    names = [f"case-{number:03d}." for number in range(40)]
    kills = 5
    for number, name in enumerate(names):
        office.send(fresh(name, "yellow"), fresh(name, "red"))
        if number % (len(names) // kills) == 0:
            office.start()
            before = len(server.requests)
            until(lambda at=before: len(server.requests) > at, "it sends")
            threading.Event().wait(chance.random() * 0.3)
            office.kill()
    office.start()
    expected = Counter({name: 2 for name in names})
    until(lambda: of_hook(server) == expected, "each level of each case at the webhook, once")
    until(lambda: len(known(server, names)) == 2 * len(names), "all at the room")
    office.stop()
    rooms = texts(server)
    # One county is one recipient, whose messages leave one by one: one in doubt for each kill.
    assert sum("重发" in text for text in rooms) <= kills
    for name in names:
        firsts = [text for text in rooms if name in text and "重发" not in text]
        order = [level for text in firsts for level in ("黄牌预警", "红牌") if level in text]
        assert order == sorted(order, reverse=True), "the yellow card comes before the red one"


def slow(_: Received) -> Answer:
    threading.Event().wait(0.02)
    return OK


def known(server: HttpEndpoint, names: list[str]) -> set[tuple[str, str]]:
    found = set()
    for text in texts(server):
        for line in text.splitlines():
            for name in names:
                if name in line:
                    found |= {(name, level) for level in ("黄牌预警", "红牌") if level in text}
    return found


def test_one_endpoint_that_hangs_does_not_delay_the_other(
    office: Office, server: HttpEndpoint
) -> None:
    server.answer = lambda request: server.hang(request) if request.path.startswith("/room") else OK
    office.routing(timeout_s=60)
    office.start()
    for number in range(10):
        office.send(fresh(f"C{number}"))
    until(lambda: len(server.paths("/room")) == 1, "the one that the room keeps waiting")
    until(lambda: of_hook(server).total() == 10, "all at the webhook")
    assert len(server.paths("/room")) == 1
    assert not server.released.is_set()


POST = """
allowed_hosts: [127.0.0.1]
endpoints: {{post: {{kind: mail, url: "smtp://127.0.0.1:{port}", sender: a@office.example,
                     timeout_s: 60}}}}
groups:
  desks: {{name: {{zh: 值班, en: Desk}}, per: [county],
          reached_by: [{{endpoint: post, address: desk@office.example}}]}}
"""


def test_a_mail_server_that_never_speaks_does_not_stop_the_notifier(
    office: Office, server: HttpEndpoint
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        office.routing(groups="office, desks", reached_by="hook")
        folder_of(office.folder / "routing", post=POST.format(port=silent.getsockname()[1]))
        for number, county in enumerate(sorted(shipped_routing().regions.counties)[:10]):
            office.send(fresh(f"C{number}", county=county))
        office.start()
        until(lambda: of_hook(server).total() == 10, "all at the webhook")
        # As many mails as go at once are under way now, each in a thread that waits.
        office.send(fresh("after"))
        until(lambda: of_hook(server)["after"] == 1, "what came while they wait")
        office.kill()


def test_429_waits_as_long_as_it_is_asked_and_500_is_tried_again(
    office: Office, server: HttpEndpoint
) -> None:
    answers = [(429, {"retry-after": "2"}, b""), (500, {}, b""), OK]
    server.answer = lambda _: answers[min(len(server.requests), 3) - 1]
    office.routing(reached_by="hook")
    office.send(fresh("C1"))
    office.start()
    until(lambda: len(server.requests) == 3, "three requests")
    office.stop()
    first, second, _ = server.requests
    assert second.at_s - first.at_s >= 2.0
    assert len({each.headers["idempotency-key"] for each in server.requests}) == 1
    assert [(record.outcome, record.why, record.attempt) for record in office.records()] == [
        ("retry", "rate-limited", 1), ("retry", "server-error", 2), ("delivered", "ok", 3)
    ]  # fmt: skip


def test_an_answer_after_the_time_out_is_the_same_message_again(
    office: Office, server: HttpEndpoint
) -> None:
    def late(_: Received) -> Answer:
        if len(server.requests) <= 2:
            server.released.wait(9)
        return OK

    server.answer = late
    office.routing(timeout_s=3)
    office.send(fresh("C1"))
    office.start()
    until(lambda: len(server.requests) >= 4, "each is sent again")
    office.stop()
    assert of_hook(server) == {"C1": 1}
    assert ["重发" in text for text in texts(server)] == [False, True]


def test_a_record_that_cannot_be_read_is_set_aside_and_its_neighbours_go_on(
    office: Office, server: HttpEndpoint
) -> None:
    office.send(fresh("C1"))
    office.send(raw=b"{not json")
    office.send(raw=b'{"escalation_id": 1}')
    office.send(fresh("C2"))
    office.start()
    until(lambda: of_hook(server).total() == 2, "both neighbours")
    office.stop()
    letters = list(read_topic(office.bootstrap, office.topics["dead_letters"]))
    assert letters == [b"{not json", b'{"escalation_id": 1}']


def kinds(server: HttpEndpoint) -> list[str]:
    return [each.json["kind"] for each in server.paths("/hook")]


def test_a_probe_that_does_not_come_back_is_an_alarm_and_the_heartbeat_stays_away(
    office: Office, server: HttpEndpoint
) -> None:
    office.routing(watchdog="watchdog: hook\n  alarm: operators")
    office.start()
    until(lambda: kinds(server) == ["alarm"], "the alarm, once")
    assert "分区 0 的端到端探测没有返回" in server.paths("/hook")[0].json["title"]

    def probes() -> list[bytes]:
        return list(read_topic(office.bootstrap, office.topics["case_events"]))

    until(lambda: len(probes()) >= 3, "probes")
    assert all(sent_at_ms(bulk_load.decode(each).load) for each in probes())

    def comes_back(kind: str, count: int) -> bool:
        office.answer()
        return kinds(server).count(kind) >= count

    until(lambda: comes_back("heartbeat", 2), "heartbeats")
    until(lambda: comes_back("alarm", 2), "the end of the alarm")
    over = [each.json for each in server.paths("/hook") if each.json["kind"] == "alarm"][1]
    assert "告警解除" in over["title"]
    office.stop()


async def test_the_states_of_cases_say_which_clocks_ended(office: Office, tmp_path: Path) -> None:
    producer = Producer({"bootstrap.servers": office.bootstrap})
    now_ms = time.time_ns() // 1_000_000
    fired = [Fired("overall", "s1", level, 1, True, 1, 1, 10) for level in ("red", "supervise")]
    overall = Cycle("overall", "s1", 1, 0, "2021-11", 10, due_at=1)
    ended = msgspec.structs.replace(overall, status=MISSED, stopped_at=now_ms)
    done = CaseState("done", ended=[ended], fired=fired)
    for state in (done, CaseState("late", live=[overall], fired=fired)):
        producer.produce(office.topics["case_states"], encode(state))
    producer.produce(office.topics["case_states"], b"\xc1 unreadable")
    producer.produce(office.topics["case_states"], None, b"forgotten")
    assert producer.flush(30) == 0
    outbox = Outbox(tmp_path / "outbox.sqlite")
    watch = CaseWatch(office.bootstrap, office.group, office.topics["case_states"], {"supervise"})
    read, deadline = 0, time.monotonic() + DEADLINE_S
    while read < 3 and time.monotonic() < deadline:
        read += await watch.look(outbox, now_ms)
    assert [row[0] for row in outbox.rows.execute("SELECT * FROM finished")] == [
        f"cycle:{escalation_id('done', 'overall', 's1', 'supervise')}"
    ]
    await watch.close()
    outbox.close()
