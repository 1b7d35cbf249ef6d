"""How long the page and analysts wait for an answer, while the warehouse is written to."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

from benchmarks.outcome import Bar, Cell, Mark, Outcome
from benchmarks.sizes import Size
from benchmarks.station import Station
from benchmarks.warehouse_changes import Changes
from benchmarks.warehouse_rows import Province, tables
from benchmarks.warehouse_timing import Ingest, Timing, all_questions, time_question
from jushou.runtime.clickhouse_server import ClickHouseServer
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server


@dataclass(frozen=True, slots=True)
class Amount:
    """Cases, answers to each question of the page and of analysts, newer states a second.

    One answer is the first one, with cold caches; of more the first does not count.
    """

    cases: int
    page: int
    analyst: int
    changes_per_s: int


_AMOUNTS = {
    "full": (Amount(1_000_000, 40, 5, 500), Amount(10_000_000, 3, 1, 500)),
    "small": (Amount(20_000, 3, 3, 50),),
}
# Of one question; the engine's own default for the demo is less than 10 million cases need.
_MEMORY_MB = 8_000
_LIMIT_MS = 200.0
_MILLION = 1_000_000


def warehouse(station: Station, size: Size) -> Outcome:
    """Fill a warehouse, then ask every question while newer states come in."""
    found = Outcome(
        "warehouse",
        "Answers of the warehouse while it is written to",
        ["question", "cases", "rows", "p50 ms", "p95 ms", "processor ms", "answers"],
    )
    for amount in _AMOUNTS[size.name]:
        _measure(station, found, amount)
    found.notes.append(
        "Every question of the page (dashboards/queries) of the whole province without a filter, "
        "which is the most work, and every question of analysts over half a year by its own "
        "choice of rows, one at a time over one connection to the embedded engine, which has both "
        "cores to share with what writes. Processor time is the server's, writing included. "
        "What is written lies ready before the first question, so that making it up takes nothing "
        "from the answers; each table is merged into one part before that, as most of a table is "
        "that has stood for a while. p95 is the answer that 95 in 100 do not exceed."
    )
    return found


def _measure(station: Station, found: Outcome, amount: Amount) -> None:
    folder, cases = station.folder / "warehouse", amount.cases
    province = Province(cases, int(time.time() * 1000))
    try:
        with ClickHouseServer(folder, memory_mb=_MEMORY_MB) as engine:
            server = Server(engine.host, engine.port, "bench")
            migrate(server)
            begun_s = time.monotonic()
            province.fill(server)
            filled_s = time.monotonic() - begun_s
            with server.client() as client:
                held = ", ".join(f"{rows:,} {name}" for name, rows, _ in tables(client)
                                 if rows > cases // 10)  # fmt: skip
                size_gb = sum(size for _, _, size in tables(client)) / 1e9
                [(case_id,)] = client.execute("SELECT max(case_id) FROM cases")
            pid = engine.process.pid or 0
            changes = Changes(server, province, amount.changes_per_s)
            with Ingest(server, changes) as writing:
                timings = [
                    time_question(server, pid, asked, getattr(amount, asked.whose))
                    for asked in all_questions(province.as_of_ms, case_id)
                ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found.notes.append(
        f"{cases:,} cases: {held}; {size_gb:.2f} GB, filled in {filled_s:.0f} s. Meanwhile "
        f"{writing.rows:,} newer states were written, {writing.behind_s:.0f} s late at the end."
    )
    _report(found, cases, timings)


def _report(found: Outcome, cases: int, timings: list[Timing]) -> None:
    for each in timings:
        name = f"{each.asked.whose}: {each.asked.name}"
        row: list[Cell] = [name, cases, each.rows, round(each.p50_ms), round(each.p95_ms),
                           round(each.server_ms), each.answers]  # fmt: skip
        found.rows.append(row)
        if each.fault:
            found.notes.append(f"{name} at {cases:,}: {each.fault}")
        elif each.asked.whose == "page":
            found.bars.append(Bar(f"page at {cases:,} cases, p95 ms", each.asked.name, each.p95_ms))
    if cases == _MILLION:
        slow = [each for each in timings if each.asked.whose == "page" and each.p95_ms > _LIMIT_MS]
        found.marks.append(
            Mark("warehouse: questions of the page over 200 ms p95 at 1 M", len(slow), at_most=0)
        )
    faults = sum(bool(each.fault) for each in timings)
    found.marks.append(
        Mark(f"warehouse: questions without an answer at {cases:,}", faults, at_most=0)
    )
