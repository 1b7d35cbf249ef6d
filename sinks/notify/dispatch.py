"""Sends what is due: one loop per endpoint, so that a dead one delays no other.

Between the gathering and the endpoints. A recipient's messages leave one after another in their
order; several recipients of an endpoint are served at once, while it answers.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog

from schemas.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from schemas.routing.model import Endpoint, Routing
from sinks.notify import metrics
from sinks.notify.attempts import Recorded, back_off_s, begin, due, exhaust, finish
from sinks.notify.document import Letter, Links, MessageKind, compose
from sinks.notify.facts import Speaker
from sinks.notify.outbox import Outbox
from sinks.notify.outcome import Outcome, Verdict, Why
from sinks.notify.senders import Sender
from sinks.notify.watchdog import announce

log = structlog.get_logger("notify")
AT_ONCE = 8  # requests of one endpoint under way at a time
_LOOK_EVERY_S = 0.2  # how often waiting messages are looked for without being told of new ones


def wall_ms() -> int:
    """Return the time now in milliseconds."""
    return time.time_ns() // 1_000_000


class Lane:
    """The messages of one endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        sender: Sender,
        outbox: Outbox,
        routing: Routing,
        links: Links,
        addresses: Mapping[tuple[str, str], str],
        now: Callable[[], int] = wall_ms,
    ) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._sender = sender
        self._outbox = outbox
        self._routing = routing
        self._links = links
        self._addresses = addresses
        self._now = now
        self._failures = 0
        self._paused_until_ms = 0
        self._alarmed_ms: int | None = None
        self._left: deque[int] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self.woken = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop``; what is under way then is waited for and recorded."""
        try:
            while not stop.is_set():
                self._start()
                self.woken.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.woken.wait(), _LOOK_EVERY_S)
                self._check_under_way()
        finally:
            if self._under_way:
                await asyncio.gather(*self._under_way)
            await self._sender.close()

    def _check_under_way(self) -> None:
        """Let a fault of ours stop the notifier: a silent lane is worse."""
        for task in [task for task in self._under_way if task.done()]:
            self._under_way.discard(task)
            task.result()

    def _start(self) -> None:
        now_ms = self._now()
        if self._failures:
            for given_up in exhaust(self._outbox, self._endpoint, self._routing, now_ms):
                self._tell(given_up)
        if now_ms < self._paused_until_ms:
            return
        # While it fails one request asks whether it is back.
        room = (1 if self._failures else AT_ONCE) - len(self._under_way)
        room = min(room, self._allowed(now_ms))
        if room <= 0:
            return
        for row in due(self._outbox, self._endpoint.name, now_ms, room):
            self._left.append(now_ms)
            # Noted here and now, so that no second look takes the same message.
            letter = begin(self._outbox, row["message_id"])
            task = asyncio.create_task(self._send(letter, row["recipient"]))
            self._under_way.add(task)
            task.add_done_callback(lambda _: self.woken.set())

    def _allowed(self, now_ms: int) -> int:
        limit = self._endpoint.at_most_per_minute
        while self._left and self._left[0] <= now_ms - MINUTE_MS:
            self._left.popleft()
        return limit - len(self._left) if limit else AT_ONCE

    async def _send(self, letter: Letter, recipient: str) -> None:
        started_ms = self._now()
        if letter.escalations or letter.kind in (MessageKind.HEARTBEAT, MessageKind.ALARM):
            outcome = await self._attempt(letter, recipient, started_ms)
        else:
            outcome = Outcome(Verdict.FAILED, Why.INTERRUPTED)
        now_ms = self._now()
        recorded = finish(
            self._outbox, letter.message_id, outcome, self._endpoint, self._routing, now_ms
        )
        self._tell(recorded)
        self._pace(outcome, now_ms)
        if outcome.verdict is Verdict.DELIVERED:
            metrics.took(self._endpoint.name, letter, now_ms)

    async def _attempt(self, letter: Letter, recipient: str, now_ms: int) -> Outcome:
        owner = recipient.rpartition("@")[0]
        name = owner if owner.startswith("person/") else owner.partition("/")[0]
        address = self._addresses.get((name, self._endpoint.name), "")
        try:
            document = compose(letter, self._routing, self._links, now_ms)
            return await self._sender.send(document, letter, address, now_ms)
        except Exception as fault:  # noqa: BLE001 - one bad message must not stop the others
            # The type alone: the text of a fault may quote a URL with a key.
            log.error("a message could not be sent", endpoint=self._endpoint.name,
                      fault=type(fault).__name__)  # fmt: skip
            return Outcome(Verdict.IN_DOUBT, Why.BROKEN)

    def _pace(self, outcome: Outcome, now_ms: int) -> None:
        """Requests that left together fail together, once; none of them ends a wait for others."""
        is_paused = now_ms < self._paused_until_ms
        if not outcome.whole_endpoint:
            if not is_paused:
                self._failures = 0
            return
        self._failures += not is_paused
        wait_s = max(outcome.retry_after_s or 0.0, back_off_s(self._failures))
        until_ms = now_ms + int(wait_s * SECOND_MS)
        self._paused_until_ms = max(self._paused_until_ms, until_ms)

    def _tell(self, recorded: Recorded) -> None:
        name, outcome = self._endpoint.name, recorded.outcome
        metrics.ATTEMPTS.labels(name, outcome.verdict.value, outcome.why.value).inc()
        if recorded.exhausted:
            metrics.EXHAUSTED.labels(name, outcome.why.value).inc()
            log.error("undelivered", endpoint=name, why=outcome.why.value, code=outcome.code,
                      handed_on=recorded.handed_on)  # fmt: skip
            # Of an alarm or a heartbeat that did not arrive those outside hear by its absence.
            if recorded.kind not in (MessageKind.ALARM, MessageKind.HEARTBEAT):
                self._alarm(outcome)

    def _alarm(self, outcome: Outcome) -> None:
        """Tell those who look after the system, once an hour: a dead endpoint fails often."""
        now_ms = self._now()
        if self._alarmed_ms is not None and now_ms - self._alarmed_ms < HOUR_MS:
            return
        self._alarmed_ms = now_ms
        rules = self._routing.rules
        text = Speaker(self._routing, rules.language).say(
            "alarm_undelivered", endpoint=self._endpoint.name, why=outcome.why.value
        )
        announce(self._outbox, self._routing, text, now_ms)
