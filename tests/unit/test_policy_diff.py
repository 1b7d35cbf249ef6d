"""A policy, or a calendar, tried on history: what changes, for whom, and that nothing else does."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from jushou.cli.policy import policy
from schemas.calendars.load import SHIPPED as CALENDARS
from schemas.calendars.load import load_calendar
from schemas.case_event import StoredEvent, decode
from schemas.catalogue.load import SHIPPED, load_catalogue
from schemas.catalogue.model import Catalogue, Duration, Unit
from schemas.instants import parse_instant
from streams.core.calendar import build_calendars
from streams.core.policy_diff import Change, PolicyDiff, compare
from streams.core.policy_trial import Trial, in_force_from, up_to_policy
from streams.core.replay import Replay, default_engine
from tests.strategies import lines_of, random_log

AS_OF = "2026-06-01T00:00:00+08:00"
IN_FORCE = dt.date(2026, 3, 10)
Log = dict[str, list[StoredEvent]]


def within(catalogue: Catalogue, item: str, clock: str, days: int) -> Catalogue:
    """The catalogue with another number of working days for one clock."""
    newest = catalogue.versions[item][-1]
    changed = replace(newest.clocks[clock], limit=Duration(days, Unit.WORKING_DAYS))
    version = replace(newest, clocks={**newest.clocks, clock: changed})
    return replace(catalogue, versions={**catalogue.versions, item: (version,)})


def trial(catalogue: Catalogue, **how: Any) -> Trial:
    return Trial(catalogue, build_calendars(), **how)


def log_of(*lines: dict[str, Any]) -> Log:
    cases: Log = defaultdict(list)
    for line in lines:
        case_id, event = decode(json.dumps(line).encode(), load_catalogue().versions)
        cases[case_id].append(event)
    return cases


def record(case_id: str, kind: str, when: str, **fields: Any) -> dict[str, Any]:
    line = {
        "event_id": f"{case_id}-{kind}-{when}",
        "case_id": case_id,
        "type": kind,
        "occurred_at": f"{when}T09:00:00+08:00",
        "schema_version": "1",
    }
    if kind == "submitted":
        line |= {
            "item": "civil.minimum-living", "county": "530102", "raised_by": "self",
            "channel": "wechat",
        }  # fmt: skip
    return line | fields


def accepted(case_id: str, when: str) -> list[dict[str, Any]]:
    # Of two events at one instant the smaller id comes first: these are not at one.
    at = {"occurred_at": f"{when}T10:00:00+08:00"}
    return [record(case_id, "submitted", when), record(case_id, "accepted", when, **at)]


# 30 working days of "decide" (or 20) after acceptance on a Monday; no holidays in March 2026.
STARTED_BEFORE, STARTED_AFTER = accepted("B", "2026-03-02"), accepted("A", "2026-03-16")
ALREADY_LATE = accepted("L", "2026-01-05")


def changed_cases(found: PolicyDiff) -> set[tuple[str, str]]:
    return {(each.case_id, each.clock) for each in found.verdicts}


def tried(days: int, log: Log, *, open_too: bool = False) -> PolicyDiff:
    shipped = load_catalogue()
    new = in_force_from(shipped, within(shipped, "civil.minimum-living", "decide", days), IN_FORCE)
    return compare(trial(shipped), trial(new, open_too=open_too), log, parse_instant(AS_OF))


def test_the_same_policy_twice_changes_nothing() -> None:
    cases: Log = defaultdict(list)
    for line in lines_of(random_log(5, 200)):
        case_id, event = decode(line, load_catalogue().versions)
        cases[case_id].append(event)
    found = compare(trial(load_catalogue()), trial(load_catalogue()), cases, parse_instant(AS_OF))
    assert found.cases == sum(tally.cases for tally in found.tallies) > 100
    assert (found.verdicts, found.escalations, found.violations) == ([], [], [])


def test_a_trial_judges_as_the_replay_does() -> None:
    replay = Replay(default_engine(), parse_instant(AS_OF))
    lines = lines_of(random_log(6, 200))
    replay.read(lines)
    cases: Log = defaultdict(list)
    for line in lines:
        case_id, event = decode(line, load_catalogue().versions)
        cases[case_id].append(event)
    found = compare(trial(load_catalogue()), trial(Catalogue({})), cases, parse_instant(AS_OF))
    assert all(each.change is Change.DISAPPEARS for each in found.verdicts)
    assert {(v["case_id"], v["clock"], v["cycle"], v["due_at"]) for v in replay.verdicts()} == {
        (each.case_id, each.clock, each.cycle, each.old and each.old.due_at)
        for each in found.verdicts
    }
    assert {(e["escalation_id"], e["at"]) for e in replay.escalations()} == {
        (each.escalation_id, each.old_at) for each in found.escalations
    }


def test_a_new_policy_holds_for_cycles_that_start_under_it() -> None:
    found = tried(20, log_of(*STARTED_BEFORE, *STARTED_AFTER))
    assert changed_cases(found) == {("A", "decide")}
    assert found.verdicts[0].old is not None
    assert found.verdicts[0].new is not None
    assert found.verdicts[0].old.due_at == "2026-04-29T00:00:00+08:00"
    assert found.verdicts[0].new.due_at == "2026-04-15T00:00:00+08:00"


def test_applied_to_open_cycles_it_holds_for_those_too() -> None:
    found = tried(20, log_of(*STARTED_BEFORE, *STARTED_AFTER), open_too=True)
    assert changed_cases(found) == {("A", "decide"), ("B", "decide")}


def test_an_open_cycle_gets_withdrawals_and_new_firings_never_a_silent_change() -> None:
    longer = tried(200, log_of(*STARTED_BEFORE), open_too=True)
    assert {(each.level, each.change) for each in longer.escalations} == {
        ("yellow", Change.DISAPPEARS),
        ("red", Change.DISAPPEARS),
        ("prefecture", Change.DISAPPEARS),
    }
    shorter = tried(10, log_of(*STARTED_BEFORE), open_too=True)
    assert {(each.level, each.change) for each in shorter.escalations} == {
        ("yellow", Change.CHANGES),
        ("red", Change.CHANGES),
        ("prefecture", Change.CHANGES),
    }


def test_a_cycle_past_due_before_the_policy_keeps_its_breach() -> None:
    assert changed_cases(tried(200, log_of(*ALREADY_LATE), open_too=True)) == set()


def test_nobody_is_put_past_due_before_the_policy_was_in_force() -> None:
    """3 working days from 2 March end on the 5th, before the 10th."""
    assert changed_cases(tried(3, log_of(*STARTED_BEFORE), open_too=True)) == set()


def test_an_extension_goes_over_with_its_cycle() -> None:
    extension = record(
        "B", "extended", "2026-03-05", attributes={"clock": "decide", "by": "5wd"}
    )  # fmt: skip
    found = tried(20, log_of(*STARTED_BEFORE, extension), open_too=True)
    assert [each.new and each.new.due_at for each in found.verdicts] == [
        "2026-04-08T00:00:00+08:00"  # 25 working days after 2 March, 清明 on 6 April
    ]


def test_before_the_policy_is_in_force_nothing_changes() -> None:
    shipped = load_catalogue()
    new = within(shipped, "civil.minimum-living", "decide", 3)
    later = trial(in_force_from(shipped, new, IN_FORCE), open_too=True)
    as_of = parse_instant("2026-03-09T23:59:59.999+08:00")
    assert compare(trial(shipped), later, log_of(*STARTED_BEFORE), as_of).verdicts == []


def test_since_leaves_out_cases_that_were_submitted_before() -> None:
    shipped = load_catalogue()
    new = trial(within(shipped, "civil.minimum-living", "decide", 20))
    log, since = log_of(*STARTED_BEFORE, *STARTED_AFTER), parse_instant("2026-03-10T00:00:00+08:00")
    found = compare(trial(shipped), new, log, parse_instant(AS_OF), since)
    assert (found.cases, changed_cases(found)) == (1, {("A", "decide")})


def test_counts_are_by_item_and_county() -> None:
    found = tried(200, log_of(*STARTED_AFTER))
    (tally,) = found.tallies
    assert (tally.item, tally.county) == ("civil.minimum-living", "530102")
    assert (tally.cases, tally.cases_changed, tally.due_moved) == (1, 1, 1)
    assert (tally.old_late, tally.new_late) == (2, 1), "overall is late under both"
    assert "red" in tally.old_fired
    assert "red" not in tally.new_fired


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(KeyError):
        up_to_policy(load_catalogue(), "1999-01")


def test_a_calendar_change_moves_only_what_counts_its_days(tmp_path: Path) -> None:
    folder = tmp_path / "calendar"
    shutil.copytree(CALENDARS, folder)
    national = folder / "national-changes.yaml"
    national.write_text(
        national.read_text("utf-8")
        + "  - day: 2026-03-25\n    working: false\n"
        + "    name: {zh: 假, en: Day off}\n    source: {zh: 试, en: A trial}\n",
        "utf-8",
    )
    changed = Trial(load_catalogue(), build_calendars(load_calendar(folder)))
    log = log_of(*STARTED_AFTER, *accepted("E", "2026-05-11"))
    found = compare(trial(load_catalogue()), changed, log, parse_instant(AS_OF))
    assert changed_cases(found) == {("A", "decide")}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A catalogue's folder with another number, and a log."""
    folder = tmp_path / "tried"
    shutil.copytree(SHIPPED / "2021-11", folder)
    civil = folder / "civil-affairs.yaml"
    text = civil.read_text("utf-8")
    assert "within: 30wd" in text
    civil.write_text(text.replace("within: 30wd", "within: 20wd"), "utf-8")
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(map(json.dumps, [*STARTED_BEFORE, *STARTED_AFTER])), "utf-8")
    return str(folder), str(log)


def run(*args: str) -> Any:
    app = typer.Typer()
    app.add_typer(policy, name="policy")
    app.command("other")(lambda: None)
    return CliRunner().invoke(app, ["policy", "diff", *args, "--as-of", AS_OF])


def test_the_command_shows_a_table_and_the_changed_cycles(files: tuple[str, str]) -> None:
    shown = run("2021-11", files[0], "--events", files[1])
    assert shown.exit_code == 0
    for text in (
        "截至2026年6月1日00:00，2件案件：2个时限",
        "低保",
        "五华区",
        "2026年4月14日24:00到期",
    ):
        assert text in shown.stdout


def test_the_command_prints_json_by_date_in_force(files: tuple[str, str]) -> None:
    shown = run(
        "2021-11", files[0], "--events", files[1], "--in-force-from", "2026-03-10", "--json"
    )
    found = json.loads(shown.stdout)
    assert [each["case_id"] for each in found["verdicts"]] == ["A"]
    assert found["tallies"][0]["cases"] == 2


def test_the_command_names_the_policies_there_are(files: tuple[str, str]) -> None:
    shown = run("1999-01", files[0], "--events", files[1])
    assert shown.exit_code == 2
    assert "2021-11" in shown.stderr


def test_the_command_goes_on_after_a_bad_line(files: tuple[str, str]) -> None:
    log = Path(files[1])
    log.write_text("{}\n" + log.read_text("utf-8"), "utf-8")
    shown = run("2021-11", files[0], "--events", files[1], "--json")
    assert shown.exit_code == 1
    assert "line 1:" in shown.stderr
    assert len(json.loads(shown.stdout)["verdicts"]) == 2
