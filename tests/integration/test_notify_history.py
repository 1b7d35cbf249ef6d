"""What people did, what was sent, and supervisions: from Kafka's records to the warehouse."""

from __future__ import annotations

import io
import itertools
import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from rich.console import Console

import schemas.topics
from jushou.cli.case_actions import from_kafka, from_warehouse, show_actions
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from schemas import case_state
from schemas.action import Action, ActionType, Channel, Side, encode_action
from schemas.case_state import MET, MISSED, CaseState, Cycle
from schemas.catalogue.load import load_catalogue
from schemas.delivery import Delivery, delivery_id
from schemas.escalation import Cause, Escalation
from schemas.instants import DAY_MS, from_datetime, render_instant
from schemas.topics import ACTIONS, CASE_STATES, DELIVERIES, ESCALATIONS
from sinks.batch import Batch
from sinks.clickhouse.blocks import Blocks
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from sinks.clickhouse.writer import Writer
from sinks.notify.supervision import supervisions
from sinks.record import Record
from tests.notify_builders import escalation, ms, revised

NOON = "2026-03-02 12:00"
offsets = itertools.count()


class Stored:
    """A warehouse that is written as the sink writes it."""

    def __init__(self, server: Server) -> None:
        self._writer = Writer(server)
        self._blocks = Blocks(load_catalogue().versions)
        self._server = server

    def write(self, topic: str, *values: bytes) -> dict[str, int]:
        """Write records; return how many had no row, by reason."""
        batch = Batch(topic, 0, 0.0)
        batch.extend([Record(next(offsets), 1, value) for value in values])
        block = self._blocks.block([batch])
        self._writer.insert(block)
        return dict(block.skipped)

    def close(self) -> None:
        self._writer.close()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self._server.client() as client:
            rows, columns = client.execute(sql, with_column_types=True)
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def migrated(clickhouse_server: ClickHouseServer) -> Iterator[Server]:
    server = Server(clickhouse_server.host, clickhouse_server.port, f"test_{uuid.uuid4().hex[:12]}")
    migrate(server)
    yield server
    with Client(server.host, server.port) as client:
        client.execute(f"DROP DATABASE {server.database} SYNC")


@pytest.fixture
def stored(migrated: Server) -> Iterator[Stored]:
    with migrated.client() as client:
        for table in ("actions", "deliveries", "escalations", "cases"):
            client.execute(f"TRUNCATE TABLE {table}")
    made = Stored(migrated)
    yield made
    made.close()


def action(
    kind: ActionType, on: Escalation, at: str = NOON, side: Side = Side.COUNTY, **more: Any
) -> Action:
    fields: dict[str, Any] = {
        "action_id": str(uuid.uuid4()), "type": kind, "case_id": on.case_id, "level": on.level,
        "escalation_id": on.escalation_id, "at": render_instant(ms(at)), "by": "water-desk",
        "side": side, "channel": Channel.PAGE,
    }  # fmt: skip
    return Action(**(fields | more))


def test_an_action_is_one_row_with_who_when_and_what_however_often_it_comes(
    stored: Stored,
) -> None:
    red = escalation("C1")
    done = action(
        ActionType.HANDED_OVER, red, to="county-duty", note="pump is being replaced",
        expires_at="2026-03-03T00:00:00+08:00",
    )  # fmt: skip
    stored.write(ACTIONS.name, encode_action(done), encode_action(done))
    stored.write(ACTIONS.name, encode_action(done))
    (row,) = stored.rows("SELECT * FROM actions FINAL")
    assert (row["by"], row["type"], row["side"], row["channel"]) == (
        "water-desk", "handed-over", "county", "page"
    )  # fmt: skip
    assert (row["case_id"], str(row["escalation_id"])) == ("C1", red.escalation_id)
    assert (row["note"], row["handed_to"]) == ("pump is being replaced", "county-duty")
    assert from_datetime(row["at"]) == ms(NOON)


def test_explain_tells_who_did_what_and_when_whatever_it_is_read_from(
    stored: Stored, migrated: Server, kafka_broker: KafkaBroker,
    topic_name: Callable[..., str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = escalation("C1", "supervise")
    done = [
        action(ActionType.ANSWERED, asked, "2026-03-14 10:00", note="管道已铺设 [3 日内]"),
        action(ActionType.HANDED_OVER, asked, "2026-03-13 10:00", to="county-duty"),
        action(ActionType.NOTED, escalation("C2"), note="of another case"),
    ]
    raws = [encode_action(each) for each in done]
    stored.write(ACTIONS.name, *raws)
    name = topic_name("actions")
    monkeypatch.setattr(schemas.topics, "ACTIONS", replace(ACTIONS, name=name))
    admin = AdminClient({"bootstrap.servers": kafka_broker.bootstrap})
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(30)
    producer = Producer({"bootstrap.servers": kafka_broker.bootstrap})
    for each, raw in zip(done * 2, raws * 2, strict=True):
        producer.produce(name, raw, each.case_id.encode())
    assert producer.flush(30) == 0
    told = [from_kafka(kafka_broker.bootstrap, "C1"), from_warehouse(migrated, "C1")]
    assert told == [[done[1], done[0]]] * 2
    paper = Console(file=io.StringIO(), width=110)
    show_actions(told[0], paper, "zh")
    lines = paper.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[1:] == [
        "处理记录",
        "  2026-03-13 10:00:00  water-desk  转交 → county-duty  (省级督办, 页面)",
        "  2026-03-14 10:00:00  water-desk  反馈  (省级督办, 页面)  “管道已铺设 [3 日内]”",
    ]


def test_what_is_no_action_or_is_personal_is_counted_and_stops_nothing(stored: Stored) -> None:
    good = action(ActionType.NOTED, escalation("C1"))
    personal = msgspec.json.encode(msgspec.structs.replace(good, note="call 13812345678"))
    elsewhere = encode_action(msgspec.structs.replace(good, escalation_id="not-an-id"))
    skipped = stored.write(ACTIONS.name, b"{", personal, elsewhere, encode_action(good))
    assert sum(skipped.values()) == 3
    assert [row["case_id"] for row in stored.rows("SELECT case_id FROM actions")] == ["C1"]


def test_each_attempt_at_a_delivery_is_one_row(stored: Stored) -> None:
    red = escalation("C1")
    key = (red.escalation_id, 1, "county-duty@room", "notice", 1)
    sent = Delivery(
        delivery_id=delivery_id(*key), escalation_id=red.escalation_id, revision=1, case_id="C1",
        level="red", recipient="county-duty@room", endpoint="room", purpose="notice",
        message_id="m1", attempt=1, outcome="failed", why="wrong-key", code=-93000,
        at=render_instant(ms(NOON)),
    )  # fmt: skip
    raw = msgspec.json.encode(sent)
    stored.write(DELIVERIES.name, raw, raw)
    (row,) = stored.rows("SELECT * FROM deliveries FINAL")
    assert (row["recipient"], row["outcome"], row["why"], row["code"]) == (
        "county-duty@room", "failed", "wrong-key", -93000
    )  # fmt: skip


def history(chance: random.Random) -> Iterator[Escalation | Action | CaseState]:
    """Supervisions of some cases, each with its own course."""
    for number in range(25):
        case = f"C{number:02d}"
        asked = escalation(case, "supervise", at="2026-03-13 00:00")
        again = escalation(case, "supervise-again", at="2026-03-20 00:00")
        yield asked
        course: list[Escalation | Action | CaseState] = [
            again,
            escalation(case, "red", at="2026-03-04 10:00"),
            escalation(case, "red", at="2026-03-05 00:00", clock="verify"),
            escalation(case, "yellow", at="2026-03-03 10:00"),
            action(ActionType.ANSWERED, asked, "2026-03-14 10:00"),
            action(ActionType.ANSWERED, again, "2026-03-21 10:00"),
            action(ActionType.REPEATED, asked, "2026-03-22 10:00", Side.PROVINCE),
            action(ActionType.CLOSED, asked, "2026-03-23 10:00", Side.PROVINCE),
            action(ActionType.CLOSED, asked, "2026-03-15 10:00", Side.COUNTY),
            action(ActionType.ACKNOWLEDGED, asked, "2026-03-15 10:00", Side.PROVINCE),
            CaseState(
                case,
                item="water.drinking",
                ended=[
                    Cycle(
                        "overall",
                        "s1",
                        1,
                        ms("2026-03-03 10:00"),
                        "2021-11",
                        10,
                        due_at=ms("2026-03-13 00:00"),
                        status=MISSED,
                        stopped_at=ms("2026-03-24 10:00"),
                    ),
                    Cycle(
                        "accept",
                        "s1",
                        1,
                        ms("2026-03-03 10:00"),
                        "2021-11",
                        24,
                        status=MET,
                        due_at=ms("2026-03-04 10:00"),
                        stopped_at=ms("2026-03-04 09:00"),
                    ),
                ],
            ),
            revised(asked, Cause.MISTAKEN),
        ]
        yield from chance.sample(course, chance.randrange(len(course)))


def instants(row: dict[str, Any], name: str) -> Any:
    value = row[name]
    if isinstance(value, list):
        return tuple(from_datetime(each) for each in value)
    return from_datetime(value) if isinstance(value, datetime) else value


def test_the_view_of_supervisions_says_what_the_fold_says(stored: Stored) -> None:
    records = list(history(random.Random(11)))

    def of(kind: type) -> Iterable[Any]:
        return [each for each in records if isinstance(each, kind)]

    stored.write(ESCALATIONS.name, *(msgspec.json.encode(each) for each in of(Escalation)))
    stored.write(ACTIONS.name, *(encode_action(each) for each in of(Action)))
    stored.write(CASE_STATES.name, *(case_state.encode(each) for each in of(CaseState)))
    ends = {
        (each.case_id, cycle.clock, cycle.start_event_id): cycle.stopped_at
        for each in of(CaseState)
        for cycle in each.ended
    }
    expected = {
        each.escalation.case_id: (
            each.state.value, each.ground.value, each.asked_ms, each.repeated_ms,
            each.answered_ms, each.closed_ms, each.resolved_ms,
            tuple(dict.fromkeys(late.clock for late in each.late)),
        )
        for each in supervisions(of(Escalation), of(Action), ms("2026-04-01 00:00") + DAY_MS, ends)
    }  # fmt: skip
    found = {
        row["case_id"]: (
            row["state"], row["ground"], instants(row, "asked_at"), instants(row, "repeated_at"),
            instants(row, "answered_at"), instants(row, "closed_at"),
            instants(row, "resolved_at"), tuple(row["late_clocks"]),
        )
        for row in stored.rows("SELECT * FROM supervisions")
    }  # fmt: skip
    assert {one[0] for one in expected.values()} == {"asked", "answered", "resolved", "closed"}
    assert {one[1] for one in expected.values()} == {"stage-late", "within-limits"}
    assert found == expected
