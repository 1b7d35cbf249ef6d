"""Actions by command and by signed link, and the commands that read them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import typer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from typer.testing import CliRunner

import schemas.topics
from jushou.cli.ack import ack
from jushou.cli.notify import notify
from jushou.cli.route import route
from jushou.cli.supervise import supervise
from jushou.runtime.kafka_broker import KafkaBroker
from schemas.action import Action, ActionType, Channel, Side, decode_action
from schemas.action_link import Claims, sign
from schemas.action_rules import action_rules
from schemas.case_state import MISSED, CaseState, Cycle, encode
from schemas.escalation import Cause, Escalation
from schemas.instants import HOUR_MS, parse_instant, render_instant
from schemas.routing.load import shipped_routing
from sinks.notify.action_sender import ActionSender
from sinks.notify.dispatch import wall_ms
from sinks.notify.document import Links
from sinks.notify.link_server import link_app
from sinks.notify.outbox import Outbox
from sinks.notify.topic_reader import read_topic
from tests.notify_builders import escalation, folder_of, ms, revised
from tests.notify_desk import Desk

OPENED = escalation("C1", "supervise", at="2026-03-13 00:00")


def run(command: Callable[..., None], *arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(command)
    found = CliRunner().invoke(app, list(arguments))
    return found.exit_code, found.output


class Broker:
    """The topics that the commands name, on the shared broker under names of this test."""

    def __init__(self, bootstrap: str, names: dict[str, str]) -> None:
        self.bootstrap = bootstrap
        self.names = names

    def send(self, *of: Escalation) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap})
        for each in of:
            producer.produce(self.names["ESCALATIONS"], msgspec.json.encode(each))
        assert producer.flush(30) == 0

    def actions(self) -> list[Action]:
        return [decode_action(raw) for raw in read_topic(self.bootstrap, self.names["ACTIONS"])]


@pytest.fixture
def broker(
    kafka_broker: KafkaBroker,
    topic_name: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> Broker:
    names = {name: topic_name(name.lower()) for name in ("ESCALATIONS", "ACTIONS", "CASE_STATES")}
    admin = AdminClient({"bootstrap.servers": kafka_broker.bootstrap})
    for answer in admin.create_topics([NewTopic(n, 1, 1) for n in names.values()]).values():
        answer.result(30)
    for attribute, name in names.items():
        topic: Any = getattr(schemas.topics, attribute)
        monkeypatch.setattr(schemas.topics, attribute, replace(topic, name=name))
    return Broker(kafka_broker.bootstrap, names)


def acknowledge(broker: Broker, *more: str) -> tuple[int, str]:
    return run(ack, OPENED.escalation_id, "--by", "desk", "--bootstrap", broker.bootstrap, *more)


def test_an_action_by_command_is_in_the_history_of_its_case(broker: Broker) -> None:
    broker.send(OPENED)
    code, output = acknowledge(broker, "--side", "county", "--action", "answered",
                               "--note", "pipe is being laid")  # fmt: skip
    assert (code, output) == (0, "answered: C1 supervise\n")
    action = broker.actions()[0]
    assert (action.type, action.case_id, action.by, action.channel) == (
        ActionType.ANSWERED, "C1", "desk", Channel.COMMAND
    )  # fmt: skip
    code, output = run(supervise, "--bootstrap", broker.bootstrap)
    assert code == 0
    assert "C1  昆明市东川区  农村饮水安全" in output
    assert "已反馈" in output


def test_a_note_with_a_telephone_is_refused_and_not_repeated(broker: Broker) -> None:
    broker.send(OPENED)
    code, output = acknowledge(broker, "--note", "call 13812345678", "--action", "noted")
    assert code == 1
    assert "13812345678" not in output
    assert broker.actions() == []


def test_an_escalation_that_does_not_exist_is_said_so(broker: Broker) -> None:
    code, output = acknowledge(broker)
    assert code == 1
    assert "no escalation has the id" in output


def test_route_finds_a_case_in_the_topic(broker: Broker) -> None:
    broker.send(OPENED, escalation("C2"))
    code, output = run(route, "C1", "--bootstrap", broker.bootstrap)
    assert code == 0
    assert "province-duty@console" in output
    assert "C2" not in output
    assert run(route, "C9", "--bootstrap", broker.bootstrap)[0] == 1


def test_a_notice_is_written_for_a_county(broker: Broker, tmp_path: Path) -> None:
    broker.send(OPENED)
    path = tmp_path / "notice.html"
    code, _ = run(
        supervise, "--bootstrap", broker.bootstrap, "--county", "530113", "--notice", str(path),
        "--as-of", "2026-03-16T00:00:00+08:00",
    )  # fmt: skip
    assert code == 0
    assert "督 办 单" in path.read_text("utf-8")


def test_a_case_that_is_done_is_listed_as_such_and_stands_in_no_notice(
    broker: Broker, tmp_path: Path
) -> None:
    broker.send(OPENED, escalation("C2", "supervise", at="2026-03-13 00:00"))
    # As a chronic-care case after its contract: the ten days ended, and the case goes on.
    overall = Cycle("overall", "s1", 1, ms("2026-03-02 10:00"), "2021-11", 10, status=MISSED,
                    due_at=ms("2026-03-13 00:00"), stopped_at=ms("2026-03-15 10:00"))  # fmt: skip
    done = CaseState("C1", ended=[overall])
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    producer.produce(broker.names["CASE_STATES"], encode(done), b"C1")
    assert producer.flush(30) == 0
    at = ("--bootstrap", broker.bootstrap, "--as-of", "2026-03-16T00:00:00+08:00")
    _, every = run(supervise, *at)
    assert "C1" in every
    assert "已办结，待销号 1 件" in every
    path = tmp_path / "notice.html"
    _, to_print = run(supervise, *at, "--county", "530113", "--notice", str(path))
    assert "共 1 件" in to_print
    assert "C2" in path.read_text("utf-8")
    assert "C1" not in path.read_text("utf-8")


def claims(valid_for_ms: int = 60_000, side: Side = Side.PROVINCE) -> Claims:
    until_ms = wall_ms() + valid_for_ms
    by = f"{side.value}-duty"
    return Claims(OPENED.escalation_id, "C1", "supervise", by, side, until_ms)


def reader(broker: Broker, outbox: Outbox | None = None) -> httpx.AsyncClient:
    """A reader's browser at the server of the links."""
    routing = shipped_routing()
    sender = ActionSender(broker.bootstrap, action_rules(routing), broker.names["ACTIONS"])
    app = link_app(sender, routing, Links("http://page.example", "s"), outbox)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://link")


async def test_looking_at_a_link_does_nothing_and_the_button_acknowledges(broker: Broker) -> None:
    client = reader(broker)
    token = sign(claims(), "s")
    looked = await client.get("/acknowledge", params={"token": token})
    assert looked.status_code == 200
    assert token in looked.text
    assert "default-src 'none'" in looked.headers["content-security-policy"]
    assert broker.actions() == []
    assert (await client.post("/acknowledge", data={"token": token})).status_code == 200
    action = broker.actions()[0]
    assert (action.type, action.by, action.side, action.channel) == (
        ActionType.ACKNOWLEDGED, "province-duty", Side.PROVINCE, Channel.LINK
    )  # fmt: skip


async def test_a_link_shows_the_message_as_it_reads_now_and_who_has_acknowledged(
    broker: Broker, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, shipped_routing())
    client = reader(broker, desk.outbox)

    async def page(side: Side = Side.PROVINCE) -> str:
        found = await client.get("/acknowledge", params={"token": sign(claims(side=side), "s")})
        assert found.status_code == 200
        return found.text

    assert "昆明市东川区" not in await page()  # not taken in: the link still works
    noon = "2026-03-13 12:00"
    desk.push(OPENED, at=noon)
    shown = await page(Side.COUNTY)
    for said in ("昆明市东川区 农村饮水安全", "2026年3月12日（周四）24:00", "不作逾期认定",
                 'href="http://page.example/case/C1"', "向省级反馈"):  # fmt: skip
        assert said in shown
    assert "已确认" not in shown
    now = render_instant(wall_ms())[:16].replace("T", " ")
    desk.act(ActionType.ACKNOWLEDGED, OPENED, Side.PROVINCE, now)
    assert "duty 已确认" in await page()
    desk.act(ActionType.ANSWERED, OPENED, Side.COUNTY, now)
    assert "不再提醒" in await page()
    desk.push(revised(OPENED, Cause.MISTAKEN), at=noon)
    assert "已撤回" in await page()
    desk.outbox.close()
    assert "昆明市东川区" not in await page()  # it is being stopped


async def test_the_link_of_a_county_answers_a_supervision_and_cannot_silence_it(
    broker: Broker,
) -> None:
    client = reader(broker)
    token = sign(claims(side=Side.COUNTY), "s")
    page = (await client.get("/acknowledge", params={"token": token})).text
    assert 'value="answered"' in page
    assert 'value="acknowledged"' not in page
    assert 'value="closed"' not in page

    async def post(**form: str) -> int:
        return (await client.post("/acknowledge", data={"token": token, **form})).status_code

    assert await post(type="acknowledged") == 403
    assert await post(type="closed") == 403
    assert await post(type="answered", note="联系人 13812345678") == 422
    assert broker.actions() == []
    assert await post(type="answered", note="管道已铺设，预计 3 日内办结") == 200
    assert await post(type="noted", note="已到现场") == 200
    assert await post(type="handed-over", to="prefecture-duty") == 200
    done = [(action.type, action.by, action.note, action.to) for action in broker.actions()]
    assert done == [
        (ActionType.ANSWERED, "county-duty", "管道已铺设，预计 3 日内办结", None),
        (ActionType.NOTED, "county-duty", "已到现场", None),
        (ActionType.HANDED_OVER, "county-duty", None, "prefecture-duty"),
    ]


async def test_an_acknowledgement_by_link_ends_when_its_reader_says_and_is_taken_back(
    broker: Broker,
) -> None:
    client = reader(broker)
    token = sign(claims(), "s")
    for form in ({"type": "acknowledged", "hours": "4"}, {"type": "unacknowledged"}):
        answer = await client.post("/acknowledge", data={"token": token, **form})
        assert answer.status_code == 200
    first, second = broker.actions()
    assert first.expires_at is not None
    assert parse_instant(first.expires_at) - parse_instant(first.at) == 4 * HOUR_MS
    assert second.type is ActionType.UNACKNOWLEDGED


async def test_a_link_that_is_forged_or_expired_acts_on_nothing(broker: Broker) -> None:
    client = reader(broker)
    for token in (sign(claims(), "other"), sign(claims(-1), "s"), "<script>", ""):
        for answer in (
            await client.get("/acknowledge", params={"token": token}),
            await client.post("/acknowledge", data={"token": token}),
        ):
            assert answer.status_code == 403
            assert "<script>" not in answer.text
    assert broker.actions() == []


def test_the_notifier_checks_its_files_and_secrets_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "allowed_hosts: [h]\nendpoints:\n"
        "  a: {kind: webhook, url: 'https://h/x', secret: '${NOT_SET}'}\n"
    )
    folder = folder_of(tmp_path / "routing", own=text)
    monkeypatch.setenv("JUSHOU_FOLDER", str(tmp_path))
    code, output = run(notify, "--check", "--routing", str(folder))
    assert code == 1
    assert "NOT_SET is not set; a needs it" in output
    assert run(notify, "--check")[0] == 0
