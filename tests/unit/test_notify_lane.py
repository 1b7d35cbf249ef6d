"""One endpoint's lane: its limit a minute, its pauses, and faults of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from schemas.routing.load import load_routing
from sinks.notify.dispatch import Lane
from sinks.notify.document import Document, Letter, Links
from sinks.notify.gathering import pack
from sinks.notify.outcome import DELIVERED, Outcome, Verdict, Why
from tests.notify_builders import FIXTURES, escalation, ms
from tests.notify_desk import Desk

COUNTIES = ("530113", "532901", "530102", "530103", "530111")


class Recording:
    """A sender that keeps what it is given; ``answers`` are taken in turn, then delivered."""

    def __init__(self, *answers: Outcome | Exception) -> None:
        self.answers = list(answers)
        self.letters: list[Letter] = []
        self.closed = False

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        self.letters.append(letter)
        answer = self.answers.pop(0) if self.answers else DELIVERED
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True


class Clock:
    def __init__(self) -> None:
        self.now_ms = ms("2026-03-02 10:00")

    def __call__(self) -> int:
        return self.now_ms


@asynccontextmanager
async def lane(
    desk: Desk, sender: Recording, clock: Clock, a_minute: int = 0
) -> AsyncIterator[Lane]:
    endpoint = replace(desk.routing.endpoints["room"], at_most_per_minute=a_minute)
    links = Links("https://page.example")
    made = Lane(endpoint, sender, desk.outbox, desk.routing, links, {}, clock)
    stop = asyncio.Event()
    running = asyncio.create_task(made.run(stop))
    try:
        yield made
    finally:
        stop.set()
        made.woken.set()
        await running
        desk.outbox.close()
    assert sender.closed


async def until_idle(made: Lane) -> None:
    """Let it look often enough to send whatever it may send now."""
    for _ in range(50):
        made.woken.set()
        await asyncio.sleep(0)


def five(tmp_path: Path) -> Desk:
    """A desk with a message for each of five counties."""
    desk = Desk(tmp_path, load_routing(FIXTURES / "rooms"))
    for county in COUNTIES:
        desk.push(escalation(f"C{county}", county=county), at="2026-03-02 10:00")
    assert pack(desk.outbox, desk.routing, ms("2026-03-02 10:00")) == 5
    return desk


async def test_a_robot_gets_no_more_a_minute_than_it_takes(tmp_path: Path) -> None:
    sender, clock = Recording(), Clock()
    async with lane(five(tmp_path), sender, clock, a_minute=2) as made:
        for sent_so_far in (2, 4, 5):
            await until_idle(made)
            assert len(sender.letters) == sent_so_far
            clock.now_ms += 60_000


async def test_while_an_endpoint_fails_one_request_asks_whether_it_is_back(
    tmp_path: Path,
) -> None:
    down = Outcome(Verdict.RETRY, Why.NO_CONNECTION, whole_endpoint=True)
    sender, clock = Recording(*[down] * 6), Clock()
    async with lane(five(tmp_path), sender, clock) as made:
        await until_idle(made)
        assert len(sender.letters) == 5  # under way at once, before any had failed
        clock.now_ms += 999
        await until_idle(made)
        assert len(sender.letters) == 5
        clock.now_ms += 1  # they failed together: that is once, and a second
        await until_idle(made)
        assert len(sender.letters) == 6
        clock.now_ms += 2_000
        await until_idle(made)
        assert len(sender.letters) == 11


async def test_a_wait_that_was_asked_for_is_not_ended_by_what_left_before(tmp_path: Path) -> None:
    asked = Outcome(Verdict.RETRY, Why.RATE_LIMITED, 429, retry_after_s=60.0, whole_endpoint=True)
    sender, clock = Recording(asked), Clock()
    desk = five(tmp_path)
    async with lane(desk, sender, clock) as made:
        await until_idle(made)
        assert len(sender.letters) == 5  # four of them were taken
        desk.push(escalation("C6", county="530114"), at="2026-03-02 10:00")
        assert pack(desk.outbox, desk.routing, clock.now_ms) == 1
        clock.now_ms += 59_000
        await until_idle(made)
        assert len(sender.letters) == 5
        clock.now_ms += 1_000
        await until_idle(made)
        assert len(sender.letters) == 7


async def test_a_fault_of_our_own_in_one_message_stops_no_other(tmp_path: Path) -> None:
    sender, clock = Recording(RuntimeError("https://robot.example?key=secret")), Clock()
    desk = five(tmp_path)
    async with lane(desk, sender, clock) as made:
        await until_idle(made)
        assert len(sender.letters) == 5
        outcomes = sorted((record.outcome, record.why) for record in desk.records())
    assert outcomes == [("delivered", "ok")] * 4 + [("in-doubt", "broken")]


async def test_what_cannot_be_delivered_is_an_alarm_once_an_hour(tmp_path: Path) -> None:
    refused = Outcome(Verdict.FAILED, Why.WRONG_KEY)
    sender, clock = Recording(*[refused] * 5), Clock()
    desk = five(tmp_path)
    async with lane(desk, sender, clock) as made:
        await until_idle(made)
        assert len(sender.letters) == 5
        said = desk.outbox.rows.execute(
            "SELECT kind, recipient, text FROM message JOIN announcement USING (message_id)"
        ).fetchall()
    assert [(row["kind"], row["recipient"]) for row in said] == [("alarm", "last-resort@console")]
    assert "渠道 room 有提醒未能送达（wrong-key）" in said[0]["text"]
