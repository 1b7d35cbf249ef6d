"""The account of a household: the sum adds up, the words are there in both languages."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from jushou.cli.household_screen import direction, show
from schemas.household import HouseholdState, Life
from schemas.monitoring.load import load_monitoring
from streams.core.household import add_case, add_signal, settle
from streams.core.household_account import HouseholdAccount, account_for, describe
from streams.core.risk import index_at
from tests.household_builders import lead, ms, says, seen

DATA = load_monitoring()


def state() -> HouseholdState:
    made = HouseholdState("H1")
    add_signal(made, seen("s1", "2026-03-01", "medical-expense", kind="marginal"))
    add_signal(made, seen("s2", "2026-03-05", "dropout", source="screening", value=1.0))
    add_case(made, says("W1", "2026-03-20"))
    dismissed = ("2026-03-10", Life.DISMISSED)
    add_case(made, lead("L1", "2026-03-01", dismissed))
    settle(made, DATA)
    return made


def account(as_of: str = "2026-04-01") -> HouseholdAccount:
    return account_for(state(), DATA, ms(as_of))


def test_the_index_is_the_sum_of_what_its_drivers_add() -> None:
    told = account()
    assert told.index == pytest.approx(sum(each.adds for each in told.drivers), abs=0.05)
    assert told.index == index_at(state().summary.drivers, ms("2026-04-01"))
    assert all(each.adds == 0 for each in told.ended)


def test_half_of_a_driver_is_left_after_its_half_life() -> None:
    made = HouseholdState("H1")
    add_signal(made, seen("s1", "2026-01-01", "medical-expense"))
    settle(made, DATA)
    (driver,) = account_for(made, DATA, ms("2026-06-30")).drivers
    assert driver.half_life_d == 180
    assert driver.adds == pytest.approx(driver.points / 2)


def test_every_rule_has_words_in_both_languages() -> None:
    for rules in DATA.risk:
        for code in rules.rules:
            words = describe(code, DATA, rules.since)
            assert words.zh.strip()
            assert words.en.strip()


def test_new_rules_count_from_their_day_on_and_leave_the_past_as_it_was() -> None:
    (old,) = DATA.risk
    code, since = "signal:medical-expense", ms("2026-03-10")
    rule = dataclasses.replace(old.rules[code], points=60.0)
    new = dataclasses.replace(
        old, name="2026-03", since=since, rules={**old.rules, code: rule},
        levels={"default": (("low", 0.0), ("high", 50.0))},
    )  # fmt: skip
    data = dataclasses.replace(DATA, risk=(old, new))
    before, after = HouseholdState("H1"), HouseholdState("H1")
    for state, rules in ((before, DATA), (after, data)):
        add_signal(state, seen("s1", "2026-03-01", "medical-expense"))
        add_signal(state, seen("s2", "2026-03-10", "medical-expense"))
        settle(state, rules)
    assert [each.points for each in after.summary.drivers] == [24.0, 60.0]
    assert [each.level for each in after.summary.trail] == ["watch", "high"]
    past = ms("2026-03-09 23:59")
    told = account_for(after, data, past)
    assert (told.index, told.level) == (account_for(before, DATA, past).index, "watch")
    assert [name for name, _ in told.levels] == ["low", "watch", "elevated", "high"]
    told = account_for(after, data, since)
    assert (told.index, told.level) == (60.0, "high")
    assert told.levels == [("low", 0.0), ("high", 50.0)]


def test_the_account_of_an_earlier_day_knows_nothing_of_later_ones() -> None:
    told = account("2026-03-08")
    assert (told.status, told.first_request_at, told.asked_after_dismissal_at) == (
        "found", None, None,
    )  # fmt: skip
    assert account("2026-02-01").level == "low"


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("zh", ["政府找在先", "19.0 天", "医疗支出大", "防止返贫致贫对象", "已核实排除"]),
     ("en", ["Found first", "19.0 days", "Large medical bill", "At risk of poverty", "dismissed"])],
)  # fmt: skip
def test_the_screen_says_who_came_first_and_why(lang: str, expected: list[str]) -> None:
    page = io.StringIO()
    show(account(), Console(file=page, width=120), lang)  # type: ignore[arg-type]
    for text in expected:
        assert text in page.getvalue()
    assert direction(account(), lang)  # type: ignore[arg-type]
