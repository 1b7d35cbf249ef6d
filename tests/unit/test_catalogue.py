"""The shipped catalogue against the literal table, and its versions by date in force."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from schemas.catalogue.load import SHIPPED, load_catalogue, newest_items
from schemas.catalogue.model import Certainty, Clock, Condition, Duration, Item, Text, Unit
from tests.reference import catalogue as table

LATER = Path(__file__).parents[1] / "fixtures" / "catalogue" / "later"
ITEMS = newest_items(load_catalogue())
# The last letter of each clock in the table of the specification, by item, in its order.
CERTAINTY = {
    "civil.temporary-aid": "P P",
    "civil.destitute-support": "A P",
    "civil.minimum-living": "A P",
    "employment.job": "A A A",
    "employment.training": "A A",
    "housing.dilapidated": "A A P A A A",
    "water.drinking": "S S/A S/A S",
    "education.dropout": "A A A A",
    "health.facility-lookup": "",
    "health.appointment": "A",
    "health.chronic-care": "A A P A",
    "health.serious-illness": "A A",
    "insurance.enrolment": "A A",
    "insurance.remote-claim": "A A",
    "insurance.serious-illness-aid": "A A",
    "monitoring.lead": "P A",
}


def in_the_words_of_the_table(clock: Clock) -> table.Clock:
    return table.Clock(
        name=clock.name,
        starts=tuple(
            (start.event, {each.attribute: each.values for each in start.where})
            for start in clock.starts
        ),
        stops=tuple(sorted(clock.stops)),
        limit=clock.limit.amount,
        unit=clock.limit.unit.value,
        honours=tuple(sorted(pause.value for pause in clock.honours)),
        extendable=clock.extendable_by.amount if clock.extendable_by else 0,
        each=clock.each,
    )


def sorted_stops(clock: table.Clock) -> table.Clock:
    return table.Clock(
        **{**vars(clock), "stops": tuple(sorted(clock.stops))}  # the order of stops means nothing
    )


def test_the_catalogue_has_the_fifteen_items_and_the_lead() -> None:
    assert {item.code for item in ITEMS} == set(table.CLOCKS)
    assert len(ITEMS) == 16


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.code)
def test_an_item_has_the_clocks_of_the_table(item: Item) -> None:
    expected = {clock.name: sorted_stops(clock) for clock in table.CLOCKS[item.code]}
    assert {
        name: in_the_words_of_the_table(clock) for name, clock in item.clocks.items()
    } == expected
    assert item.types == table.types_of(item.code)
    assert item.supervised is ("overall" in expected)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.code)
def test_each_clock_has_the_ladder_of_its_kind_and_unit(item: Item) -> None:
    for clock in item.clocks.values():
        expected = table.ladder_of(in_the_words_of_the_table(clock))
        assert [(step.level, step.offset, step.to) for step in clock.ladder] == expected
        for step in clock.ladder:
            assert step.unit is (Unit.WORKING_DAYS if step.offset > 0 else clock.limit.unit)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.code)
def test_each_number_says_how_certain_it_is_and_why(item: Item) -> None:
    of_stages = [clock for clock in item.clocks.values() if clock.name != "overall"]
    assert " ".join(clock.source.certainty for clock in of_stages) == CERTAINTY[item.code]
    for rule in (*item.clocks.values(), *item.quotas):
        for text in (rule.text, rule.source.text):
            assert text.zh.strip()
            assert text.en.strip()


def test_the_count_rules_are_those_of_the_specification() -> None:
    rules = {
        (item.code, quota.rule): (quota.measure, sorted(quota.events), quota.at_most)
        for item in ITEMS
        for quota in item.quotas
        if quota.rule != "reason-required"
    }
    assert rules == {
        ("employment.job", "rounds"): ("events", ["recommended"], 3),
        ("employment.job", "offers-per-round"): ("each", ["recommended"], 15),
        ("employment.job", "offers"): ("sum", ["recommended"], 45),
        ("employment.training", "rounds"): ("events", ["mobilised", "organised"], 2),
    }


def test_training_has_a_third_round_for_a_zero_employment_household() -> None:
    rounds = load_catalogue().item("employment.training").quotas[0]
    assert rounds.relaxed_where == Condition("zero_employment", (True,))
    assert rounds.relaxed_to == 3


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.code)
def test_every_item_asks_for_the_reason_of_a_rejection(item: Item) -> None:
    rule = next(quota for quota in item.quotas if quota.rule == "reason-required")
    assert (rule.measure, rule.events, rule.attribute) == ("required", {"rejected"}, "reason")


def test_everything_shown_has_a_name_in_both_languages() -> None:
    catalogue = load_catalogue()
    used = {event for item in ITEMS for event in item.types}
    assert used <= set(catalogue.types)
    assert {item.department for item in ITEMS} <= set(catalogue.departments)
    steps = [step for item in ITEMS for clock in item.clocks.values() for step in clock.ladder]
    assert {step.level for step in steps} == set(catalogue.levels)
    assert {step.to for step in steps} == set(catalogue.recipients)
    named = [catalogue.types, catalogue.departments, catalogue.levels, catalogue.recipients]
    for text in [text for names in named for text in names.values()]:
        assert text.zh.strip()
        assert text.en.strip()


def test_every_event_type_that_is_declared_belongs_to_an_item() -> None:
    assert set(load_catalogue().types) == {event for item in ITEMS for event in item.types}


def test_the_shipped_catalogue_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


class TestALaterPolicy:
    """A folder that holds only the items it changes, whole."""

    catalogue = load_catalogue([SHIPPED, LATER])

    def test_holds_from_its_first_day(self) -> None:
        day = dt.date(2027, 1, 1)
        before = self.catalogue.item("water.drinking", day - dt.timedelta(days=1))
        after = self.catalogue.item("water.drinking", day)
        assert (before.policy, after.policy) == ("2021-11", "2027-01")
        assert before.clocks["accept"].limit == Duration(24, Unit.HOURS)
        assert after.clocks["accept"].limit == Duration(12, Unit.HOURS)

    def test_leaves_the_first_one_in_force_before_any_began(self) -> None:
        assert self.catalogue.item("water.drinking", dt.date(2001, 1, 1)).policy == "2021-11"

    def test_leaves_the_other_items_as_they_are(self) -> None:
        others = set(self.catalogue.versions) - {"water.drinking"}
        assert all(len(self.catalogue.versions[code]) == 1 for code in others)

    def test_may_give_a_clock_a_ladder_of_its_own(self) -> None:
        ladder = self.catalogue.item("water.drinking").clocks["overall"].ladder
        assert [(step.level, step.offset) for step in ladder] == [("yellow", -1), ("supervise", 0)]

    def test_supervises_by_an_overall_clock_of_its_own(self) -> None:
        assert self.catalogue.item("water.drinking").supervised

    def test_is_found_in_whatever_order_the_folders_come(self) -> None:
        assert load_catalogue([LATER, SHIPPED]).versions == self.catalogue.versions


def test_a_clock_shorter_than_its_warning_is_loaded_with_the_ladder_of_its_unit() -> None:
    enrol = load_catalogue().item("insurance.enrolment").clocks["enrol"]
    assert enrol.limit == Duration(1, Unit.WORKING_DAYS)
    assert enrol.ladder[0].offset == -1


def test_a_certainty_is_shown_as_the_files_write_it() -> None:
    dispatch = load_catalogue().item("water.drinking").clocks["dispatch"]
    assert dispatch.source.certainty is Certainty.STATED_AND_ASSUMED
    assert dispatch.text == Text("派单", "Dispatch")
