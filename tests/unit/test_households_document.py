"""``docs/households.md`` names what exists: files, functions, topics, tables, questions, rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.monitoring.load import load_monitoring
from schemas.topics import TOPICS
from sinks.analysis.questions import questions

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "households.md").read_text("utf-8")
PATH = [row for row in TEXT.split("## Signals")[0].splitlines() if row.startswith("|")][2:]


@pytest.mark.parametrize("row", PATH)
def test_every_step_of_the_path_of_a_signal_exists(row: str) -> None:
    _, files, what, _ = (cell.strip() for cell in row.strip("|").split("|"))
    for file in re.findall(r"`([^`]+)`", files):
        text = (ROOT / file).read_text("utf-8")
        name = what.strip("`")
        assert not name or re.search(rf"^(?:def|class) {name}\b", text, re.MULTILINE), name


def test_every_topic_view_and_question_exists() -> None:
    named = set(re.findall(r"jushou\.[a-z-]+\.v1", TEXT))
    assert named <= {topic.name for topic in TOPICS}
    assert len(named) >= 6
    asked = {question.name for question in questions().values()}
    assert {"directions", "blind_spots", "dismissed_then_asked", "relapse_alarms"} <= asked
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_every_number_of_the_risk_is_marked_as_assumed() -> None:
    for rules in load_monitoring().risk:
        assert rules.source.certainty == "A"
