"""Starts a channel when its first stream opens and stops it a while after its last one closed."""

from __future__ import annotations

import asyncio
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

    def check_room(self, view: View) -> None:
        """Raise ``Refused`` (503) where one more view would be too many."""
        if view not in self._open and len(self._open) >= MAX_CHANNELS:
            raise Refused(
                503,
                "too-many-views",
                f"{MAX_CHANNELS} different views are open already",
                "请稍后重试，或使用不带筛选的首页。",
                "Try again in a minute, or use the page without a filter.",
            )

    async def follow(self, view: View, last_id: str | None) -> AsyncIterator[ServerSentEvent]:
        """Yield the events of one stream of ``view``."""
        entry = self._enter(view)
        try:
            async for event in entry.channel.follow(last_id):
                yield event
        finally:
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

    def _end(self, view: View) -> None:
        entry = self._open.pop(view, None)
        if entry is not None:
            entry.channel.close()
            entry.poller.cancel()
