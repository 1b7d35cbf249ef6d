"""An account says when a clock went over to a new policy, and what was published about a case."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from random import Random

import msgspec
from rich.console import Console

from jushou.cli.explain_screen import show
from schemas.case_event import StoredEvent, decode
from schemas.case_state import CaseState, Fired
from schemas.catalogue.load import load_catalogue
from schemas.catalogue.model import AppliesTo, Duration, Unit
from schemas.escalation import Cause
from schemas.instants import date_of_day, day_of, render_instant
from streams.agents.keeper import CaseKeeper
from streams.core.calendar import build_calendars
from streams.core.case import Engine
from streams.core.explanation import explain
from streams.core.explanation_account import Explanation
from streams.core.explanation_published import CAUSES
from streams.core.policy_trial import applied_to, in_force_from
from streams.core.rules import build_rules
from streams.core.verdicts import status
from streams.state.partition import PartitionState
from tests.builders import Partition, at, delivered, event
from tests.strategies import lines_of, random_case

ITEM = "civil.minimum-living"
MONDAY = "2026-03-02 09:00"


def going_over(days: int, day: dt.date) -> Engine:
    """The shipped catalogue, and a policy for open clocks with another limit of "decide"."""
    shipped = load_catalogue()
    newest = shipped.versions[ITEM][-1]
    decide = replace(newest.clocks["decide"], limit=Duration(days, Unit.WORKING_DAYS))
    version = replace(newest, clocks={**newest.clocks, "decide": decide})
    new = replace(shipped, versions={**shipped.versions, ITEM: (version,)})
    catalogue = applied_to(in_force_from(shipped, new, day), AppliesTo.OPEN)
    return Engine(build_rules(catalogue), build_calendars(), catalogue)


def accepted() -> list[StoredEvent]:
    records = event("A", "1", "submitted", MONDAY, item=ITEM), event("A", "2", "accepted", MONDAY)
    return [decode(json.dumps(record).encode(), load_catalogue().versions)[1] for record in records]


def screen(account: Explanation, lang: str) -> str:
    console = Console(width=140, force_terminal=False)
    with console.capture() as shown:
        show(account, console, lang, None, False)  # type: ignore[arg-type]
    return shown.get()


def test_it_says_when_a_clock_went_over_and_what_that_took_back() -> None:
    by = going_over(40, dt.date(2026, 4, 15))
    account = explain(by, "A", accepted(), at("2026-04-15 09:00"))
    decide = next(clock for clock in account.clocks if clock.clock == "decide")
    assert (decide.limit, decide.rule.policy) == (40, "2021-11′")
    [carried] = decide.carried
    assert (carried.at, carried.old_policy, carried.policy) == (
        "2026-04-15T00:00:00+08:00", "2021-11", "2021-11′",
    )  # fmt: skip
    assert carried.old_due_at == "2026-04-15T00:00:00+08:00"
    assert carried.due_at == decide.due_at
    [taken_back] = next(step for step in decide.ladder if step.level == "yellow").superseded
    assert (taken_back.by, taken_back.policy) == (None, "2021-11′")
    assert "2021-11 → 2021-11′：2026年4月15日00:00起改按新政策计" in screen(account, "zh")
    assert "under the new policy from 2026-04-15 00:00" in screen(account, "en")


def test_it_says_what_it_would_have_said_before_the_policy() -> None:
    by = going_over(40, dt.date(2026, 4, 15))
    account = explain(by, "A", accepted(), at("2026-04-14 23:59"))
    decide = next(clock for clock in account.clocks if clock.clock == "decide")
    assert (decide.limit, decide.carried) == (30, [])


def test_the_account_of_every_hard_case_agrees_with_the_engine_across_policies() -> None:
    went_over = 0
    for seed in range(300):
        rng = Random(seed)
        log = random_case(rng, f"S{seed}")
        events = [decode(line, load_catalogue().versions)[1] for line in lines_of(log, seed)]
        by = everything_twice_as_quick(date_of_day(day_of(rng.choice(events).at) + 1))
        as_of = max(event.at for event in events) + 1
        state = CaseState(f"S{seed}")
        for stored in events:
            by.add(state, stored, as_of)
        by.advance(state, as_of)
        account = explain(by, f"S{seed}", events, as_of)
        said = {
            (each.clock, each.cycle, each.rule.policy, each.limit, each.status, each.due_at)
            for each in account.clocks
        }
        assert said == {
            (each.clock, each.ordinal, each.policy, each.limit, status(each),
             None if each.due_at is None else render_instant(each.due_at))
            for each in (*state.live, *state.ended)
        }  # fmt: skip
        went_over += sum(len(each.carried) for each in account.clocks)
        for clock in account.clocks:
            if clock.days and clock.due_at is not None:
                assert clock.days[-1].counted == clock.limit, (seed, clock.clock)
    assert went_over > 50


def everything_twice_as_quick(day: dt.date) -> Engine:
    shipped = load_catalogue()
    changed = {
        code: (replace(items[0], clocks={
            name: replace(clock, limit=Duration(max(1, clock.limit.amount // 2), clock.limit.unit))
            for name, clock in items[0].clocks.items()
        }),)
        for code, items in shipped.versions.items()
    }  # fmt: skip
    new = replace(shipped, versions=changed)
    catalogue = applied_to(in_force_from(shipped, new, day), AppliesTo.OPEN)
    return Engine(build_rules(catalogue), build_calendars(), catalogue)


def published(by: Engine) -> tuple[CaseState, Explanation]:
    """A case whose warning was published, then taken back by a policy."""
    partition = Partition(PartitionState(0, by.rules))
    partition.keeper = CaseKeeper(by, partition.state, partitions=1)
    partition.push(
        MONDAY,
        delivered(event("A", "1", "submitted", MONDAY, item=ITEM)),
        delivered(event("A", "2", "accepted", MONDAY)),
    )
    partition.sweep("2026-04-14 12:00")
    partition.sweep("2026-04-15 00:00")
    state = partition.state.peek("A")
    assert state is not None
    return state, explain(by, "A", state.events, at("2026-04-15 09:00"), state.fired)


def test_it_shows_what_was_published_with_revision_and_cause() -> None:
    _, account = published(going_over(40, dt.date(2026, 4, 15)))
    [warning] = [each for each in account.published if each.clock == "decide"]
    assert (warning.level, warning.revision, warning.state, warning.cause) == (
        "yellow", 2, "withdrawn", "superseded",
    )  # fmt: skip
    shown = screen(account, "zh")
    assert "已发出的预警督办" in shown
    assert "延期、新政策或日历改变了到期" in shown
    assert "an extension, a policy" in screen(account, "en")


def test_a_state_of_an_earlier_build_says_that_the_cause_was_not_recorded() -> None:
    by = going_over(40, dt.date(2026, 4, 15))
    fired = Fired("gone", "1", "yellow", 1, True, 0, None, 2, policy="gone", item="gone.item")
    [account] = explain(by, "A", accepted(), at(MONDAY), [fired]).published
    assert (account.name.en, account.cause_text.en) == ("gone", "its cause was not recorded")


def test_every_cause_has_words_in_both_languages() -> None:
    assert set(CAUSES) == set(Cause)
    assert all(text.zh and text.en for text in CAUSES.values())


def test_it_goes_to_json_and_back_with_all_that() -> None:
    _, account = published(going_over(40, dt.date(2026, 4, 15)))
    assert msgspec.json.decode(msgspec.json.encode(account), type=Explanation) == account
