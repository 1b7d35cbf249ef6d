"""The questions and definitions of the page agree with each other and with the panels."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from dashboards.api import read_definitions
from dashboards.panels import COUNTS, PANELS
from dashboards.queries import in_force, query, question_names
from dashboards.scope import Scope

PARAMETERS = {*Scope().parameters(0, 1), "case_id", "household"}


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
    for panel in PANELS.values():
        assert {panel.question(Scope()), panel.question(Scope(level="red"))} <= question_names()


def test_every_number_and_panel_is_defined_in_both_languages_by_a_question() -> None:
    definitions = read_definitions()
    assert set(definitions["numbers"]) == {*COUNTS, "in_time", "accept_hours"}
    assert set(definitions["panels"]) == {*PANELS, "map", "clocks", "freshness"} - {"numbers"}
    for entry in (*definitions["numbers"].values(), *definitions["panels"].values()):
        assert entry["query"] in question_names()
    # What the page keeps itself, and so no question to the warehouse.
    assert set(definitions["records"]) == {"audit"}
    for entry in (entry for group in definitions.values() for entry in group.values()):
        for language in ("zh", "en"):
            assert entry[language]["name"]
            assert entry[language]["text"]


FIELDS = {field.name for field in fields(Scope)}


# A household has no channel and no department, and stands at no level of a ladder.
OF_HOUSEHOLDS = {"first", "blind_spots", "risk", "household_list", "leads"}


@pytest.mark.parametrize(
    "name",
    sorted({panel.question(Scope()) for panel in PANELS.values()} - {"counts"} - OF_HOUSEHOLDS)
    + ["counts_of_cases"],
)
def test_a_question_of_a_panel_follows_every_filter(name: str) -> None:
    assert set(re.findall(r"%\((\w+)\)s = ''\s+OR", query(name))) >= FIELDS


@pytest.mark.parametrize("name", sorted(OF_HOUSEHOLDS))
def test_a_question_about_households_follows_the_place(name: str) -> None:
    followed = set(re.findall(r"%\((\w+)\)s = ''\s+OR", query(name)))
    assert {"prefecture", "county", "township"} <= followed <= FIELDS


def test_published_counts_answer_only_what_they_are_kept_by() -> None:
    kept = {name for name in FIELDS if not Scope(**{name: "x"}).is_of_cases}
    assert set(re.findall(r"%\((\w+)\)s = '' OR", query("counts"))) == kept
    for name in FIELDS - kept:
        assert PANELS["items"].question(Scope(**{name: "x"})) == "counts_of_cases"


def test_the_instant_is_given_to_the_millisecond_in_utc() -> None:
    given: dict[str, Any] = Scope().parameters(1_700_000_000_005, 1)
    assert given["as_of_text"] == "2023-11-14 22:13:20.005"


@pytest.mark.parametrize("name", sorted(question_names()))
def test_a_filter_that_is_not_set_is_not_asked_for(name: str) -> None:
    everything: dict[str, Any] = dict.fromkeys(PARAMETERS, "") | Scope().parameters(0, 1)
    assert not re.search(r"\(%\(\w+\)s = ''\s+OR", in_force(query(name), everything))
    for field in FIELDS:
        asked = in_force(query(name), everything | {field: "x"})
        assert asked.count("(") == asked.count(")")
        assert (f"%({field})s" in asked) == (f"%({field})s" in query(name))
    assert in_force(query(name), dict.fromkeys(PARAMETERS, "x")) == query(name)


def test_what_is_left_of_a_question_is_what_was_around_the_condition() -> None:
    sql = "WHERE (%(county)s = '' OR county = %(county)s)\n  AND (%(level)s = '' OR a IN (f(x)))\nx"
    assert in_force(sql, {"county": "", "level": "red"}) == sql.replace(
        "(%(county)s = '' OR county = %(county)s)", "true"
    )
    assert in_force(sql, {"county": "530102", "level": ""}) == sql.replace(
        "(%(level)s = '' OR a IN (f(x)))", "true"
    )
