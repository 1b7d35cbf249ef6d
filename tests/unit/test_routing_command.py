"""``jushou route`` says who would get what, and why."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from jushou.cli.route import route
from tests.notify_builders import FIXTURES, escalation


def run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(route)
    found = CliRunner().invoke(app, list(arguments))
    return found.exit_code, found.output


def test_it_prints_recipients_times_and_the_chain_of_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "escalations.jsonl"
    path.write_bytes(msgspec.json.encode(escalation(at="2026-03-02 23:00")))
    at = (str(path), "--as-of", "2026-03-02T23:00:00+08:00")
    code, output = run(*at, "--routing", str(FIXTURES / "office"))
    assert code == 0
    # Without the option it answers by the routing that the notifier of this machine has.
    monkeypatch.setenv("JUSHOU_ROUTING", str(FIXTURES / "office"))
    assert run(*at) == (0, output)
    assert "person/second@post" in output
    assert "route 'kunming water' → group kunming-water → on-duty; held: quiet-hours" in output
    assert "2026-03-03T07:00:00+08:00" in output
    assert "undelivered → county-duty" in output


def test_a_file_that_holds_something_else_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "escalations.jsonl"
    path.write_bytes(msgspec.json.encode(escalation()) + b"\n{}\n")
    code, output = run(str(path))
    assert code == 1
    assert f"{path}:2: not an escalation" in output
