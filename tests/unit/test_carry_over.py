"""A policy that live clocks go over to: withdrawals and new firings, never a silent change."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import bulk_load
from schemas.bulk_load import LoadBracket
from schemas.calendars.load import SHIPPED as CALENDARS
from schemas.calendars.load import load_calendar
from schemas.case_event import StoredEvent, decode
from schemas.case_state import CaseState, Cycle
from schemas.catalogue.load import SHIPPED, load_catalogue
from schemas.catalogue.model import AppliesTo, Catalogue, Duration, Unit
from schemas.errors import Misconfigured
from schemas.escalation import Escalation
from schemas.instants import DAY_MS, date_of_day, day_of, parse_instant
from streams.agents.keeper import CaseKeeper
from streams.core.calendar import Calendars, build_calendars
from streams.core.case import Engine
from streams.core.policy_trial import Trial, applied_to, in_force_from
from streams.core.replay import Replay
from streams.core.rules import build_rules
from streams.core.verdicts import standing, verdicts
from streams.state.partition import PartitionState
from tests.builders import Partition, at, delivered, engine, event
from tests.strategies import lines_of, random_log

OPEN = Path(__file__).parents[1] / "fixtures" / "catalogue" / "open"
ITEM = "civil.minimum-living"
MONDAY = "2026-03-02 09:00"
IN_FORCE = dt.date(2026, 3, 10)
MIDNIGHT = "2026-03-10 00:00"


def engine_of(catalogue: Catalogue, calendars: Calendars | None = None) -> Engine:
    return Engine(build_rules(catalogue), calendars or build_calendars(), catalogue)


def decide_within(days: int, day: dt.date = IN_FORCE, whom: AppliesTo = AppliesTo.OPEN) -> Engine:
    """The shipped catalogue, and from a day on one with another limit of "decide"."""
    shipped = load_catalogue()
    newest = shipped.versions[ITEM][-1]
    decide = replace(newest.clocks["decide"], limit=Duration(days, Unit.WORKING_DAYS))
    version = replace(newest, clocks={**newest.clocks, "decide": decide})
    new = replace(shipped, versions={**shipped.versions, ITEM: (version,)})
    return engine_of(applied_to(in_force_from(shipped, new, day), whom))


class Worked(Partition):
    """A partition worked on with an engine of its own."""

    def __init__(self, by: Engine, state: PartitionState | None = None) -> None:
        super().__init__(PartitionState(0, by.rules) if state is None else state)
        self.keeper = CaseKeeper(by, self.state, partitions=1)
        self.written: dict[str, bytes] = {}

    def accepted(self, when: str = MONDAY) -> None:
        """A case submitted and accepted at an instant."""
        submitted = event("A", "1", "submitted", when, item=ITEM)
        for record in (submitted, event("A", "2", "accepted", when)):
            self.written |= dict(self.push(when, delivered(record)).states)

    def decide(self) -> Cycle:
        """The live cycle of "decide"."""
        state = self.state.peek("A")
        assert state is not None
        return next(cycle for cycle in state.live if cycle.clock == "decide")

    def fired(self, now: str) -> list[tuple[str, str, int, str]]:
        """What a sweep publishes of "decide"."""
        effects = self.sweep(now)
        self.written |= dict(effects.states)
        return [said(one) for one in effects.escalations if one.clock == "decide"]

    def restarted(self, by: Engine) -> Worked:
        """Another worker that starts from what this one wrote."""
        state = PartitionState(0, by.rules)
        for case_id, packed in self.written.items():
            state.restore(case_id, packed)
        state.settle({}, by.version, 0.0)
        return Worked(by, state)


def said(one: Escalation) -> tuple[str, str, int, str]:
    return one.level, one.state.value, one.revision, one.cause.value


def test_without_a_word_a_policy_applies_to_new_clocks() -> None:
    later = load_catalogue([SHIPPED, OPEN.parent / "later"])
    assert later.versions["water.drinking"][-1].applies_to is AppliesTo.NEW


def test_a_file_says_that_its_policy_applies_to_open_clocks() -> None:
    assert load_catalogue([SHIPPED, OPEN]).versions[ITEM][-1].applies_to is AppliesTo.OPEN


def test_a_live_clock_goes_over_at_midnight_by_a_timer_without_any_event() -> None:
    worked = Worked(engine_of(load_catalogue([SHIPPED, OPEN])))
    worked.accepted()
    before = at("2026-04-15 00:00")  # 30 working days, 清明 on 6 April
    worked.sweep("2026-03-09 23:59:59.999")
    assert (worked.decide().policy, worked.decide().due_at) == ("2021-11", before)
    assert worked.keeper.has_work(at(MIDNIGHT))
    assert worked.sweep(MIDNIGHT).states
    after = at("2026-03-31 00:00")  # 20 working days
    assert (worked.decide().policy, worked.decide().due_at) == ("2026-03", after)
    assert worked.fired("2026-04-01 00:00") == [
        ("yellow", "fired", 1, "reached"),
        ("red", "fired", 1, "reached"),
    ]


def test_a_policy_for_new_clocks_leaves_live_ones_alone() -> None:
    worked = Worked(decide_within(20, whom=AppliesTo.NEW))
    worked.accepted()
    worked.sweep("2026-03-20 00:00")
    assert worked.decide().due_at == at("2026-04-15 00:00")


def test_a_longer_limit_withdraws_what_had_fired_and_fires_it_again() -> None:
    worked = Worked(decide_within(40, day=dt.date(2026, 4, 15)))
    worked.accepted()
    assert worked.fired("2026-04-14 12:00") == [("yellow", "fired", 1, "reached")]
    assert worked.fired("2026-04-15 00:00") == [("yellow", "withdrawn", 2, "superseded")]
    assert worked.fired("2026-04-27 23:59") == []
    assert worked.fired("2026-04-28 12:00")[0] == ("yellow", "fired", 3, "reinstated")


def test_a_shorter_limit_fires_at_once_what_has_passed_under_it() -> None:
    worked = Worked(decide_within(7, day=dt.date(2026, 3, 11)))
    worked.accepted()
    worked.sweep("2026-03-10 23:59")
    # 6 working days after 2 March end at 24:00 of the 10th, 7 of the 11th.
    assert worked.fired("2026-03-11 00:00") == []
    assert worked.fired("2026-03-11 00:00:00.001") == [("yellow", "fired", 1, "reached")]


def test_a_warning_at_the_same_instant_for_another_deadline_is_said_again() -> None:
    shipped = load_catalogue()
    newest = shipped.versions[ITEM][-1]
    decide = newest.clocks["decide"]
    steps = tuple(
        replace(step, offset=-2) if step.level == "yellow" else step for step in decide.ladder
    )
    longer = replace(decide, limit=Duration(31, Unit.WORKING_DAYS), ladder=steps)
    version = replace(newest, clocks={**newest.clocks, "decide": longer})
    new = replace(shipped, versions={**shipped.versions, ITEM: (version,)})
    day = dt.date(2026, 4, 15)
    worked = Worked(engine_of(applied_to(in_force_from(shipped, new, day), AppliesTo.OPEN)))
    worked.accepted()
    assert worked.fired("2026-04-14 12:00") == [("yellow", "fired", 1, "reached")]
    effects = worked.sweep("2026-04-15 00:00")
    [again] = [one for one in effects.escalations if one.clock == "decide"]
    assert said(again) == ("yellow", "fired", 2, "moved")
    assert (again.due_at, again.limit) == ("2026-04-16T00:00:00+08:00", "31wd")


def test_a_step_that_the_new_ladder_lacks_is_superseded() -> None:
    shipped = load_catalogue()
    newest = shipped.versions[ITEM][-1]
    decide = replace(newest.clocks["decide"], ladder=newest.clocks["decide"].ladder[1:])
    version = replace(newest, clocks={**newest.clocks, "decide": decide})
    new = replace(shipped, versions={**shipped.versions, ITEM: (version,)})
    day = dt.date(2026, 4, 15)
    worked = Worked(engine_of(applied_to(in_force_from(shipped, new, day), AppliesTo.OPEN)))
    worked.accepted()
    assert worked.fired("2026-04-14 12:00") == [("yellow", "fired", 1, "reached")]
    assert worked.fired("2026-04-15 00:00") == [("yellow", "withdrawn", 2, "superseded")]


def test_an_event_from_before_the_policy_that_arrives_after_it_counts_where_it_belongs() -> None:
    worked = Worked(decide_within(20))
    worked.accepted()
    worked.sweep("2026-03-12 00:00")
    asked = event("A", "3", "supplement_requested", "2026-03-03 10:00")
    provided = event("A", "4", "supplement_provided", "2026-03-05 10:00")
    worked.push("2026-03-12 09:00", delivered(provided), delivered(asked))
    # The midnights of the 3rd and the 4th do not count.
    assert (worked.decide().policy, worked.decide().due_at) == (
        "2021-11′", at("2026-04-02 00:00")
    )  # fmt: skip


def test_a_clock_that_ends_before_the_policy_stays_under_its_own() -> None:
    worked = Worked(decide_within(20))
    worked.accepted()
    worked.sweep("2026-03-12 00:00")
    worked.push("2026-03-12 09:00", delivered(event("A", "3", "approved", "2026-03-09 23:59")))
    state = worked.state.peek("A")
    assert state is not None
    [decide] = [cycle for cycle in state.ended if cycle.clock == "decide"]
    assert (decide.policy, decide.due_at) == ("2021-11", at("2026-04-15 00:00"))


def test_a_worker_that_starts_with_a_new_policy_judges_its_cases_again() -> None:
    old = Worked(engine())
    old.accepted()
    assert old.fired("2026-04-14 12:00") == [("yellow", "fired", 1, "reached")]
    new = old.restarted(decide_within(40, day=dt.date(2026, 4, 10)))
    assert new.fired("2026-04-14 12:01") == [("yellow", "withdrawn", 2, "superseded")]
    assert new.decide().limit == 40


def test_a_worker_that_starts_with_a_corrected_ladder_reads_its_states_back() -> None:
    """The steps of the recorded cycle are those of the old ladder."""
    shipped = load_catalogue()
    newest = shipped.versions[ITEM][-1]
    decide = replace(newest.clocks["decide"], ladder=newest.clocks["decide"].ladder[1:])
    version = replace(newest, clocks={**newest.clocks, "decide": decide})
    corrected = replace(shipped, versions={**shipped.versions, ITEM: (version,)})
    old = Worked(engine())
    old.accepted()
    new = old.restarted(engine_of(corrected))
    new.push("2026-03-02 10:00", delivered(event("A", "3", "note", "2026-03-02 10:00")))
    new.sweep("2026-03-02 10:00")
    assert len(new.decide().steps) == 2


def without_steps(catalogue: Catalogue) -> Catalogue:
    newest = catalogue.versions[ITEM][-1]
    decide = replace(newest.clocks["decide"], ladder=())
    version = replace(newest, clocks={**newest.clocks, "decide": decide})
    return replace(catalogue, versions={**catalogue.versions, ITEM: (version,)})


def renamed(catalogue: Catalogue) -> Catalogue:
    version = replace(catalogue.versions[ITEM][-1], policy="2021-11-renamed")
    return replace(catalogue, versions={**catalogue.versions, ITEM: (version,)})


def without_clock(catalogue: Catalogue) -> Catalogue:
    newest = catalogue.versions[ITEM][-1]
    clocks = {name: clock for name, clock in newest.clocks.items() if name != "decide"}
    version = replace(newest, clocks=clocks)
    return replace(catalogue, versions={**catalogue.versions, ITEM: (version,)})


def without_item(catalogue: Catalogue) -> Catalogue:
    versions = {code: each for code, each in catalogue.versions.items() if code != ITEM}
    return replace(catalogue, versions=versions)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (renamed, "policy 2021-11 of item civil.minimum-living (clock decide, level yellow)"),
        (without_clock, "policy 2021-11 of item civil.minimum-living (clock decide, level yellow)"),
        (without_steps, "policy 2021-11 of item civil.minimum-living (clock decide, level yellow)"),
        (without_item, "item civil.minimum-living has cases"),
    ],
)
def test_a_start_without_a_rule_by_which_an_escalation_stands_is_refused(
    change: Callable[[Catalogue], Catalogue], named: str
) -> None:
    old = Worked(engine())
    old.accepted()
    assert old.fired("2026-04-14 12:00") == [("yellow", "fired", 1, "reached")]
    with pytest.raises(Misconfigured, match=re.escape(named)) as refused:
        old.restarted(engine_of(change(load_catalogue())))
    assert all(" back" in fault for fault in refused.value.faults)


@pytest.mark.parametrize("change", [renamed, without_clock, without_steps])
def test_a_rule_by_which_nothing_was_sent_may_be_taken_back(
    change: Callable[[Catalogue], Catalogue],
) -> None:
    old = Worked(engine())
    old.accepted()
    new = old.restarted(engine_of(change(load_catalogue())))
    still_fires = [("yellow", "fired", 1, "reached")] if change is renamed else []
    assert new.fired("2026-04-14 12:00") == still_fires


def test_a_load_that_closes_after_such_a_restart_is_judged_by_the_corrected_ladder() -> None:
    shipped = load_catalogue()
    newest = shipped.versions[ITEM][-1]
    decide = replace(newest.clocks["decide"], ladder=newest.clocks["decide"].ladder[1:])
    version = replace(newest, clocks={**newest.clocks, "decide": decide})
    corrected = replace(shipped, versions={**shipped.versions, ITEM: (version,)})
    old = Worked(engine())
    for record in (
        event("A", "1", "submitted", MONDAY, item=ITEM),
        event("A", "2", "accepted", MONDAY),
    ):
        old.written |= dict(old.push(MONDAY, delivered(record, load="history")).states)
    new = old.restarted(engine_of(corrected))
    closed = LoadBracket(type="load-closed", load="history", at="2026-03-02T09:00:00+08:00")
    new.push(MONDAY, delivered(bulk_load.encode(closed), timestamp=at(MONDAY)))
    assert new.fired("2026-04-15 12:00") == [("red", "fired", 1, "reached")]


def test_a_calendar_that_moves_a_deadline_supersedes_and_is_no_mistake(tmp_path: Path) -> None:
    folder = tmp_path / "calendar"
    shutil.copytree(CALENDARS, folder)
    national = folder / "national-changes.yaml"
    entry = (
        "  - {day: 2026-04-13, working: false, name: {zh: 假, en: Day off}, "
        "source: {zh: 试, en: A trial}}\n"
    )
    national.write_text(national.read_text("utf-8") + entry, "utf-8")
    old = Worked(engine())
    old.accepted()
    assert old.fired("2026-04-14 12:00") == [("yellow", "fired", 1, "reached")]
    changed = engine_of(load_catalogue(), build_calendars(load_calendar(folder)))
    new = old.restarted(changed)
    assert new.fired("2026-04-14 12:01") == [("yellow", "withdrawn", 2, "superseded")]
    assert new.fired("2026-04-15 12:00") == [("yellow", "fired", 3, "reinstated")]
    late = event("A", "3", "supplement_requested", "2026-03-03 10:00")
    new.push("2026-04-15 12:01", delivered(late))
    assert new.fired("2026-04-15 12:01") == [("yellow", "withdrawn", 4, "mistaken")]


def test_the_engine_s_version_names_the_rules_and_not_their_texts() -> None:
    shipped = load_catalogue()
    newest = shipped.versions[ITEM][-1]
    renamed = replace(newest, text=replace(newest.text, en="Another name"))
    same = replace(shipped, versions={**shipped.versions, ITEM: (renamed,)})
    version = engine_of(shipped).version
    assert version == engine().version
    assert version.split("/")[0]
    assert engine_of(same).version == version
    assert decide_within(20).version != version
    assert decide_within(20, whom=AppliesTo.NEW).version != decide_within(20).version


@pytest.mark.parametrize(("as_of", "policy"), [
    ("2026-03-09T23:59:59.999+08:00", "2021-11"),
    ("2026-03-10T00:00:00+08:00", "2021-11′"),
])  # fmt: skip
def test_a_replay_carries_over_what_no_event_came_after(as_of: str, policy: str) -> None:
    replay = Replay(decide_within(20), parse_instant(as_of))
    records = event("A", "1", "submitted", MONDAY, item=ITEM), event("A", "2", "accepted", MONDAY)
    replay.read(json.dumps(record).encode() for record in records)
    [decide] = [row for row in replay.verdicts() if row["clock"] == "decide"]
    assert decide["policy"] == policy


def facts(state: CaseState, by: Engine, as_of: int) -> tuple[object, ...]:
    """All that a case says as of an instant."""
    rules = by.rules[state.item] if state.item is not None else None
    hits = standing(state, rules, as_of) if rules is not None else ()
    fired = {(hit.cycle.clock, hit.cycle.start_event_id, hit.step.level, hit.at) for hit in hits}
    return set(verdicts(state, as_of)), fired, {(v.rule, v.event_id) for v in state.violations}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_in_any_order_and_with_any_sweeps_the_set_of_events_decides(seed: int) -> None:
    rng = Random(seed)
    cases: dict[str, list[StoredEvent]] = {}
    for line in lines_of(random_log(seed, 3)):
        case_id, stored = decode(line, load_catalogue().versions)
        cases.setdefault(case_id, []).append(stored)
    days = sorted({day_of(each.at) + 1 + rng.randrange(3) for each in chain(*cases.values())})
    policies = [date_of_day(day) for day in sorted(rng.sample([*days, days[-1] + 9], 2))]
    shipped = load_catalogue()
    changed = {
        code: (replace(items[0], clocks={
            name: replace(clock, limit=Duration(max(1, clock.limit.amount // 2), clock.limit.unit))
            for name, clock in items[0].clocks.items()
        }),)
        for code, items in shipped.versions.items()
    }  # fmt: skip
    shorter = replace(shipped, versions=changed)
    first = applied_to(in_force_from(shipped, shorter, policies[0]), AppliesTo.OPEN)
    by = engine_of(applied_to(in_force_from(first, shipped, policies[1]), AppliesTo.OPEN))
    as_of = parse_instant("2026-12-01T00:00:00+08:00")
    for case_id, events in cases.items():
        truth, rules = Trial(by.catalogue or shipped, by.calendars).judge(case_id, events, as_of)
        course = [*events, *rng.sample(events, len(events) // 2)]
        if rng.random() < 0.5:
            rng.shuffle(course)
        else:
            # In order, but long after: a policy has been carried over before the next event.
            course.sort(key=lambda each: each.order)
        state = CaseState(case_id)
        now = min(each.at for each in events)
        for stored in course:
            now = min(as_of, now + rng.randrange(60 * DAY_MS))
            by.add(state, stored, now)
            if rng.random() < 0.5:
                by.advance(state, now)
        by.advance(state, as_of)
        assert facts(state, by, as_of) == facts(truth, by, as_of), (seed, case_id)
        assert rules is None or truth.carried <= len(rules.for_open)
