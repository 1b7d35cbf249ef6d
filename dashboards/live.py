"""Live numbers: one poller per scope asks the warehouse, all streams of that scope share it.

A stream begins with a snapshot (one ``panel`` event each, then ``ready``), goes on with
``change`` events, and carries a ``tick`` after every look, so that silence means a cut line.
``Last-Event-ID`` of the same poller gets exactly the changes since then; any other a snapshot.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import deque
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from fastapi.sse import ServerSentEvent

from dashboards.names import Names
from dashboards.panels import PANELS, SHOWN_ROWS, Panel, completed
from dashboards.problems import problem, unavailable
from dashboards.queries import Questions
from dashboards.scope import Clock, Scope
from dashboards.warehouse import Row
from schemas.errors import Unavailable
from schemas.instants import render_instant

# Enough to bridge a reconnect of some minutes; whoever was away longer gets a snapshot.
_REMEMBERED = 256
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Update:
    """One numbered thing that happened; ``number`` grows by one within a channel."""

    number: int
    event: str
    body: dict[str, Any]


class Channel:
    """The newest rows of all panels of one scope, and what changed of late."""

    def __init__(
        self,
        questions: Questions,
        scope: Scope,
        clock: Clock,
        names: Names,
        poll_s: float,
        panels: Collection[str] = PANELS,
    ) -> None:
        self._questions = questions
        self._scope = scope
        self._clock = clock
        self._names = names
        self._poll_s = poll_s
        self._shown = [PANELS[name] for name in PANELS if name in panels]
        self._asked: dict[str, float] = {}
        self._name = uuid.uuid4().hex[:12]
        self._numbers = itertools.count(1)
        self._last = 0
        self._panels: dict[str, dict[str, Row]] = {}
        self._as_of: dict[str, str] = {}
        self._recent: deque[Update] = deque(maxlen=_REMEMBERED)
        self._fault: dict[str, Any] | None = None
        self._tick: dict[str, Any] | None = None
        self._moved = asyncio.Event()
        self._closed = False

    async def run(self) -> None:
        """Look for changes until cancelled; no fault of the warehouse ends it."""
        while True:
            started = monotonic()
            await self._look()
            self._wake()
            # At most a third of the time is spent asking, however slow the answers get.
            await asyncio.sleep(max(self._poll_s, 2 * (monotonic() - started)))

    def close(self) -> None:
        """End all streams of the channel."""
        self._closed = True
        self._wake()

    async def follow(self, last_event_id: str | None) -> AsyncIterator[ServerSentEvent]:
        """Yield the events of one stream until the channel closes."""
        reached = self._resumable(last_event_id)
        while not self._closed:
            moved = self._moved
            if reached is None or not self._remembers(reached):
                events, reached = self._snapshot(), self._last
            else:
                missed = [update for update in self._recent if update.number > reached]
                events, reached = [self._sent(update) for update in missed], self._last
            if self._tick is not None:
                events.append(ServerSentEvent(event="tick", data=self._tick))
            for event in events:
                yield event
            await moved.wait()

    async def _look(self) -> None:
        as_of_ms = self._clock()
        try:
            parameters = self._scope.parameters(as_of_ms, SHOWN_ROWS)
            freshness = await self._questions.ask("freshness", parameters)
            answers: dict[str, list[Row]] = {}
            for panel in self._shown:
                if panel.is_live_in(self._scope) and self._is_due(panel):
                    name = panel.question(self._scope)
                    if name not in answers:
                        answers[name] = await self._questions.ask(name, parameters)
                    self._take(panel, answers[name], render_instant(as_of_ms))
        except Unavailable as error:
            self._fail(unavailable(error))
        except Exception as error:
            _log.exception("live poll failed", fault=type(error).__name__)
            self._fail(
                problem(500, "internal-fault", "the server met a fault of its own",
                        "服务器内部错误，请联系运维。", "Tell the operator.")
            )  # fmt: skip
        else:
            if self._fault is not None:
                self._fault = None
                self._publish("recovered", {"as_of": render_instant(as_of_ms)})
            self._tick = {"as_of": render_instant(as_of_ms), **freshness[0]}

    def _is_due(self, panel: Panel) -> bool:
        return monotonic() >= self._asked.get(panel.name, -panel.every_s) + panel.every_s

    def _take(self, panel: Panel, rows: list[Row], as_of: str) -> None:
        self._asked[panel.name] = monotonic()
        rows = completed(panel, rows, self._scope, self._names)
        new = {str(row[panel.key]): row for row in rows}
        old = self._panels.get(panel.name)
        self._panels[panel.name] = new
        self._as_of[panel.name] = as_of
        if old is None:
            self._publish("panel", self._whole(panel.name))
            return
        upsert = [row for key, row in new.items() if old.get(key) != row]
        removed = [key for key in old if key not in new]
        if upsert or removed:
            body = {"panel": panel.name, "as_of": as_of, "upsert": upsert, "removed": removed}
            self._publish("change", body)

    def _fail(self, fault: dict[str, Any]) -> None:
        self._tick = None
        if fault != self._fault:
            self._fault = fault
            self._publish("fault", fault)

    def _publish(self, event: str, body: dict[str, Any]) -> None:
        self._last = next(self._numbers)
        self._recent.append(Update(self._last, event, body))
        self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _whole(self, name: str) -> dict[str, Any]:
        rows = list(self._panels[name].values())
        return {"panel": name, "as_of": self._as_of[name], "rows": rows}

    def _snapshot(self) -> list[ServerSentEvent]:
        # Only the last event carries an id: a snapshot that was cut is asked for again, whole.
        events = [ServerSentEvent(event="panel", data=self._whole(name)) for name in self._panels]
        if self._fault is not None:
            events.append(ServerSentEvent(event="fault", data=self._fault))
        ready = {"panels": list(self._panels)}
        events.append(ServerSentEvent(event="ready", data=ready, id=f"{self._name}.{self._last}"))
        return events

    def _sent(self, update: Update) -> ServerSentEvent:
        name = f"{self._name}.{update.number}"
        return ServerSentEvent(event=update.event, data=update.body, id=name)

    def _resumable(self, last_event_id: str | None) -> int | None:
        name, _, number = (last_event_id or "").partition(".")
        if name != self._name or not (number.isascii() and number.isdigit()):
            return None
        return int(number) if int(number) <= self._last else None

    def _remembers(self, reached: int) -> bool:
        return reached == self._last or (
            bool(self._recent) and self._recent[0].number <= reached + 1
        )
