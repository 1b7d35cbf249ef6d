"""Live numbers: one channel per view follows the looks of the board, all its streams share it.

A stream begins with a snapshot (one ``panel`` event each, then ``ready``), goes on with
``change`` events, and carries a ``tick`` after every look, or the ``fault`` that stands, so that
silence means a cut line. ``Last-Event-ID`` of the same channel gets exactly the changes since
then; any other a snapshot.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import deque
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

import msgspec
import structlog
from fastapi.sse import ServerSentEvent

from dashboards.board import Board, Look
from dashboards.names import Names
from dashboards.panels import PANELS, SHOWN_ROWS, Panel, completed
from dashboards.problems import problem, unavailable
from dashboards.queries import Asks
from dashboards.scope import Scope
from dashboards.warehouse import Row
from schemas.errors import Unavailable
from schemas.instants import render_instant

# Enough to bridge a reconnect of some minutes; whoever was away longer gets a snapshot. At an
# instant at which every county changes, rows bound the memory of a channel instead.
_REMEMBERED = 256
_ROWS_REMEMBERED = 4_000
# Lists are asked again after this even if nothing was written, as they move with the instant.
_UNMOVED_S = 5.0
# Longer than a bulk load keeps its counts back (15 s), than a worker takes to start or restore, and
# than most repeats of what is known already, which change no case.
_UNJUDGED_S = 600
_UNJUDGED = problem(
    503,
    "not-judged",
    "events have arrived for ten minutes, and not one has changed a case",
    "事件持续入库，但十分钟内没有任何案件状态更新，页面数字可能不可信。请联系运维检查 worker"
    "（部门重复补报旧数据时也会如此）。",
    "Events arrive, but nothing judges their clocks, so these numbers may not be trusted. Ask the "
    "operator to check the worker; a department that sends old events again looks like this too.",
)
_log = structlog.get_logger()


class _Asked(NamedTuple):
    at_s: float
    marks: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """One numbered thing that happened; ``number`` grows by one within a channel.

    ``sent`` is written as JSON once, however many streams it goes to; ``rows`` is its size.
    """

    number: int
    sent: ServerSentEvent
    rows: int


class Channel:
    """The newest rows of all panels of one scope, and what changed of late."""

    def __init__(
        self,
        board: Board,
        questions: Asks,
        scope: Scope,
        names: Names,
        panels: Collection[str] = PANELS,
    ) -> None:
        self._board = board
        self._questions = questions
        self._scope = scope
        self._names = names
        self._shown = [each for each in PANELS.values() if each.name in panels]
        self._asked: dict[str, _Asked] = {}
        self._counted = 0
        self._listing: asyncio.Task[None] | None = None
        self._list_fault: Exception | None = None
        self._name = uuid.uuid4().hex[:12]
        self._numbers = itertools.count(1)
        self._last = 0
        self._panels: dict[str, dict[str, Row]] = {}
        self._as_of: dict[str, str] = {}
        self._recent: deque[Update] = deque()
        self._rows_remembered = 0
        self._whole_view: list[ServerSentEvent] = []
        self._fault: dict[str, Any] | None = None
        self._beat: ServerSentEvent | None = None
        self._moved = asyncio.Event()
        self._closed = False

    async def run(self) -> None:
        """Follow the looks until cancelled; no fault of the warehouse ends it."""
        number = 0
        try:
            while True:
                look = await self._board.next(number)
                number = look.number
                self._follow_look(look)
                self._wake()
        finally:
            if self._listing is not None:
                self._listing.cancel()

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
                events = [update.sent for update in self._recent if update.number > reached]
                reached = self._last
            if self._beat is not None:
                events = [*events, self._beat]
            for event in events:
                yield event
            await moved.wait()

    def _follow_look(self, look: Look) -> None:
        as_of, fault = render_instant(look.as_of_ms), look.fault
        if fault is None:
            self._take_counts(look, as_of)
            fault = self._list_fault
            if self._listing is None or self._listing.done():
                self._listing = asyncio.create_task(self._take_lists(look, as_of))
        told = _told(fault, look)
        if told is not None:
            self._fail(told)
            return
        if self._fault is not None:
            self._fault = None
            self._publish("recovered", {"as_of": as_of})
        self._beat = _event("tick", {"as_of": as_of, **look.freshness})

    def _take_counts(self, look: Look, as_of: str) -> None:
        if look.counts is None or look.counted == self._counted or self._scope.is_of_cases:
            return
        self._counted, rows = look.counted, look.counts.within(self._scope)
        for panel in self._shown:
            if panel.is_live_in(self._scope) and panel.question(self._scope) == "counts":
                self._take(panel, rows, as_of)

    async def _take_lists(self, look: Look, as_of: str) -> None:
        """Ask what the look has no answer to; meanwhile the numbers of the next looks go out."""
        answers: dict[tuple[str, Scope], list[Row]] = {}
        try:
            for panel in self._shown:
                name = panel.question(self._scope)
                if panel.is_live_in(self._scope) and self._is_due(panel, name, look):
                    asked = name, panel.within(self._scope)
                    if asked not in answers:
                        parameters = asked[1].parameters(look.as_of_ms, SHOWN_ROWS)
                        answers[asked] = await self._questions.ask(name, parameters)
                    self._asked[panel.name] = _Asked(monotonic(), look.marks)
                    self._take(panel, answers[asked], as_of)
        except Exception as fault:  # noqa: BLE001 - the readers are told at the next look
            self._list_fault = fault
        else:
            self._list_fault = None

    def _is_due(self, panel: Panel, question: str, look: Look) -> bool:
        if question == "counts":
            return False
        asked = self._asked.get(panel.name)
        if asked is None:
            return True
        since_s = monotonic() - asked.at_s
        mark = "escalations_mark" if question == "escalations" else "cases_mark"
        moved = look.marks.get(mark) is None or look.marks.get(mark) != asked.marks.get(mark)
        # A list that takes as_of moves by itself too, such as days of supervision.
        return since_s >= (panel.every_s if moved else max(panel.every_s, _UNMOVED_S))

    def _take(self, panel: Panel, rows: list[Row], as_of: str) -> None:
        rows = completed(panel, rows, panel.within(self._scope), self._names)
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
        # Told again at each look: a page that hears nothing takes its line for cut.
        self._beat = _event("fault", fault)
        if fault != self._fault:
            self._fault = fault
            self._publish("fault", fault)

    def _publish(self, event: str, body: dict[str, Any]) -> None:
        self._last = next(self._numbers)
        rows = len(body.get("upsert", ())) + len(body.get("rows", ()))
        sent = _event(event, body, f"{self._name}.{self._last}")
        self._recent.append(Update(self._last, sent, rows))
        self._rows_remembered += rows
        while len(self._recent) > _REMEMBERED or self._rows_remembered > _ROWS_REMEMBERED:
            self._rows_remembered -= self._recent.popleft().rows
        self._whole_view = []
        self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _whole(self, name: str) -> dict[str, Any]:
        rows = list(self._panels[name].values())
        return {"panel": name, "as_of": self._as_of[name], "rows": rows}

    def _snapshot(self) -> list[ServerSentEvent]:
        if not self._whole_view:
            # Only the last event carries an id: a snapshot that was cut is asked for again, whole.
            events = [_event("panel", self._whole(name)) for name in self._panels]
            if self._fault is not None:
                events.append(_event("fault", self._fault))
            ready = {"panels": list(self._panels)}
            self._whole_view = [*events, _event("ready", ready, f"{self._name}.{self._last}")]
        return self._whole_view

    def _resumable(self, last_event_id: str | None) -> int | None:
        name, _, number = (last_event_id or "").partition(".")
        if name != self._name or not (number.isascii() and number.isdigit()):
            return None
        return int(number) if int(number) <= self._last else None

    def _remembers(self, reached: int) -> bool:
        return reached == self._last or (
            bool(self._recent) and self._recent[0].number <= reached + 1
        )


def _event(event: str, body: dict[str, Any], id_: str | None = None) -> ServerSentEvent:
    return ServerSentEvent(event=event, raw_data=msgspec.json.encode(body).decode(), id=id_)


def _told(fault: Exception | None, look: Look) -> dict[str, Any] | None:
    """Return what readers are told of a look that is not to be trusted."""
    if fault is None:
        return _UNJUDGED if (look.freshness.get("judged_behind_s") or 0) > _UNJUDGED_S else None
    if isinstance(fault, Unavailable):
        return unavailable(fault)
    _log.error("live look failed", fault=type(fault).__name__)
    return problem(500, "internal-fault", "the server met a fault of its own",
                   "服务器内部错误，请联系运维。", "Tell the operator.")  # fmt: skip
