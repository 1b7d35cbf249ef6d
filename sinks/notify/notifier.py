"""The notifier put together: feed → intake → gathering → dispatch, and the records back to Kafka.

Started by ``jushou notify``. A stop waits for the requests under way; a crash loses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from schemas.errors import InvalidRecord, Unavailable
from schemas.instants import SECOND_MS
from schemas.routing.model import Routing
from sinks.notify import metrics
from sinks.notify.acting import act, remind
from sinks.notify.attempts import recover
from sinks.notify.case_watch import CaseWatch
from sinks.notify.dispatch import Lane, wall_ms
from sinks.notify.document import Links
from sinks.notify.feed import Batch, Feed, Topics
from sinks.notify.gathering import pack
from sinks.notify.intake import take
from sinks.notify.outbox import Outbox
from sinks.notify.rerouting import reroute
from sinks.notify.senders.build import addresses, build_senders
from sinks.notify.watchdog import Watchdog

log = structlog.get_logger("notify")
_REMIND_EVERY_S = 30.0
_WATCH_EVERY_S = 0.5
_RECORDS_EVERY_S = 0.2
_RETRY_KAFKA_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierConfig:
    """Where Kafka is, where the outbox lies, and where links lead."""

    bootstrap: str
    group: str = "jushou-notify"
    folder: Path = Path(".jushou/notify")
    links: Links = field(default_factory=lambda: Links("http://127.0.0.1:8080"))
    topics: Topics = field(default_factory=Topics)


class Notifier:
    """One process of it; a second one on the same folder is refused."""

    def __init__(
        self,
        config: NotifierConfig,
        routing: Routing,
        environment: Mapping[str, str],
        now: Callable[[], int] = wall_ms,
    ) -> None:
        senders = build_senders(routing, environment, config.folder)
        self.outbox = Outbox(config.folder / "outbox.sqlite")
        self._config = config
        self._routing = routing
        self._now = now
        self.watchdog = Watchdog(routing, now())
        known = addresses(routing, environment)
        self.lanes = [
            Lane(endpoint, senders[name], self.outbox, routing, config.links, known, now)
            for name, endpoint in routing.endpoints.items()
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``; a fault in any part stops all of it."""
        recovered = recover(self.outbox, self._routing, self._now())
        if recovered:
            log.warning("a crash left messages between send and record", messages=recovered)
        rerouted = reroute(self.outbox, self._routing, self._now())
        if rerouted:
            log.warning("endpoints are gone; what waited for them goes by the routes of now",
                        deliveries=rerouted)  # fmt: skip
        feed = Feed(self._config.bootstrap, self._config.group, self._config.topics)

        async def guarded(part: Coroutine[None, None, None]) -> None:
            try:
                await part
            finally:
                stop.set()

        parts = [self._take_in(feed, stop), self._publish(feed, stop), self._look_after(stop)]
        parts.append(self._watch(feed, stop))
        parts += [lane.run(stop) for lane in self.lanes]
        if any(self._routing.rules.repeat_after_h.values()):
            parts.append(self._watch_cases(stop))
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(guarded(part))
            await self._publish_once(feed)
        finally:
            await feed.close()
            self.outbox.close()

    async def _take_in(self, feed: Feed, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                batch = await feed.read()
                changed = self.take_in(batch)
                if changed or batch.bad or batch.answers:
                    feed.commit()
            except Unavailable as fault:
                log.warning("waiting for Kafka", fault=str(fault))
                await _pause(stop, _RETRY_KAFKA_S)

    def take_in(self, batch: Batch) -> bool:
        """Take in one batch, and make messages of what is ready; return whether there was any."""
        now_ms = self._now()
        with self.outbox.transaction():
            for escalation in batch.escalations:
                decision = take(self.outbox, escalation, self._routing, now_ms)
                metrics.TAKEN.labels(decision.value).inc()
            for action in batch.actions:
                try:
                    effect = act(self.outbox, action, self._routing, now_ms).value
                except InvalidRecord as fault:
                    effect = fault.reason.value
                metrics.ACTIONS.labels(action.type.value, effect).inc()
        self.watchdog.heard(batch.answers)
        if batch.answers and self.watchdog.beat(self.outbox, now_ms):
            self._wake()
        if pack(self.outbox, self._routing, now_ms):
            self._wake()
        return bool(batch.escalations or batch.actions)

    def _wake(self) -> None:
        for lane in self.lanes:
            lane.woken.set()

    async def _watch_cases(self, stop: asyncio.Event) -> None:
        config = self._config
        levels = self._routing.rules.repeat_after_h
        watch = CaseWatch(config.bootstrap, config.group, config.topics.case_states, levels)
        try:
            while not stop.is_set():
                await watch.look(self.outbox, self._now())
        finally:
            await watch.close()

    async def _publish(self, feed: Feed, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._publish_once(feed)
            except Unavailable as fault:
                log.warning("records of deliveries wait for Kafka", fault=str(fault))
                await _pause(stop, _RETRY_KAFKA_S)
            await _pause(stop, _RECORDS_EVERY_S)

    async def _publish_once(self, feed: Feed) -> None:
        while rows := self.outbox.records():
            await feed.publish((row["key"], row["raw"]) for row in rows)
            self.outbox.forget_records(rows[-1]["record_no"])

    async def _watch(self, feed: Feed, stop: asyncio.Event) -> None:
        """Send probes through the stream; tell those who look after it when none comes back."""
        while not stop.is_set():
            now_ms = self._now()
            if self.watchdog.is_time(now_ms):
                partitions = 0
                with suppress(Unavailable):
                    partitions = await feed.probe(now_ms)
                self.watchdog.probed(partitions, now_ms)
            metrics.WATCHDOG_AGE.set(self.watchdog.age_ms(now_ms) / SECOND_MS)
            if (said := self.watchdog.alarm(self.outbox, now_ms)) is not None:
                log.error("watchdog", said=said)
                self._wake()
            await _pause(stop, _WATCH_EVERY_S)

    async def _look_after(self, stop: asyncio.Event) -> None:
        """Remind, and keep the gauges."""
        next_look_s = 0.0
        while not stop.is_set():
            now_ms = self._now()
            if time.monotonic() >= next_look_s:
                next_look_s = time.monotonic() + _REMIND_EVERY_S
                remind(self.outbox, self._routing, now_ms)
                self._measure(now_ms)
            await _pause(stop, 1.0)

    def _measure(self, now_ms: int) -> None:
        for lane in self.lanes:
            row = self.outbox.rows.execute(
                "SELECT count(*) AS waiting, min(made_ms) AS oldest FROM message"
                " WHERE endpoint = ? AND state IN ('ready', 'sending')",
                (lane.name,),
            ).fetchone()
            metrics.WAITING.labels(lane.name).set(row["waiting"])
            oldest_s = (now_ms - row["oldest"]) / SECOND_MS if row["oldest"] else 0
            metrics.OLDEST.labels(lane.name).set(oldest_s)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
