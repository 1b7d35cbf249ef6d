"""The whole pipeline on this machine: files in, verdicts and escalations in ClickHouse, a page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from clickhouse_driver import Client

from jushou.runtime.progress import lag, metric
from jushou.runtime.stack import Stack
from schemas.instants import from_datetime, parse_instant, to_datetime
from schemas.topics import AGGREGATES, CASE_EVENTS, CASE_STATES, ESCALATIONS
from tests.pipeline import until

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "tests" / "examples"
VERDICTS = (ROOT / "sinks/clickhouse/queries/verdicts.sql").read_text("utf-8")
STORED = (CASE_EVENTS.name, CASE_STATES.name, ESCALATIONS.name, AGGREGATES.name)
AS_OF = {"mixed": "2026-06-01T00:00:00+08:00", "edges": "2026-06-01T00:00:00+08:00"}
VERDICT = ("case_id", "item", "clock", "cycle", "start_event_id", "started_at", "due_at",
           "stopped_at", "stop_event_id", "status", "breached_at")  # fmt: skip
ESCALATION = ("escalation_id", "case_id", "clock", "start_event_id", "level", "to", "at")


def expected(log: str, kind: str, fields: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    def value(row: dict[str, Any], name: str) -> Any:
        is_instant = name == "at" or name.endswith("_at")
        return parse_instant(row[name]) if is_instant and row[name] else row[name]

    text = (EXAMPLES / f"{log}.{kind}.jsonl").read_text("utf-8")
    rows = map(json.loads, text.splitlines())
    return Counter(tuple(value(row, name) for name in fields) for row in rows)


def stored(client: Client, sql: str, fields: tuple[str, ...], **parameters: Any) -> Counter:
    """Rows of a query by its column names; instants as milliseconds, ids as text."""
    rows, columns = client.execute(sql, parameters, with_column_types=True)
    names = [name for name, _ in columns]

    def value(row: dict[str, Any], name: str) -> Any:
        found = row[name]
        if name == "at" or name.endswith("_at"):
            return None if found is None else from_datetime(found)
        return str(found) if name == "escalation_id" else found

    as_dicts = (dict(zip(names, row, strict=True)) for row in rows)
    return Counter(tuple(value(row, name) for name in fields) for row in as_dicts)


@pytest.fixture(params=AS_OF)
def judged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Stack]]:
    """A stack with a frozen now, into which ``jushou produce`` has sent an example log."""
    log: str = request.param
    with Stack(tmp_path, simulated=True, as_of=AS_OF[log]) as stack:
        subprocess.run(
            [sys.executable, "-m", "jushou.cli.main", "produce", str(EXAMPLES / f"{log}.jsonl"),
             "--bootstrap", stack.kafka.bootstrap],
            check=True, capture_output=True,
        )  # fmt: skip
        until(lambda: metric(stack.worker_metrics, "jushou_case_events_total") > 0, "it began")
        until(
            lambda: (
                lag(stack.kafka.bootstrap, stack.settings.worker_group, [CASE_EVENTS.name]) == 0
                and metric(stack.worker_metrics, "jushou_worker_at_rest") == 1
            ),
            "the worker is at rest",
        )
        until(
            lambda: lag(stack.kafka.bootstrap, stack.settings.sink_group, STORED) == 0,
            "all of it is stored",
        )
        yield log, stack


def test_a_produced_log_is_read_back_from_clickhouse_exactly_and_shown_by_the_page(
    judged: tuple[str, Stack],
) -> None:
    log, stack = judged
    as_of = f"{to_datetime(parse_instant(AS_OF[log])):%Y-%m-%d %H:%M:%S.000}"
    database = stack.settings.clickhouse_database
    with Client(stack.clickhouse.host, stack.clickhouse.port, database=database) as client:
        verdicts = stored(client, VERDICTS, VERDICT, as_of=as_of)
        standing = stored(client, "SELECT * FROM escalations_standing", ESCALATION)
        withdrawn = client.execute("SELECT count() FROM escalations WHERE state = 'withdrawn'")
        violations = stored(client, "SELECT * FROM violations", ("case_id", "rule", "event_id"))
    assert verdicts == expected(log, "verdicts", VERDICT)
    assert standing == expected(log, "escalations", ESCALATION)
    assert violations == expected(log, "violations", ("case_id", "rule", "event_id"))
    assert withdrawn == [(0,)]
    numbers = httpx.get(f"{stack.page}/api/panels/numbers", timeout=30).json()["rows"][0]
    late_cases = {row[0] for row in verdicts if row[9] == "running" and row[10] is not None}
    assert numbers["late"] == len(late_cases)


def test_the_demo_fills_the_page_prints_a_summary_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    before = set(os.listdir("/proc"))
    ended = subprocess.run(
        [sys.executable, "-m", "jushou.cli.main", "demo", "--once", "--cases", "600",
         "--folder", str(tmp_path)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    total = next(line for line in ended.stdout.splitlines() if "合计" in line)
    cases = int(total.split("│")[2].replace(",", ""))
    assert 550 < cases <= 600
    assert "water" in ended.stdout or "drinking" in ended.stdout
    assert processes_of(tmp_path, before) == []


def test_the_demo_goes_on_live_and_stops_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    before = set(os.listdir("/proc"))
    running = subprocess.Popen(
        [sys.executable, "-m", "jushou.cli.main", "demo", "--cases", "300", "--rate", "20",
         "--folder", str(tmp_path)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    with running:
        lines = iter(running.stdout.readline, "")
        page = next(line for line in lines if "http://" in line).split("http://")[1].split()[0]

        def received() -> int:
            rows = httpx.get(f"http://{page}/api/panels/numbers", timeout=30).json()["rows"]
            return int(rows[0]["received_total"])

        at_first = received()
        until(lambda: received() > at_first, "a live case is on the page")
        running.send_signal(signal.SIGINT)
        assert running.wait(90) == 0
    assert processes_of(tmp_path, before) == []


def processes_of(folder: Path, before: set[str]) -> list[str]:
    """Command lines of processes that began since and name the folder."""
    left = []
    for number in set(os.listdir("/proc")) - before:
        if not number.isdigit():
            continue
        try:
            command = Path(f"/proc/{number}/cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            left.append(command.decode("utf-8", "replace"))
    return left
