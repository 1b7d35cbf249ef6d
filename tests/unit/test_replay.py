"""``jushou replay`` on the example logs gives exactly what is expected, by the command itself."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jushou.cli.main import app
from schemas.dates import date_text
from schemas.instants import day_of, parse_instant
from streams.core.groups import groups
from streams.core.replay import Replay, default_engine
from tests.builders import event

EXAMPLES = Path(__file__).parents[1] / "examples"
AS_OF = {
    "hand": "2026-10-12T00:00:00+08:00",
    "mixed": "2026-06-01T00:00:00+08:00",
    "edges": "2026-06-01T00:00:00+08:00",
    "yearend": "2026-12-20T00:00:00+08:00",
}
FIELDS = {
    "verdicts": (
        "case_id", "item", "clock", "cycle", "start_event_id", "started_at", "due_at",
        "stopped_at", "stop_event_id", "status", "breached_at",
    ),
    "escalations": (
        "escalation_id", "case_id", "clock", "start_event_id", "level", "to", "at",
    ),
    "violations": ("case_id", "rule", "event_id"),
}  # fmt: skip


def rows(text: str, kind: str) -> Counter[tuple[Any, ...]]:
    def value(row: dict[str, Any], name: str) -> Any:
        is_instant = name == "at" or name.endswith("_at")
        return parse_instant(row[name]) if is_instant and row[name] else row[name]

    return Counter(
        tuple(value(row, name) for name in FIELDS[kind])
        for row in map(json.loads, text.splitlines())
    )


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("log", AS_OF)
def test_a_replay_of_an_example_gives_exactly_the_expected_output(log: str, kind: str) -> None:
    path = EXAMPLES / f"{log}.jsonl"
    result = CliRunner().invoke(app, ["replay", str(path), "--as-of", AS_OF[log], "--show", kind])
    assert result.exit_code == 0, result.output
    expected = (EXAMPLES / f"{log}.{kind}.jsonl").read_text("utf-8")
    assert rows(result.stdout, kind) == rows(expected, kind)
    assert all(line.startswith("conflict: ") for line in result.stderr.splitlines())
    assert ("conflict: " in result.stderr) is (log != "hand")


def test_bad_lines_are_named_with_number_and_reason_and_the_good_ones_are_judged(
    tmp_path: Path,
) -> None:
    good = json.dumps(event("A", "1", "submitted", "2026-03-02 09:00"))
    log = tmp_path / "log.jsonl"
    log.write_text(f'{good}\n{{"event_id": 3}}\n\nnot json\n', "utf-8")
    result = CliRunner().invoke(app, ["replay", str(log), "--as-of", "2026-03-02T10:00:00+08:00"])
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 3
    assert "line 2: missing-field" in result.stderr
    assert "line 4: not-json" in result.stderr


@pytest.mark.parametrize(
    ("started", "as_of", "due"),
    [
        ("9999-12-30T09:00:00+08:00", "9999-12-31T00:00:00+08:00", "10000-01-10T00:00:00+08:00"),
        ("0001-01-01T00:00:00+14:00", "0001-01-02T00:00:00Z", "0001-01-11T00:00:00+08:00"),
    ],
)
def test_a_case_at_either_end_of_the_calendar_is_judged(
    started: str, as_of: str, due: str, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    record = event("A", "1", "submitted", "2026-03-02 09:00") | {"occurred_at": started}
    log.write_text(json.dumps(record), "utf-8")
    result = CliRunner().invoke(app, ["replay", str(log), "--as-of", as_of])
    assert result.exit_code == 0, result.output
    found = {row["clock"]: row["due_at"] for row in map(json.loads, result.stdout.splitlines())}
    assert found["overall"] == due
    account = CliRunner().invoke(
        app, ["explain", "A", "--events", str(log), "--as-of", as_of, "--lang", "en"]
    )
    assert account.exit_code == 0, account.output
    assert date_text(day_of(parse_instant(started))) in account.output


def test_a_case_of_the_year_0_is_counted() -> None:
    record = event("A", "1", "submitted", "2026-03-02 09:00")
    record["occurred_at"] = "0001-01-01T00:00:00+14:00"
    replay = Replay(default_engine(), parse_instant("2026-03-02T00:00:00Z"))
    replay.read([json.dumps(record).encode()])
    days = {key[1] for key in groups(replay.cases["A"])}
    assert days == {"0000-12-31", None}


@pytest.mark.parametrize("as_of", ["2026-03-02", "2026-03-02T10:00:00", "yesterday"])
def test_an_instant_without_offset_is_a_usage_error_that_says_so(as_of: str) -> None:
    log = EXAMPLES / "hand.jsonl"
    result = CliRunner().invoke(app, ["replay", str(log), "--as-of", as_of])
    assert result.exit_code == 2
    assert as_of in result.output


def test_a_log_that_cannot_be_read_is_a_usage_error() -> None:
    result = CliRunner().invoke(
        app, ["replay", "nowhere.jsonl", "--as-of", "2026-03-02T10:00:00+08:00"]
    )
    assert result.exit_code == 2
    assert "nowhere.jsonl" in result.output
