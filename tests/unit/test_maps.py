"""The maps do not rot: what the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.topics import TOPICS

ROOT = Path(__file__).parents[2]
EVENT_PATH = (ROOT / "docs" / "event-path.md").read_text("utf-8")
ROWS = [row for row in EVENT_PATH.splitlines() if row.startswith("|")][2:]


@pytest.mark.parametrize("row", ROWS)
def test_every_file_and_name_on_the_path_of_an_event_exists(row: str) -> None:
    _, file, what, _ = (cell.strip(" `") for cell in row.strip("|").split("|"))
    text = (ROOT / file).read_text("utf-8")
    if what:
        assert re.search(rf"^(?:def|class) {what}\b|^{what} = ", text, re.MULTILINE), what


def test_every_topic_and_table_on_the_path_exists() -> None:
    topics = {topic.name for topic in TOPICS}
    assert set(re.findall(r"jushou\.[a-z-]+\.v1", EVENT_PATH)) <= topics
    migrations = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "sinks/clickhouse/migrations").glob("*.sql")
    )
    for table in ("case_events", "cases", "clock_verdicts", "escalations", "aggregates"):
        assert table in EVENT_PATH
        assert re.search(rf"CREATE (?:TABLE|VIEW)[^(]*\b{table}\b", migrations), table


def test_every_document_that_the_readme_links_to_exists() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", readme)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []
