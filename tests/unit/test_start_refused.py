"""A catalogue that cannot work stops a process at start, with every fault and no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "tests" / "fixtures" / "catalogue" / "broken"
PACKAGES = ("jushou", "streams", "sinks", "producers", "dashboards")
# The examples of what cannot work: each file has one mistake, on the line that says FAULT.
MISTAKES = (
    "start-that-never-occurs",
    "warning-longer-than-the-limit",
    "unknown-event-in-a-stop",
    "item-already-defined",
    "unknown-unit",
    "applies-to-nobody-known",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with those files among its policies."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas", ignore=ignored)
    for name in PACKAGES:
        (tmp_path / name).symlink_to(ROOT / name)
    folder = tmp_path / "schemas" / "catalogue" / "broken"
    folder.mkdir()
    for name in MISTAKES:
        shutil.copy(BROKEN / f"{name}.yaml", folder)
    return tmp_path


@pytest.mark.parametrize(
    "command", [["worker"], ["replay", "-", "--as-of", "2026-06-01T00:00:00+08:00"]]
)
def test_a_process_stops_at_start_with_every_fault_by_file_and_line(
    checkout: Path, command: list[str]
) -> None:
    jushou = Path(sys.executable).parent / "jushou"
    environment = os.environ | {"PYTHONPATH": str(checkout), "JUSHOU_BOOTSTRAP": "127.0.0.1:1"}
    done = subprocess.run(
        [jushou, *command], cwd=checkout, env=environment, input="", capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for name in MISTAKES:
        lines = (BROKEN / f"{name}.yaml").read_text("utf-8").splitlines()
        [(line, message)] = [
            (number, text.split("# FAULT: ")[1])
            for number, text in enumerate(lines, 1)
            if "# FAULT: " in text
        ]
        assert any(
            f"{name}.yaml:{line}: " in said and message in said for said in done.stderr.splitlines()
        ), (name, done.stderr)
