"""The batch transport without a broker: what a batch says of itself, settings, independence."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from faust.exceptions import ImproperlyConfigured
from faust.types import TP

import streams.transport
from streams.transport import BatchApp, RecordBatch, batch_app, batch_topic
from streams.transport.consumer_thread import least_answer

PACKAGE = Path(streams.transport.__file__).parent
EVENTS = TP("events", 0)


def record(offset: int, value: bytes | None = b"{}") -> ConsumerRecord[bytes | None, bytes | None]:
    return ConsumerRecord("events", 0, offset, 1_700_000_000_000, 0, b"key", value, None, 3, 2, ())


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[BatchApp]:
    made = batch_app("group", bootstrap="127.0.0.1:1, 127.0.0.1:2", datadir=tmp_path)
    batch_topic(made, EVENTS.topic)
    yield made
    made.consumer._thread.thread_loop.close()  # type: ignore[attr-defined]


def test_a_batch_over_gaps_names_its_ends_and_where_reading_goes_on() -> None:
    batch = RecordBatch("events", 0, [record(3), record(7, None)], next_offset=9)
    assert (batch.first_offset, batch.last_offset, batch.next_offset) == (3, 7, 9)
    assert [found.value for found in batch] == [b"{}", None]
    assert len(batch) == 2


def test_a_batch_without_records_still_has_a_place() -> None:
    batch = RecordBatch("events", 0, [], next_offset=9)
    assert (batch.first_offset, batch.last_offset, len(batch)) == (9, 8, 0)


def test_a_batch_shows_its_place_and_never_its_records() -> None:
    shown = repr(RecordBatch("events", 0, [record(3, b"private")], next_offset=4))
    assert shown == "<RecordBatch events[0] 3..3, 1 records, next 4>"


async def test_the_offset_after_the_newest_completed_batch_is_committed_over_any_gap(
    app: BatchApp,
) -> None:
    consumer: Any = app.consumer
    consumer._acked[EVENTS] = [99, 499, 507]
    assert consumer._new_offset(EVENTS) == 508
    assert consumer._new_offset(EVENTS) is None


async def test_a_plain_topic_keeps_the_commits_of_faust(app: BatchApp) -> None:
    consumer: Any = app.consumer
    plain = TP("plain", 0)
    consumer._acked[plain] = [0, 1, 2, 5]
    assert consumer._new_offset(plain) == 3


async def test_flow_is_resumed_for_batches_only_after_the_restore(app: BatchApp) -> None:
    consumer: Any = app.consumer
    asked: list[frozenset[TP]] = []

    async def fetch(active: frozenset[TP], timeout: float) -> dict[TP, Any]:
        asked.append(active)
        return {}

    consumer._thread.getmany = fetch
    both = {EVENTS, TP("plain", 0)}
    consumer.resume_flow()  # as Faust does to restore its tables
    await consumer._getmany(both, 1.0)
    consumer.restored = True
    consumer.resume_flow()
    await consumer._getmany(both, 1.0)
    assert asked == [{TP("plain", 0)}, both]


async def test_an_agent_that_caught_up_does_not_resume_a_partition_that_is_being_moved(
    app: BatchApp,
) -> None:
    consumer: Any = app.consumer
    consumer._buffered_partitions.add(EVENTS)
    consumer.pause_partitions([EVENTS])
    consumer.on_buffer_drop(EVENTS)
    assert EVENTS not in consumer._get_active_partitions()


async def test_an_agent_with_concurrency_is_refused(app: BatchApp) -> None:
    topic = batch_topic(app, EVENTS.topic)
    with pytest.raises(ImproperlyConfigured, match="concurrency=1"):
        app.stream(topic, concurrency_index=1)


async def test_a_fetch_that_ended_in_another_assignment_is_put_back(app: BatchApp) -> None:
    thread: Any = app.consumer._thread  # type: ignore[attr-defined]
    sought: dict[TP, int] = {}

    class Client:
        def assignment(self) -> set[TP]:
            return {EVENTS}

        def seek(self, tp: TP, offset: int) -> None:
            sought[tp] = offset

    thread._put_back(Client(), {EVENTS: [record(5), record(6)], TP("events", 1): [record(8)]})
    assert sought == {EVENTS: 5}


async def test_settings_name_every_broker_and_others_win(tmp_path: Path) -> None:
    app = batch_app(
        "group", bootstrap="a:1,b:2", datadir=tmp_path, instance_id="w1", web_enabled=True
    )
    assert [str(url) for url in app.conf.broker] == ["kafkabatch://a:1", "kafkabatch://b:2"]
    assert app.conf.consumer_group_instance_id == "w1"
    assert app.conf.web_enabled
    assert app.conf.broker_session_timeout <= app.conf.broker_request_timeout


def test_it_imports_nothing_of_the_project_that_it_lives_in() -> None:
    allowed = {"aiokafka", "faust", "mode", *sys.stdlib_module_names}
    for module in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{module.name} reaches outside of its package"
                names = [node.module or ""] if node.level == 0 else []
            roots = {name.split(".")[0] for name in names}
            assert roots <= allowed, f"{module.name} imports {roots - allowed}"


def test_it_knows_no_word_of_the_trade() -> None:
    trade = re.compile(r"\b(case|cases|jushou|escalations?|deadlines?|county|ladder)\b", re.I)
    for module in PACKAGE.glob("*.py"):
        assert trade.search(module.read_text(encoding="utf-8")) is None, module.name


@pytest.mark.parametrize(
    ("records", "within_s", "is_held_back"),
    [
        (1, 0.0001, False),  # alone, however soon after the last
        (19, 0.001, False),
        (20, 0.005, True),
        (20, 0.02, False),  # a thousand a second
        (299, 0.1, False),
        (300, 0.1, True),  # stays so while answers are held back
        (5_000, 0.05, True),
        (0, 0.2, False),
    ],
)
def test_an_answer_is_held_back_only_while_records_come_in_quick_succession(
    records: int, within_s: float, is_held_back: bool
) -> None:
    assert (least_answer(records, within_s) > 1) is is_held_back
