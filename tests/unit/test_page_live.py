"""A channel of live numbers, with a warehouse of the test's own instead of ClickHouse."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from time import perf_counter
from typing import Any, NamedTuple

import pytest
from fastapi.sse import ServerSentEvent

from dashboards.board import Board, Counts
from dashboards.hub import MAX_CHANNELS, MAX_STREAMS_OF_ONE, Hub, View
from dashboards.live import Channel
from dashboards.metrics import Metrics
from dashboards.names import all_names
from dashboards.panels import COUNTS
from dashboards.problems import Refused
from dashboards.queries import InTurn
from dashboards.scope import Scope
from schemas.errors import Unavailable

MARKS = ("counts_mark", "cases_mark", "escalations_mark")


class Answers:
    """Stands in for ``Questions``: answers what the test wrote down."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.is_down = False
        self.marks = itertools.count()
        self.freshness: dict[str, Any] = {}

    async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.is_down:
            raise Unavailable("ClickHouse at nowhere does not answer")
        if name == "freshness":
            # Marks that always differ: every look asks everything again.
            mark = f"{next(self.marks)}"
            return [{"written_at": None, "written_age_s": None, **dict.fromkeys(MARKS, mark)}
                    | self.freshness]  # fmt: skip
        if name == "counts_of_all":
            empty = {"raised_by": "", "item": "", "county": "", "prefecture": ""}
            zeros = dict.fromkeys(COUNTS, 0)
            return [zeros | empty | row for row in self.rows.get("counts", [])]
        return self.rows.get(name, [])


def whole(**counts: int) -> dict[str, Any]:
    """The row of the question of counts that is about all of the scope."""
    return {"dimension": "numbers", "code": "", **counts}


@asynccontextmanager
async def running(answers: Answers) -> AsyncIterator[Channel]:
    board = Board(answers, lambda: 0, 0.001)
    channel = Channel(board, answers, Scope(), all_names())
    poller = asyncio.create_task(channel.run())
    try:
        yield channel
    finally:
        poller.cancel()
        channel.close()
        await board.stop()


class Told(NamedTuple):
    """An event as the browser reads it."""

    id: str | None
    data: Any


async def until(stream: AsyncIterator[ServerSentEvent], name: str, **wanted: Any) -> Told:
    async with asyncio.timeout(10):
        async for event in stream:
            body = json.loads(event.raw_data or "null")
            if event.event == name and all(body.get(key) == wanted[key] for key in wanted):
                return Told(event.id, body)
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


async def test_what_is_remembered_is_bounded_by_rows_too() -> None:
    answers = Answers()
    async with running(answers) as channel:
        stream = channel.follow(None)
        await until(stream, "panel", panel="escalations")
        for number in range(12):
            answers.rows["escalations"] = [
                {"escalation_id": f"{row}", "number": number} for row in range(1000)
            ]
            change = await until(stream, "change", panel="escalations")
        name, _, newest = (change.id or "").partition(".")
        recent = channel.follow(f"{name}.{int(newest) - 2}")
        again = await until(recent, "change", panel="escalations")
        assert int((again.id or "").partition(".")[2]) >= int(newest) - 1
        assert (await until(channel.follow(f"{name}.1"), "ready")).id


def hub_of(answers: Answers) -> tuple[Hub, Callable[[str], View]]:
    board = Board(answers, lambda: 0, 0.001)

    def channel(view: View) -> Channel:
        return Channel(board, answers, view.scope, all_names(), view.panels)

    return Hub(channel, Metrics()), lambda item: View(Scope(item=item), frozenset(("numbers",)))


async def test_a_view_that_nobody_watches_makes_room_for_a_new_one() -> None:
    hub, view = hub_of(Answers())
    for number in range(MAX_CHANNELS):
        stream = hub.follow(view(f"{number}"), None)
        await until(stream, "tick")
        if number:
            await stream.aclose()
    hub.check_room(view("new"), "a")
    await until(hub.follow(view("new"), None), "tick")
    hub.check_room(view("0"), "a")
    await hub.stop()


async def test_one_reader_cannot_take_all_streams() -> None:
    hub, view = hub_of(Answers())
    streams = [hub.follow(view("one"), None, "greedy") for _ in range(MAX_STREAMS_OF_ONE)]
    for stream in streams:
        await until(stream, "tick")
    with pytest.raises(Refused) as refused:
        hub.check_room(view("one"), "greedy")
    assert refused.value.status == 503
    hub.check_room(view("one"), "modest")
    await streams[0].aclose()
    hub.check_room(view("one"), "greedy")
    await hub.stop()


async def test_lists_of_live_views_leave_the_warehouse_to_those_who_wait() -> None:
    class Slow:
        """Takes a while, and notes when it was asked and by how many at once."""

        def __init__(self) -> None:
            self.waiting = 0
            self.most = 0
            self.spans: list[tuple[float, float]] = []

        async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
            began_s = perf_counter()
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await asyncio.sleep(0.01)
            self.waiting -= 1
            self.spans.append((began_s, perf_counter()))
            return []

    slow = Slow()
    turns = InTurn(slow)
    await asyncio.gather(*(turns.ask("escalations", {}) for _ in range(4)))
    assert slow.most == 1
    for (began_s, ended_s), (next_s, _) in pairwise(slow.spans):
        assert next_s - ended_s >= (ended_s - began_s) * 0.9


async def test_numbers_go_out_while_a_list_is_waited_for() -> None:
    class Stuck(Answers):
        async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
            if name == "escalations":
                await asyncio.Event().wait()
            return await super().ask(name, parameters)

    answers = Stuck()
    answers.rows["counts"] = [whole(open=1)]
    async with running(answers) as channel:
        stream = channel.follow(None)
        await until(stream, "tick")
        answers.rows["counts"] = [whole(open=2)]
        change = await until(stream, "change", panel="numbers")
        assert change.data["upsert"][0]["open"] == 2


async def test_a_fault_is_told_at_every_look_so_that_the_line_is_not_taken_for_cut() -> None:
    answers = Answers()
    answers.is_down = True
    async with running(answers) as channel:
        stream = channel.follow(None)
        for _ in range(3):
            assert (await until(stream, "fault")).data["status"] == 503


async def test_events_that_nothing_judges_are_a_fault_with_its_remedy() -> None:
    answers = Answers()
    async with running(answers) as channel:
        stream = channel.follow(None)
        await until(stream, "tick")
        answers.freshness = {"judged_behind_s": 601}
        assert "worker" in (await until(stream, "fault")).data["remedy"]["en"]
        answers.freshness = {"judged_behind_s": None}
        await until(stream, "recovered")


async def test_what_was_not_written_is_not_asked_again() -> None:
    class Counting(Answers):
        def __init__(self) -> None:
            super().__init__()
            self.marks = itertools.repeat(0)  # type: ignore[assignment]
            self.asked: list[str] = []

        async def ask(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
            self.asked.append(name)
            return await super().ask(name, parameters)

    answers = Counting()
    async with running(answers) as channel:
        stream = channel.follow(None)
        for _ in range(20):
            await until(stream, "tick")
    assert answers.asked.count("freshness") >= 10
    assert answers.asked.count("counts_of_all") == 1
    assert answers.asked.count("escalations") == 1


async def test_all_views_share_one_look_and_it_ends_with_them() -> None:
    answers = Answers()
    board = Board(answers, lambda: 0, 0.001)
    first, second = await asyncio.gather(board.next(0), board.next(0))
    assert first is second
    assert (await board.next(first.number)).number == first.number + 1
    await board.stop()


async def test_a_request_is_answered_from_a_look_while_views_are_open() -> None:
    answers = Answers()
    answers.rows["counts"] = [whole(open=1)]
    board = Board(answers, lambda: 7, 0.001)
    assert await board.recent() is None
    await board.next(0)
    look = await board.recent()
    assert look is not None
    assert look.counts is not None
    assert look.counts.within(Scope())[0]["open"] == 1
    answers.is_down = True
    await board.next(look.number + 1)
    with pytest.raises(Unavailable):
        await board.recent()
    await board.stop()
    assert await board.recent() is None


def cell(raised_by: str, item: str, county: str, open_: int) -> dict[str, Any]:
    zeros = dict.fromkeys(COUNTS, 0) | {"open": open_}
    return {"dimension": "cells", "raised_by": raised_by, "item": item, "county": county,
            "prefecture": "", **zeros}  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "open_"),
    [
        (Scope(county="530102"), {"": 3, "self": 1, "proxy": 2, "a": 1, "b": 2}),
        (Scope(prefecture="530400"), {"": 4, "self": 4, "a": 4}),
        (Scope(item="a"), {"": 5, "self": 5, "a": 5}),
        (Scope(raised_by="proxy", county="530102"), {"": 2, "proxy": 2, "b": 2}),
        (Scope(county="530402"), {"": 0}),
    ],
)
def test_a_view_is_summed_from_its_cells(scope: Scope, open_: dict[str, int]) -> None:
    counts = Counts(
        [
            cell("self", "a", "530102", 1),
            cell("proxy", "b", "530102", 2),
            cell("self", "a", "530481", 4),
        ]
    )
    found = {row["code"]: row["open"] for row in counts.within(scope)}
    assert {code: n for code, n in found.items() if not code.startswith("53")} == open_
