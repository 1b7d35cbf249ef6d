"""The questions and definitions of the page agree with each other and with the panels."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboards.api import read_definitions
from dashboards.panels import COUNTS, PANELS
from dashboards.queries import query, question_names
from dashboards.scope import Scope

PARAMETERS = {*Scope().parameters(0, 1), "case_id"}


@pytest.mark.parametrize("name", sorted(question_names()))
def test_a_question_says_what_it_counts_and_takes_only_known_parameters(name: str) -> None:
    sql = query(name)
    assert sql.startswith("-- ")
    assert set(re.findall(r"%\((\w+)\)s", sql)) <= PARAMETERS
    assert "%" not in re.sub(r"%\(\w+\)s", "", sql), "a bare % breaks the driver's substitution"


@pytest.mark.parametrize("name", sorted(question_names() - {"freshness", "case"}))
def test_a_question_about_cases_asks_as_of_and_never_of_now(name: str) -> None:
    assert re.search(r"%\(as_of_(ms|text)\)s", query(name))
    assert not re.search(r"\b(now|now64|today|yesterday)\(", query(name))


def test_every_panel_has_its_question() -> None:
    assert set(PANELS) <= question_names()


def test_every_number_and_panel_is_defined_in_both_languages_by_a_question() -> None:
    definitions = read_definitions()
    assert set(definitions["numbers"]) == set(COUNTS)
    assert set(definitions["panels"]) == {*PANELS, "map", "clocks", "freshness"} - {"numbers"}
    for entry in (*definitions["numbers"].values(), *definitions["panels"].values()):
        assert entry["query"] in question_names()
        for language in ("zh", "en"):
            assert entry[language]["name"]
            assert entry[language]["text"]


def test_the_tables_of_counts_count_alike() -> None:
    def counting(name: str) -> str:
        body = query(name).split("WITH", 1)[1]
        return re.sub(r"(?s)SELECT\n.*?,\n|\nGROUP BY .*", "", body, count=1).split("\nGROUP BY")[0]

    whole = counting("numbers").strip()
    for name in ("directions", "items", "counties", "prefectures"):
        assert counting(name).strip() == whole


def test_the_instant_is_given_to_the_millisecond_in_utc() -> None:
    given: dict[str, Any] = Scope().parameters(1_700_000_000_005, 1)
    assert given["as_of_text"] == "2023-11-14 22:13:20.005"
