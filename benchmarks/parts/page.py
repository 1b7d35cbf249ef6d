"""From an event in Kafka to the page, and how long readers wait while fifty pages are open."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
import uuid
from contextlib import suppress
from typing import NamedTuple

import msgspec

from benchmarks.outcome import Bar, Cell, Mark, Outcome
from benchmarks.page_opening import Opening, open_often
from benchmarks.page_readers import Browser, ask_steadily, sign_in
from benchmarks.parts.latency import percentile
from benchmarks.processes import cpu_s
from benchmarks.sizes import Size
from benchmarks.station import Station
from jushou.cli.users import ACCESS
from jushou.runtime.demo import Demo
from jushou.runtime.demo import Size as DemoSize
from jushou.runtime.stack import Stack
from producers.publish import Publisher
from schemas.instants import render_instant
from schemas.topics import CASE_EVENTS

# By the name of a size: cases of the history, events that are timed, seconds of requests, openings.
_AMOUNTS = {"full": (101_000, 60, 30.0, 20), "small": (3_000, 20, 10.0, 5)}
_PAGES, _PER_S = 50, 20.0
# So small that hardly anybody else raises a case there: a change of its numbers is one of ours.
_COUNTY = "533325"
_DEADLINE_S = 30.0
# What is told of an opening, by the field of ``Opening``.
_OPENED = {
    "painted": "first paint",
    "fetched": "all files here",
    "stood": "numbers, map, filters",
    "interactive": "interactive",
    "filled": "every panel drawn",
}


class _Load(NamedTuple):
    asked: list[tuple[str, float]]
    unanswered: int
    ticks: float
    page_cores: float
    warehouse_cores: float


def page(station: Station, size: Size) -> Outcome:
    """Run the whole pipeline with its live province; time events, then readers."""
    station.stop_children()
    cases, events, seconds, times = _AMOUNTS[size.name]
    folder = station.folder / "page"
    stack = Stack(folder, simulated=True)
    stopped = threading.Event()
    try:
        demo = Demo(stack.start(), DemoSize(cases=cases), lambda *_: None)
        demo.load_history()
        demo.wait_until_full()
        flow = threading.Thread(target=demo.go_on, args=(stopped.is_set,), daemon=True)
        flow.start()
        case_id = str(demo.panel("supervised")[0]["case_id"])
        browsers = sign_in(stack.page, stack.settings.folder / ACCESS, _PAGES)
        cookie = browsers[0].client.cookies["jushou"]
        delays, load = asyncio.run(_measure(stack, browsers, case_id, events, seconds))
        # Last: the history has been loaded for minutes, and what is left is live.
        openings = open_often(stack.page, cookie, times)
        stopped.set()
        flow.join(_DEADLINE_S)
    finally:
        stopped.set()
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return _outcome(cases, openings, delays, load, seconds)


async def _measure(
    stack: Stack, browsers: list[Browser], case_id: str, events: int, seconds: float
) -> tuple[list[int], _Load]:
    alone = await _delays(stack.kafka.bootstrap, browsers[0], events)
    watching = [asyncio.create_task(each.watch()) for each in browsers]
    pids = [stack.page_process.pid or 0, stack.clickhouse.process.pid or 0]
    # Until every stream has had its snapshot.
    while not all(each.ticks for each in browsers):
        await asyncio.sleep(0.1)
    before_s, before_ticks = [cpu_s(pid) for pid in pids], sum(each.ticks for each in browsers)
    begun_s = time.perf_counter()
    asked = await ask_steadily(browsers, _paths(case_id), _PER_S, seconds)
    took_s = time.perf_counter() - begun_s
    ticks = (sum(each.ticks for each in browsers) - before_ticks) / took_s / len(browsers)
    cores = [(cpu_s(pid) - used_s) / took_s for pid, used_s in zip(pids, before_s, strict=True)]
    load = _Load(asked, sum(each.unanswered for each in browsers), ticks, *cores)
    for task in watching:
        task.cancel()
    for task in watching:
        with suppress(asyncio.CancelledError):
            await task
    for browser in browsers:
        await browser.client.aclose()
    return alone, load


def _paths(case_id: str) -> list[str]:
    panels = ("numbers", "counties", "escalations", "supervised", "items", "directions")
    return [
        *(f"/api/panels/{name}" for name in panels),
        f"/api/cases/{case_id}",
        f"/api/cases/{case_id}/explanation",
        "/api/panels/numbers?prefecture=530100",
        "/api/session",
    ]


async def _delays(bootstrap: str, browser: Browser, count: int) -> list[int]:
    """Raise cases one by one, and time until the number of the open page has moved."""
    publisher = Publisher(bootstrap)
    stream = browser.told(county=_COUNTY)
    delays, received, sent_s = [], -1, 0.0
    async for told in stream:
        rows = told.body.get("upsert") or told.body.get("rows") or []
        if told.body.get("panel") == "numbers" and rows:
            moved, received = received >= 0, int(rows[0]["received_total"])
            if moved and sent_s:
                delays.append(int((told.at_s - sent_s) * 1000))
            if len(delays) == count:
                break
            # Not in step with the looks of the page.
            await asyncio.sleep(0.1 + 0.9 * (len(delays) * 0.618 % 1))
            sent_s = await asyncio.to_thread(_raise_case, publisher)
        elif sent_s and time.time() - sent_s > _DEADLINE_S:
            raise TimeoutError(f"an event was not on the page within {_DEADLINE_S:.0f} s")
    await stream.aclose()  # type: ignore[attr-defined]
    return delays


def _raise_case(publisher: Publisher) -> float:
    """Send a new case; return when the broker had it."""
    case_id = f"PG-{uuid.uuid4()}"
    record = {
        "event_id": f"{case_id}-01",
        "case_id": case_id,
        "type": "submitted",
        "occurred_at": render_instant(time.time_ns() // 1_000_000),
        "schema_version": "1",
        "item": "water.drinking",
        "county": _COUNTY,
        "raised_by": "self",
        "channel": "wechat",
    }
    publisher.send(case_id, msgspec.json.encode(record))
    publisher.flush()
    return time.time()


def _outcome(
    cases: int, openings: list[Opening], delays: list[int], load: _Load, seconds: float
) -> Outcome:
    delays = sorted(delays)
    interactive = _sorted(openings, "interactive")
    waits = sorted(round(ms) for _, ms in load.asked)
    p95_delay, p95_wait = percentile(delays, 95), percentile(waits, 95)
    outcome = Outcome(
        "page",
        "From an event in Kafka to the page, and what readers wait for",
        ["what", "figure", "unit"],
        [
            *_of_openings(openings),
            ["event to page, median", percentile(delays, 50), "ms"],
            ["event to page, p95", p95_delay, "ms"],
            ["event to page, longest", delays[-1], "ms"],
            [f"answers with {_PAGES} open pages, median", percentile(waits, 50), "ms"],
            [f"answers with {_PAGES} open pages, p95", p95_wait, "ms"],
            [f"answers with {_PAGES} open pages, longest", waits[-1], "ms"],
            *_by_kind(load),
            ["answers that never came (503)", load.unanswered, ""],
            ["looks that each open page had", round(load.ticks, 2), "per s"],
            ["processor of the page meanwhile", round(load.page_cores, 2), "cores"],
            ["processor of ClickHouse meanwhile", round(load.warehouse_cores, 2), "cores"],
        ],
        [
            f"The whole pipeline on one machine, {cases:,} cases, 5 live events a second. "
            f"{len(delays)} cases were raised one by one: the time is from the acknowledgement of "
            f"the broker ({CASE_EVENTS.name}) to the changed number in the live stream of their "
            f"county. Then {_PAGES} signed-in pages, half of the province and half of a county "
            f"each, and {_PER_S:.0f} requests a second for {seconds:.0f} s, whatever the answers "
            "take. Readers run on the same two cores.",
            f"Opened {len(openings)} times over loopback in Chromium with nothing kept of the page "
            f"({openings[0].files} files, {openings[0].bytes // 1000:,} kB with headers), signed "
            "in, at 1366 × 900. From the start of the navigation; interactive is when a real click "
            "on a county of the map, sent as soon as numbers, map and filters stood there, had "
            "been answered (the page is in that county) and painted, less its way from the "
            "measuring program into the browser.",
        ],
        [
            Mark("page: p95 until interactive, ms", percentile(interactive, 95), at_most=1_000),
            Mark("page: p95 from Kafka to the page, ms", p95_delay, at_most=2_000),
            Mark("page: p95 of answers with 50 pages open, ms", p95_wait, at_most=300),
            Mark("page: answers that never came with 50 pages open", load.unanswered, at_most=0),
        ],
    )
    outcome.bars += [
        Bar("event to page, ms", "median", percentile(delays, 50)),
        Bar("event to page, ms", "p95", p95_delay),
    ]
    return outcome


def _of_openings(openings: list[Opening]) -> list[list[Cell]]:
    return [
        [f"opened: {what}, {name}", percentile(_sorted(openings, field), percent), "ms"]
        for field, what in _OPENED.items()
        for name, percent in (("median", 50), ("p95", 95))
    ]


def _sorted(openings: list[Opening], field: str) -> list[int]:
    return sorted(getattr(each, field) for each in openings)


def _by_kind(load: _Load) -> list[list[Cell]]:
    kinds = dict.fromkeys(_kind(path) for path, _ in load.asked)
    return [[f"  of these {kind}, p95", _p95_of(kind, load), "ms"] for kind in kinds]


def _kind(path: str) -> str:
    if path.startswith("/api/cases/"):
        return "/api/cases/…/explanation" if path.endswith("explanation") else "/api/cases/…"
    return path


def _p95_of(kind: str, load: _Load) -> int:
    return percentile(sorted(round(ms) for path, ms in load.asked if _kind(path) == kind), 95)
