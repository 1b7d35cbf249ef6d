"""A channel of live numbers, with a warehouse of the test's own instead of ClickHouse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi.sse import ServerSentEvent

from dashboards.live import Channel
from dashboards.names import all_names
from dashboards.scope import Scope
from schemas.errors import Unavailable


class Answers:
    """Stands in for ``Questions``: answers what the test wrote down."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.is_down = False

    async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.is_down:
            raise Unavailable("ClickHouse at nowhere does not answer")
        if name == "freshness":
            return [{"written_at": None, "written_age_s": None}]
        return self.rows.get(name, [])


def whole(**counts: int) -> dict[str, Any]:
    """The row of the question of counts that is about all of the scope."""
    return {"dimension": "numbers", "code": "", **counts}


@asynccontextmanager
async def running(answers: Answers) -> AsyncIterator[Channel]:
    channel = Channel(answers, Scope(), lambda: 0, all_names(), 0.001)  # type: ignore[arg-type]
    poller = asyncio.create_task(channel.run())
    try:
        yield channel
    finally:
        poller.cancel()
        channel.close()


async def until(stream: AsyncIterator[ServerSentEvent], name: str, **wanted: Any) -> Any:
    async with asyncio.timeout(10):
        async for event in stream:
            body = event.data
            if event.event == name and all(body.get(key) == wanted[key] for key in wanted):
                return event
    raise AssertionError(f"the stream ended without {name}")


async def test_a_row_that_left_is_named_as_removed() -> None:
    answers = Answers()
    answers.rows["supervised"] = [{"case_id": "C-1"}, {"case_id": "C-2"}]
    async with running(answers) as channel:
        stream = channel.follow(None)
        await until(stream, "panel", panel="escalations")
        answers.rows["escalations"] = [{"escalation_id": "x"}]
        change = await until(stream, "change", panel="escalations")
        assert (change.data["upsert"], change.data["removed"]) == ([{"escalation_id": "x"}], [])
        answers.rows["escalations"] = []
        change = await until(stream, "change", panel="escalations")
        assert (change.data["upsert"], change.data["removed"]) == ([], ["x"])


async def test_unchanged_rows_are_not_sent_again() -> None:
    answers = Answers()
    answers.rows["counts"] = [whole(open=1)]
    async with running(answers) as channel:
        stream = channel.follow(None)
        for _ in range(5):
            tick = await until(stream, "tick")
            assert tick.id is None
        answers.rows["counts"] = [whole(open=2)]
        change = await until(stream, "change")
        assert change.data["panel"] == "numbers"


async def test_who_was_away_too_long_gets_a_snapshot() -> None:
    answers = Answers()
    async with running(answers) as channel:
        first = await until(channel.follow(None), "panel", panel="numbers")
        stream = channel.follow(None)
        for number in range(1, 301):
            answers.rows["counts"] = [whole(open=number)]
            change = await until(stream, "change", panel="numbers")
        assert change.id
        name = change.id.split(".")[0]
        again = channel.follow(f"{name}.1")
        assert (await until(again, "ready")).id
        assert first.data["panel"] == "numbers"


async def test_a_fault_is_told_once_and_ends_with_recovery() -> None:
    answers = Answers()
    async with running(answers) as channel:
        stream = channel.follow(None)
        await until(stream, "tick")
        answers.is_down = True
        fault = await until(stream, "fault")
        assert fault.data["remedy"]["en"]
        answers.is_down = False
        await until(stream, "recovered")
        await until(stream, "tick")


async def test_a_page_opened_during_an_outage_hears_of_it_at_once() -> None:
    answers = Answers()
    answers.is_down = True
    async with running(answers) as channel:
        await until(channel.follow(None), "fault")
        assert (await until(channel.follow(None), "fault")).data["status"] == 503


async def test_a_closed_channel_ends_its_streams() -> None:
    async with running(Answers()) as channel:
        stream = channel.follow(None)
        await until(stream, "tick")
        channel.close()
        async with asyncio.timeout(10):
            assert [event.event async for event in stream] in ([], ["tick"])
