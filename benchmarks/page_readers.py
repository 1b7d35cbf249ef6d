"""Readers of the page as a benchmark has them: signed in, with live streams and requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from dashboards.access.gate import begin_sessions
from dashboards.access.roles import Reader, Role
from schemas.regions.load import regions

_DAY_S = 86_400.0


class Told(NamedTuple):
    """An event of a live stream, and when it was here (seconds since 1970)."""

    name: str
    body: dict[str, Any]
    at_s: float


class Browser:
    """A signed-in reader's view of the page."""

    def __init__(self, page: str, cookie: str) -> None:
        self.client = httpx.AsyncClient(
            base_url=page, timeout=httpx.Timeout(30.0, read=60.0), cookies={"jushou": cookie}
        )
        self.ticks = 0
        self.unanswered = 0

    async def told(self, **scope: str) -> AsyncIterator[Told]:
        """Yield what the live stream tells, until it ends."""
        name = ""
        async with self.client.stream("GET", "/api/live", params=scope) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield Told(name, msgspec.json.decode(line[6:]), time.time())

    async def watch(self) -> None:
        """Listen until cancelled, and count the ticks."""
        async for told in self.told():
            self.ticks += told.name == "tick"

    async def took_ms(self, path: str) -> float:
        """Return how long an answer took, read to its end; an error for a refusal.

        One that the warehouse gave no answer to in time (503) is counted as such, and took as long.
        """
        begun_s = time.perf_counter()
        answer = await self.client.get(path)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.unanswered += 1
        else:
            answer.raise_for_status()
        return (time.perf_counter() - begun_s) * 1000


def sign_in(page: str, folder: Path, count: int) -> list[Browser]:
    """Return browsers with a session each: half of the province, half of a county each."""
    cookies = begin_sessions(folder, _readers(count), _DAY_S)
    return [Browser(page, cookie) for cookie in cookies]


def _readers(count: int) -> Iterable[Reader]:
    counties = list(regions().counties)
    for number in range(count):
        if number % 2:
            county = counties[number * 7 % len(counties)]
            yield Reader(f"bench-{number}", county, Role.COUNTY, county)
        else:
            yield Reader(f"bench-{number}", "province", Role.PROVINCE)


async def ask_steadily(
    browsers: list[Browser], paths: list[str], per_s: float, seconds: float
) -> list[tuple[str, float]]:
    """Ask at an even rate, whatever the answers take; return path and milliseconds of each."""
    begun_s = time.perf_counter()
    asked = []
    for number in range(int(per_s * seconds)):
        await asyncio.sleep(max(0.0, begun_s + number / per_s - time.perf_counter()))
        path = paths[number % len(paths)]
        browser = browsers[number * 2 % len(browsers)]  # one of the province, who may see it all
        asked.append((path, asyncio.create_task(browser.took_ms(path))))
    return [(path, await task) for path, task in asked]
