"""Starts a channel when its first stream opens and stops it a while after its last one closed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

from fastapi.sse import ServerSentEvent

from dashboards.live import Channel
from dashboards.metrics import Metrics
from dashboards.problems import Refused
from dashboards.scope import Scope

# A page that reloads or reconnects finds its channel, and so its Last-Event-ID, still there.
LINGER_S = 60.0
# Each channel asks the warehouse every second; more different views than this would drown it.
MAX_CHANNELS = 64
# A browser has one stream for each of its tabs; the readers of an open demo count as one.
MAX_STREAMS_OF_ONE = 20
MAX_STREAMS = 1_000


@dataclass(frozen=True, slots=True)
class View:
    """What some readers may see alike: a scope, and the names of the panels."""

    scope: Scope
    panels: frozenset[str]


@dataclass(slots=True)
class _Open:
    channel: Channel
    poller: asyncio.Task[None]
    streams: int = 0
    ending: asyncio.TimerHandle | None = None


class Hub:
    """All channels of one app, by what is seen there."""

    def __init__(self, make: Callable[[View], Channel], metrics: Metrics) -> None:
        self._make = make
        self._metrics = metrics
        self._open: dict[View, _Open] = {}
        self._streams: Counter[str | None] = Counter()

    def check_room(self, view: View, reader: str | None) -> None:
        """Raise ``Refused`` (503) where one more stream, or one more view, would be too many.

        ``reader`` names who opens it, ``None`` for the readers of an open demo.
        """
        of_one = MAX_STREAMS if reader is None else MAX_STREAMS_OF_ONE
        if self._streams[reader] >= of_one or self._streams.total() >= MAX_STREAMS:
            raise _too_many(f"{self._streams[reader]} live views are open already")
        if view not in self._open and len(self._open) >= MAX_CHANNELS:
            self._end_one_that_lingers()
        if view not in self._open and len(self._open) >= MAX_CHANNELS:
            raise _too_many(f"{MAX_CHANNELS} different views are open already")

    async def follow(
        self, view: View, last_id: str | None, reader: str | None = None
    ) -> AsyncIterator[ServerSentEvent]:
        """Yield the events of one stream of ``view``."""
        entry = self._enter(view)
        self._streams[reader] += 1
        try:
            async for event in entry.channel.follow(last_id):
                yield event
        finally:
            self._streams[reader] -= 1
            self._streams += Counter()  # forget those who have none
            self._leave(view, entry)

    def close_streams(self) -> None:
        """End all streams, so that a stopping server has nothing to wait for."""
        for entry in self._open.values():
            entry.channel.close()

    async def stop(self) -> None:
        """End all streams and pollers."""
        self.close_streams()
        for entry in self._open.values():
            if entry.ending:
                entry.ending.cancel()
            entry.poller.cancel()
            with suppress(asyncio.CancelledError):
                await entry.poller
        self._open.clear()

    def _enter(self, view: View) -> _Open:
        entry = self._open.get(view)
        if entry is None:
            channel = self._make(view)
            entry = _Open(channel, asyncio.create_task(channel.run()))
            self._open[view] = entry
        if entry.ending:
            entry.ending.cancel()
            entry.ending = None
        entry.streams += 1
        self._metrics.streams.inc()
        return entry

    def _leave(self, view: View, entry: _Open) -> None:
        entry.streams -= 1
        self._metrics.streams.dec()
        if entry.streams == 0:
            loop = asyncio.get_running_loop()
            entry.ending = loop.call_later(LINGER_S, self._end, view)

    def _end_one_that_lingers(self) -> None:
        for view, entry in list(self._open.items()):
            if entry.ending is not None:
                entry.ending.cancel()
                self._end(view)
                return

    def _end(self, view: View) -> None:
        entry = self._open.pop(view, None)
        if entry is not None:
            entry.channel.close()
            entry.poller.cancel()


def _too_many(detail: str) -> Refused:
    return Refused(
        503,
        "too-many-views",
        detail,
        "请稍后重试，关闭不用的窗口，或使用不带筛选的首页。",
        "Try again in a minute, close windows that are not used, or use the page without a filter.",
        {"Retry-After": "30"},
    )
