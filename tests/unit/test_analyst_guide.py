"""The analysts' guide shows every question, and nothing that cannot be asked."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

import pytest

from sinks.analysis.asking import parameters, scope_up_to
from sinks.analysis.questions import question, questions

GUIDE = (Path(__file__).parents[2] / "docs" / "analyst.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ jushou export (.*)$", GUIDE, re.MULTILINE)


def test_every_question_that_there_is_stands_in_the_guide() -> None:
    missing = [name for name in questions() if f"jushou export {name}" not in GUIDE]
    assert missing == []
    listed = GUIDE.partition("$ jushou export --list\n")[2].partition("```")[0]
    assert [line.split()[0] for line in listed.splitlines()] == list(questions())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_guide_asks_what_there_is(command: str) -> None:
    words = shlex.split(command)
    if words[0] == "--list":
        return
    asked = question(words[0])
    if "--by" in words:
        by = words[words.index("--by") + 1].split(",")
        scope = dataclasses.replace(scope_up_to(0), by=tuple(by))
        assert parameters(asked, scope)["by"] == ",".join(by)


def test_the_guide_says_first_of_all_that_its_data_are_simulated() -> None:
    assert "simulated" in GUIDE[:300]


def test_every_answer_is_there() -> None:
    answers = re.findall(r"^\$ jushou export .*\n(.)", GUIDE, re.MULTILINE)
    assert len(answers) == len(COMMANDS) > 15
    assert "Traceback" not in GUIDE
    assert "Exception" not in GUIDE.partition("What the read-only user cannot do")[0]
