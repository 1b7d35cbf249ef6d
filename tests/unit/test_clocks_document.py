"""Every command of ``docs/clocks.md`` works, and shows what the document shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "clocks.md").read_text("utf-8")
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PACKAGES = ("jushou", "streams", "sinks", "producers", "dashboards")


def steps() -> list[tuple[str, str]]:
    """Each block of commands with the text that the document shows after it, if any."""
    found: list[tuple[str, str]] = []
    for kind, text in BLOCK.findall(DOCUMENT):
        if kind == "sh":
            found.append((text, ""))
        else:
            found[-1] = (found[-1][0], text)
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose data files can be changed; all else is this one's."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas", ignore=ignored)
    for name in (*PACKAGES, "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def run(commands: str, checkout: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {
        "PATH": path, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "200",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-eu", "-c", commands], cwd=checkout, env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def flat(text: str) -> str:
    """The words of an output, whatever its columns and lines."""
    return re.sub(r"[\s│]+", " ", text)


def test_every_command_of_the_document_works_and_shows_what_it_says(checkout: Path) -> None:
    for commands, expected in steps():
        shown = flat(run(commands, checkout))
        for line in expected.splitlines():
            assert flat(line).strip() in shown, (commands, shown)


def test_the_document_has_commands_and_what_they_show() -> None:
    assert len(steps()) >= 6
    assert sum(bool(expected) for _, expected in steps()) >= 5
