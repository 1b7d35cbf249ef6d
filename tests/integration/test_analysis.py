"""The analysts' questions on hand-made rows: every expected number is reckoned by hand."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import uuid
from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.errors import Misconfigured
from sinks.analysis.asking import Scope, ask
from sinks.analysis.questions import WITH_PARTS, question, questions
from sinks.analysis.small_cells import NEXT, publish
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.analysis_rows import AS_OF, AS_OF_MS, Rows, at, clock

JUNE = {"since": dt.date(2026, 6, 1), "until": dt.date(2026, 6, 30)}
# A county for each question, so that one warehouse serves all of them.
ATTAINMENT, ON_TIME, AGEING, BOUNCES = "530102", "530103", "530111", "530112"
SUPERVISED, WARNINGS, CAUSES, CUSTODY = "530113", "530114", "530115", "530124"
DIRECTIONS, DISMISSED, LIVES, COHORTS = "530125", "530126", "530127", "530128"
RISK, FEW, SOLVED = "530129", "530181", "530127"
YEAR = {"since": dt.date(2026, 1, 1)}

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def server(clickhouse_server: ClickHouseServer) -> Iterator[Server]:
    """A warehouse with the rows of all questions but the forecast."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server = Server(clickhouse_server.host, clickhouse_server.port, name)
    migrate(server)
    with server.client() as client:
        rows = Rows(client)
        for write in (
            _attainment, _on_time, _ageing, _bounces, _supervised, _warnings, _causes, _custody,
            _directions, _dismissed, _lives, _cohorts, _risk,
            _few_cleared, _solved,
        ):  # fmt: skip
            write(rows)
        rows.write()
        yield server
        client.execute(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def answer(server: Server) -> Ask:
    return _asking(server)


def _asking(server: Server) -> Ask:
    def asked(name: str, place: str, by: str | None = None, **scope: Any) -> list[dict[str, Any]]:
        names = None if by is None else tuple(by.split(",")) if by else ()
        given = Scope(**({"as_of": AS_OF_MS, **JUNE, "place": place, "by": names} | scope))
        found = ask(server, question(name), given)
        return [dict(zip(found.names, row, strict=True)) for row in found.rows]

    return asked


def _picked(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


# What the questions and their documentation have in common


@pytest.mark.parametrize("name", questions())
def test_the_documented_columns_are_those_of_the_view(server: Server, name: str) -> None:
    asked = question(name)
    values = {"as_of": AS_OF, "since": "2026-06-01", "until": "2026-06-30", "by": "", "place": "",
              "item": ""}  # fmt: skip
    named = ", ".join(f"{key} = '{values[key]}'" for key in sorted(asked.parameters))
    with server.client() as client:
        columns = client.execute(f"DESCRIBE (SELECT * FROM {name}({named}))")
    assert [column[0] for column in columns] == [column.name for column in asked.columns]


@pytest.mark.parametrize("name", questions())
def test_what_a_sum_or_a_figure_is_made_of_are_counts_of_the_same_question(name: str) -> None:
    asked = question(name)
    counts = {column.name for column in asked.of_kind("count", "sum of")}
    for column in asked.columns:
        assert {part.removeprefix(NEXT) for part in column.parts} <= counts, column.name
        assert column.kind in ("dimension", "count", *WITH_PARTS, "id", "instant", "figure")
        assert (column.kind in WITH_PARTS) == bool(column.parts), column.name


@pytest.mark.parametrize("name", [name for name, each in questions().items() if each.unit])
def test_an_aggregate_names_no_case_and_no_household(name: str) -> None:
    asked = question(name)
    assert not asked.of_kind("id", "instant", "figure")
    assert not {"case_id", "household", "township"} & {column.name for column in asked.columns}


def test_a_view_refuses_to_tell_rows_apart_by_what_it_does_not_know(server: Server) -> None:
    named = f"as_of = '{AS_OF}', place = '', item = '', by = 'village'"
    with (
        server.client() as client,
        pytest.raises(ServerException, match="by takes item, department"),
    ):
        client.execute(f"SELECT * FROM ageing({named})")


def test_asking_by_what_a_question_does_not_have_names_what_it_has(answer: Ask) -> None:
    with pytest.raises(Misconfigured, match="attainment has no village; .* day|week"):
        answer("attainment", "", "village")


def test_a_warehouse_without_the_views_is_to_be_migrated(
    clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> None:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    with pytest.raises(Misconfigured, match="no view ageing; run `jushou warehouse migrate`"):
        _asking(server)("ageing", "")


# Attainment


def _attainment(rows: Rows) -> None:
    cycles = {
        "met-at-due": clock("accept", "06-01 10:00", "06-02 10:00", "06-02 10:00", "met"),
        "met-early": clock("accept", "06-07 10:00", "06-20 10:00", "06-08 10:00", "met"),
        "missed": clock("accept", "06-02 10:00", "06-03 10:00", "06-09 10:00", "missed"),
        "of-june": clock("accept", "05-30 10:00", "06-01 00:00", "06-02 10:00", "missed"),
        "of-may": clock("accept", "05-30 10:00", "05-31 23:59", "06-02 10:00", "missed"),
        "late": clock("accept", "06-04 10:00", "06-05 10:00"),
        "ended-since": clock("accept", "06-09 09:00", "06-10 09:00", "06-10 12:00", "missed"),
        "not-yet-due": clock("accept", "06-10 09:00", "06-11 09:00"),
        "started-since": clock("accept", "06-10 11:00", "06-11 11:00"),
        "paused": clock("accept", "06-10 09:00", None),
        "cancelled": clock("accept", "06-03 10:00", "06-06 10:00", "06-04 10:00", "cancelled"),
        "cancelled-late": clock("accept", "06-03 10:00", "06-04 10:00", "06-07 10:00", "cancelled"),
    }
    for case_id, cycle in cycles.items():
        rows.case(f"a-{case_id}", ATTAINMENT, "06-01 09:00", [cycle])
    early = clock("accept", "06-01 10:00", "06-02 10:00")
    rows.case("a-held", ATTAINMENT, "06-01 09:00", [early], held=True)


def test_attainment_counts_a_verdict_once_it_is_certain(answer: Ask) -> None:
    [row] = answer("attainment", ATTAINMENT, "")
    assert row == {
        "met": 2, "missed": 2, "cancelled": 1, "cancelled_late": 1, "running_late": 2,
        "ended": 4, "on_time_share": 0.5, "on_time_low": 0.15, "on_time_high": 0.85,
        "judged": 7, "kept_share": 0.2857, "kept_low": 0.0822, "kept_high": 0.6411,
    }  # fmt: skip


def test_attainment_puts_a_late_cycle_into_the_period_of_its_due_instant(answer: Ask) -> None:
    rows = answer("attainment", ATTAINMENT, "county,clock,month", **YEAR)
    assert _picked(rows, "county", "clock", "period", "met", "missed", "judged") == [
        (ATTAINMENT, "accept", "2026-05", 0, 1, 1),
        (ATTAINMENT, "accept", "2026-06", 2, 2, 7),
    ]
    weeks = answer("attainment", ATTAINMENT, "week", **YEAR)
    assert _picked(weeks, "period", "judged") == [("2026-W22", 1), ("2026-W23", 5), ("2026-W24", 2)]


def test_attainment_of_an_earlier_instant_does_not_know_what_came_after(answer: Ask) -> None:
    [row] = answer("attainment", ATTAINMENT, "", as_of=AS_OF_MS - 7 * 86_400_000)
    assert (row["met"], row["missed"], row["running_late"]) == (1, 1, 0)
    [row] = answer("attainment", ATTAINMENT, "", as_of=AS_OF_MS - 7 * 86_400_000 + 1)
    assert (row["met"], row["missed"], row["running_late"]) == (1, 1, 1)


# On-time share


def _on_time(rows: Rows) -> None:
    def closed(case_id: str, overall_due: str, stage_due: str, at: str = "06-05 09:00") -> None:
        rows.case(
            f"o-{case_id}", ON_TIME, "06-01 09:00",
            [clock("overall", "06-01 09:00", overall_due, at, "met"),
             clock("accept", "06-01 09:00", stage_due, "06-03 09:00", "met")],
            closed=at,
        )  # fmt: skip

    closed("good", "06-12 00:00", "06-03 09:00")
    closed("good-too", "06-12 00:00", "06-04 09:00", at="06-09 09:00")
    closed("stage-late", "06-12 00:00", "06-02 09:00")
    closed("over-limit", "06-04 00:00", "06-03 09:00")
    closed("closed-since", "06-12 00:00", "06-03 09:00", at="06-10 10:01")
    rows.case("o-no-clock", ON_TIME, "06-01 09:00", closed="06-02 09:00")
    rows.case("o-open", ON_TIME, "06-01 09:00")


def test_a_case_is_on_time_only_if_no_clock_of_it_was_ever_late(answer: Ask) -> None:
    [row] = answer("on_time_share", ON_TIME, "county")
    assert row == {
        "county": ON_TIME, "in_time": 3, "late": 2, "closed": 5,
        # Wilson of 3 of 5: (4.920729 ± 1.959964 √2.160365) / 8.841459.
        "in_time_share": 0.6, "in_time_low": 0.2307, "in_time_high": 0.8824,
        "within_limit": 3, "over_limit": 1, "with_limit": 4,
        # Wilson of 3 of 4: (4.920729 ± 1.959964 √1.710365) / 7.841459.
        "within_limit_share": 0.75, "within_limit_low": 0.3006, "within_limit_high": 0.9544,
        "median_days": 4.0, "p90_days": 6.4,
    }  # fmt: skip


# Ageing


def _ageing(rows: Rows) -> None:
    for number, submitted in enumerate(
        (
            "06-10 10:00", "06-09 10:00",  # 0 and exactly 1 day
            "06-09 09:59",  # a minute more
            "06-07 10:00", "06-05 10:00", "06-03 10:00", "05-31 10:00",  # 3, 5, 7, 10 days
            "05-31 09:59", "05-01 10:00",  # over 10
        )
    ):  # fmt: skip
        rows.case(f"g-{number}", AGEING, submitted)
    late = [clock("overall", "06-01 10:00", "06-09 00:00")]
    rows.case("g-late", AGEING, "06-08 10:00", late)
    rows.case("g-stage", AGEING, "06-08 10:00", [clock("accept", "06-08 10:00", "06-09 10:00")])
    rows.case("g-closed", AGEING, "06-08 10:00", late, closed="06-10 10:00")
    rows.case("g-closes", AGEING, "06-08 10:00", closed="06-10 10:01")
    rows.case("g-future", AGEING, "06-10 10:01")
    rows.case("g-unknown", AGEING, None)


def test_ageing_bands_include_their_upper_bound(answer: Ask) -> None:
    [row] = answer("ageing", AGEING, "")
    assert row == {
        "days_0_1": 2, "days_1_3": 5, "days_3_5": 1, "days_5_7": 1, "days_7_10": 1,
        "days_over_10": 2, "open": 12, "late": 2, "over_limit": 1, "median_days": 2.5,
    }  # fmt: skip


# Bounces


def _bounces(rows: Rows) -> None:
    rows.case("b-none", BOUNCES, "06-01 09:00", events=[("accepted", "06-02 09:00")])
    rows.case("b-once", BOUNCES, "06-01 09:00", events=[("returned", "06-02 09:00")])
    twice = [("returned", "06-02 09:00"), ("transferred", "06-03 09:00"),
             ("returned", "06-04 09:00"), ("returned", "06-11 09:00")]  # fmt: skip
    rows.case("b-twice", BOUNCES, "06-01 09:00", events=twice)
    rows.event("b-once", "e0", "returned", "06-02 09:00", offset=7)  # sent again
    rows.case("b-may", BOUNCES, "05-31 09:00", events=[("returned", "06-02 09:00")])


def test_bounces_are_counted_once_each_and_up_to_the_instant(answer: Ask) -> None:
    [row] = answer("bounces", BOUNCES, "")
    assert row == {
        "never_bounced": 1, "bounced_once": 1, "bounced_often": 1, "cases": 3, "bounces": 3,
        # Wilson of 2 of 3: (3.920729 ± 1.959964 √1.627032) / 6.841459.
        "bounced_share": 0.6667, "bounced_low": 0.2077, "bounced_high": 0.9385,
        "transferred": 1, "hand_overs": 1,
    }  # fmt: skip


# The supervised list


def _supervised(rows: Rows) -> None:
    def case(case_id: str, due: str, stopped: str | None = None, **fields: Any) -> None:
        outcome = "missed" if stopped else "live"
        cycle = clock("overall", "05-20 09:00", due, stopped, outcome)
        rows.case(f"s-{case_id}", SUPERVISED, "05-20 09:00", [cycle], closed=stopped, **fields)

    case("long", "05-31 00:00", bounces=2, open_pauses=["supplement"])
    case("short", "06-09 10:00")
    case("at-due", "06-10 10:00")
    case("ended", "05-31 00:00", "06-10 10:00")
    case("ends-later", "06-01 00:00", "06-10 10:01")
    stage = clock("resolve", "05-20 09:00", "05-28 00:00")
    rows.case("s-stage", SUPERVISED, "05-20 09:00", [stage])


def test_the_supervised_list_has_the_longest_first_and_no_household(answer: Ask) -> None:
    rows = answer("supervised_list", SUPERVISED)
    assert _picked(rows, "case_id", "supervised_days", "submitted_days", "bounces") == [
        ("s-long", 10, 21, 2), ("s-ends-later", 9, 21, 0), ("s-short", 1, 21, 0),
    ]  # fmt: skip
    assert rows[0]["open_pauses"] == "supplement"
    assert "household" not in rows[0]


# Warnings


def _warnings(rows: Rows) -> None:
    def warned(case_id: str, cycle: dict[str, Any], when: str, **fields: Any) -> None:
        rows.case(f"w-{case_id}", WARNINGS, "06-01 09:00", [cycle])
        rows.warning(f"w-{case_id}", cycle, when, **fields)

    def met(stopped: str) -> dict[str, Any]:
        return clock("verify", "06-02 09:00", "06-05 00:00", stopped, "met")

    warned("heeded", met("06-04 10:00"), "06-04 00:00")
    warned("heeded-too", met("06-04 14:00"), "06-04 00:00")
    late = clock("verify", "06-02 09:00", "06-05 00:00", "06-06 10:00", "missed")
    warned("missed", late, "06-04 00:00")
    warned("late", clock("verify", "06-02 09:00", "06-05 00:00"), "06-04 00:00")
    warned("open", clock("verify", "06-09 09:00", "06-11 00:00"), "06-10 00:00")
    cancelled = clock("verify", "06-02 09:00", "06-05 00:00", "06-04 12:00", "cancelled")
    warned("cancelled", cancelled, "06-04 00:00")
    warned("known-late", late, "06-04 00:00", known_late=True)
    warned("withdrawn", late, "06-04 00:00")
    rows.warning("w-withdrawn", late, "06-04 00:00", revision=2, state="withdrawn")
    warned("after", clock("verify", "06-09 09:00", "06-12 00:00"), "06-11 00:00")


def test_a_warning_is_heeded_if_its_clock_then_ended_in_time(answer: Ask) -> None:
    [row] = answer("warnings_heeded", WARNINGS, "clock,month")
    assert row == {
        "clock": "verify", "period": "2026-06", "heeded": 2, "late": 2, "undecided": 1,
        "cancelled": 1, "warnings": 6, "decided": 4, "heeded_share": 0.5, "heeded_low": 0.15,
        "heeded_high": 0.85, "median_hours": 12.0,
    }  # fmt: skip


# Causes of lateness


def _causes(rows: Rows) -> None:
    """Cases submitted on the 1st at 00:00 whose citizen's clock is late from the 6th on."""
    overall = clock("overall", "06-01 00:00", "06-06 00:00")
    accept = clock("accept", "06-01 00:00", "06-03 00:00", "06-02 00:00", "met")
    verify = clock("verify", "06-02 00:00", "06-09 00:00")

    def case(case_id: str, events: list[tuple[str, str]], *more: dict[str, Any]) -> None:
        rows.case(f"l-{case_id}", CAUSES, "06-01 00:00", [overall, *more], events=events)
        rows.event(f"l-{case_id}", "s", "submitted", "06-01 00:00")

    case("untouched", [("dispatched", "06-02 00:00"), ("accepted", "06-07 00:00")])
    around = [("accepted", "06-02 00:00"), ("returned", "06-03 00:00"),
              ("supplement_requested", "06-03 00:00")]  # fmt: skip
    case("around", around, accept, verify)
    # 60 of 120 hours; asking twice is asking once.
    waits = [("accepted", "06-02 00:00"), ("supplement_requested", "06-02 00:00"),
             ("supplement_requested", "06-03 00:00"),
             ("supplement_provided", "06-04 12:00")]  # fmt: skip
    case("waiting", waits, accept, verify)
    case("suspended", [("accepted", "06-02 00:00"), ("suspended", "06-03 00:00")], accept, verify)
    case("slow", [("accepted", "06-02 00:00"), ("reopened", "06-07 00:00")], accept, verify)
    in_time = clock("overall", "06-01 00:00", "06-12 00:00")
    rows.case("l-in-time", CAUSES, "06-01 00:00", [in_time])


def test_each_late_case_has_the_first_cause_that_holds(answer: Ask) -> None:
    rows = answer("lateness_causes", CAUSES, "cause,stage,clock")
    names = ("cause", "stage", "clock", "cases", "bounced", "waiting", "suspended", "reopened")
    assert _picked(rows, *names, "stage_share", "wait_share") == [
        ("handed_around", "verify", "overall", 1, 1, 1, 0, 0, 0.8, 0.6),
        ("not_taken_up", "", "overall", 1, 0, 0, 0, 0, 0.0, 0.0),
        ("slow_stage", "verify", "overall", 1, 0, 0, 0, 0, 0.8, 0.0),
        ("suspended", "verify", "overall", 1, 0, 0, 1, 0, 0.8, 0.0),
        ("waiting_for_household", "verify", "overall", 1, 0, 1, 0, 0, 0.8, 0.5),
    ]


# Custody


def _custody(rows: Rows) -> None:
    """County 24 h, accepted after 6; township 48 h, returned; county again, still, for 10 h."""
    intervals = [
        ("county", "06-06 00:00", "06-07 00:00", "06-06 06:00", "dispatched"),
        ("township", "06-07 00:00", "06-09 00:00", None, "returned"),
        ("county", "06-10 00:00", None, None, ""),
    ]
    level, since, until, accepted, ended_by = zip(*intervals, strict=True)
    nested = {
        "custody.level": level, "custody.department": ["water"] * 3,
        "custody.county": [CUSTODY] * 3, "custody.township": [""] * 3,
        "custody.since": [at(each) for each in since],
        "custody.until": [each and at(each) for each in until],
        "custody.accepted_at": [each and at(each) for each in accepted],
        "custody.begun_by": ["submitted"] * 3, "custody.ended_by": ended_by,
    }  # fmt: skip
    rows.case("c-1", CUSTODY, "06-06 00:00", nested=nested)


def test_custody_time_is_of_each_level_and_up_to_the_instant(answer: Ask) -> None:
    county, township = answer("custody_time", CUSTODY, "level")
    assert county == {
        "level": "county", "ended": 1, "lasting": 1, "intervals": 2, "accepted": 1, "returned": 0,
        # 24 and 10 hours; 6 and 10 of them before an acceptance.
        "median_hours": 17.0, "p90_hours": 22.6, "total_days": 1.42, "accept_hours": 6.0,
        "unaccepted_share": 0.4706,
    }  # fmt: skip
    names = ("level", "ended", "returned", "median_hours", "accept_hours", "unaccepted_share")
    assert _picked([township], *names) == [("township", 1, 1, 48.0, None, 1.0)]


# The two directions


def _directions(rows: Rows) -> None:
    def household(name: str, found: str | None, asked: str | None, **fields: Any) -> None:
        rows.household(f"d-{name}", DIRECTIONS, found=found, asked=asked, **fields)

    outage = {"first_request_indicator": "water-outage", "first_request_item": "water.drinking"}
    # Found for what they ask about: first of all, later but in time, and at that very instant.
    seen_too = {"indicators": ["dropout", "water-outage"], "first_found_indicator": "dropout"}
    household("found", "06-01 10:00", "06-05 10:00", first_found_indicator="water-outage", **outage)
    household("found-too", "06-01 10:00", "06-03 10:00", **outage, **seen_too,
              indicators_at=[at("06-01 10:00"), at("06-03 10:00")])  # fmt: skip
    household("at-once", "06-01 10:00", "06-01 10:00", **outage,
              indicators=["water-outage"], indicators_at=[at("06-01 10:00")])  # fmt: skip
    household("only-found", "06-01 10:00", None)
    household("asks-later", "06-01 10:00", "06-10 10:01", **outage)
    household("asked", "06-05 10:00", "06-02 10:00", **outage)
    household("only-asked", None, "06-02 10:00", first_request_indicator="")
    household("found-later", "06-10 10:01", "06-02 10:00", **outage)
    # Found for something else, and for this one a minute after it had asked.
    household("in-may", "05-31 23:59", "06-02 10:00", **outage, **seen_too,
              indicators_at=[at("05-31 23:59"), at("06-02 10:01")])  # fmt: skip


def test_each_household_has_the_direction_that_came_first(answer: Ask) -> None:
    [row] = answer("directions", DIRECTIONS, "")
    assert row == {
        "found_first": 3, "found_only": 2, "asked_first": 1, "asked_only": 2, "households": 8,
        # Wilson of 3 of 6: (4.920729 ± 1.959964 √2.460365) / 9.841459.
        "asked": 6, "found_share": 0.5, "found_low": 0.1876, "found_high": 0.8124,
        "median_lead_days": 2.0, "median_lag_days": 3.0,
    }  # fmt: skip


def test_blind_spots_are_those_who_asked_before_the_screening_saw_them(answer: Ask) -> None:
    none, outage = answer("blind_spots", DIRECTIONS, "indicator")
    names = ("indicator", "found_before", "found_later", "never_found", "asked", "blind_share")
    assert _picked([none], *names) == [("none", 0, 0, 1, 1, 1.0)]
    assert outage == {
        "indicator": "water-outage", "found_for_it": 3, "found_otherwise": 1,
        "found_before": 4, "found_later": 1, "never_found": 1,
        # Wilson of 2 of 6: (3.920729 ± 1.959964 √2.293698) / 9.841459.
        "asked": 6, "blind_share": 0.3333, "blind_low": 0.0968, "blind_high": 0.7,
        "median_lead_days": 1.71,  # 0, 1.42, 2 and 4
    }  # fmt: skip


def _dismissed(rows: Rows) -> None:
    def household(name: str, dismissed: str, asked: str | None) -> None:
        rows.household(
            f"n-{name}", DISMISSED, found="01-10 10:00", life=[("dismissed", dismissed)],
            asked_after_dismissal_at=asked and at(asked),
        )  # fmt: skip

    household("silent", "02-01 10:00", None)
    household("soon", "02-01 10:00", "03-03 10:00")  # 30 days
    household("much-later", "02-01 10:00", "05-12 10:00")  # 100 days
    household("lately", "06-01 10:00", "06-05 10:00")  # 4 days, and not yet 90 watched
    household("asks-later", "06-01 10:00", "06-11 10:00")


def test_those_dismissed_who_asked_later_are_counted_by_how_long_they_were_watched(
    answer: Ask,
) -> None:
    [row] = answer("dismissed_then_asked", DISMISSED, "", **YEAR)
    assert row == {
        "asked": 3, "silent": 2, "dismissed": 5, "asked_share": 0.6, "asked_low": 0.2307,
        "asked_high": 0.8824, "median_days": 30.0, "within_90_days": 1, "not_within_90": 2,
        "followed_90_days": 3,
    }  # fmt: skip


# Relapse


def _lives(rows: Rows) -> None:
    whole = [("found", "03-01 10:00"), ("verified", "03-05 10:00"), ("assisted", "03-09 10:00"),
             ("cleared", "04-30 23:59"), ("relapsed", "06-01 00:00")]  # fmt: skip
    rows.household("r-1", LIVES, life=whole, kind="sudden", case_id="lead-r1")
    rows.signal("r-1", LIVES, "income-drop", "02-28 10:00", lead="lead-r1")
    rows.signal("r-1", LIVES, "disaster", "03-01 10:00", lead="lead-r1")
    rows.signal("r-1", LIVES, "dropout", "02-01 10:00", lead="lead-r1", counts=False)
    by_hand = [("found", "06-02 10:00"), ("dismissed", "06-10 10:01")]
    rows.household("r-2", LIVES, life=by_hand, case_id="by-hand")


def test_relapse_trends_count_the_events_of_lives_by_cause_and_month(answer: Ask) -> None:
    rows = answer("relapse_trends", LIVES, "cause,kind,month", **YEAR)
    names = ("cause", "kind", "period", "found", "dismissed", "verified", "cleared", "relapsed")
    assert _picked(rows, *names) == [
        ("by_hand", "none", "2026-06", 1, 0, 0, 0, 0),
        ("income-drop", "sudden", "2026-03", 1, 0, 1, 0, 0),
        ("income-drop", "sudden", "2026-04", 0, 0, 0, 1, 0),
        ("income-drop", "sudden", "2026-06", 0, 0, 0, 0, 1),
    ]


def _risk(rows: Rows) -> None:
    nested = {
        "drivers.code": ["signal:dropout"], "drivers.points": [30.0],
        "drivers.at": [at("05-01 00:00")], "drivers.half_life_d": [0.0], "drivers.until": [None],
        "drivers.subject": ["s1"],
        "levels.level": ["low", "watch", "low", "high"], "levels.points_from": [0, 20, 0, 25],
        "levels.since": [at(day) for day in ["2021-11-09 00:00"] * 2 + ["06-01 00:00"] * 2],
    }  # fmt: skip
    rows.household("i-1", RISK, **nested)


def test_the_level_of_an_instant_is_that_of_the_rules_in_force_then(server: Server) -> None:
    asked = f"SELECT index, level FROM household_risk_at(as_of = %(at)s) WHERE county = '{RISK}'"
    with server.client() as client:
        told = [
            client.execute(asked, {"at": f"{at(when):%F %T}.000"})
            for when in ("2020-01-01 00:00", "05-31 00:00", "06-01 00:00")
        ]
    assert told == [[(0.0, "low")], [(30.0, "watch")], [(30.0, "high")]]


def _cohorts(rows: Rows) -> None:
    """Ten cleared on 15 March at 10:00: 87 days before the instant, in their third month."""
    for number, relapsed in enumerate(["04-01 10:00", "04-20 10:00", "06-10 10:01", *[None] * 5]):
        rows.household(f"k-{number}", COHORTS, clearings=[("03-15 10:00", relapsed)])
    for number in range(2):  # watched for 40 days
        rows.household(f"k-young-{number}", COHORTS, clearings=[("05-01 10:00", None)])


def test_cohorts_are_followed_until_they_fall_back_or_out_of_sight(answer: Ask) -> None:
    rows = answer("relapse_cohorts", COHORTS, "", **YEAR)
    assert _picked(rows, *COHORT) == [
        # 1 - 1/10, of an effective 10: (9 + 1.920729 ± 1.959964 √(9/10 + 0.960365)) / 13.841459.
        (1, 10, 1, 0, 0.9, 0.5958, 0.9821),
        # 0.9 · (1 - 1/(9-1)); 0.2125 / (0.7875 (1/90 + 1/56)) = 9.315: (7.3356 + 1.920729 ±
        # 1.959964 √(1.5588 + 0.960365)) / 13.156459.
        (2, 9, 1, 2, 0.7875, 0.4671, 0.94),
        (3, 6, 0, 6, 0.7875, 0.4671, 0.94),
    ]
    _assert_life_table(rows)


def _few_cleared(rows: Rows) -> None:
    for number in range(2):
        rows.household(f"two-{number}", FEW, kind="none", clearings=[("04-05 10:00", None)])
    rows.household("one", FEW, kind="sudden", clearings=[("04-05 10:00", "04-06 10:00")])
    for number, relapsed in enumerate(("04-06 10:00", "05-10 10:00")):
        rows.household(f"all-{number}", FEW, kind="marginal", clearings=[("04-05 10:00", relapsed)])


def test_cohorts_of_which_none_or_all_fell_back_have_the_interval_of_their_number(
    answer: Ask,
) -> None:
    rows = answer("relapse_cohorts", FEW, "kind", **YEAR)
    assert _picked(rows, "kind", *COHORT) == [
        # 1 of 2, then 1 of 1; 0.5 / (0.5 · 1/2) = 2: (2.920729 ± 1.959964 √1.460365) / 5.841459.
        ("marginal", 1, 2, 1, 0, 0.5, 0.0945, 0.9055),
        # None of the smallest number so far, 1: 3.841458 / 4.841459.
        ("marginal", 2, 1, 1, 0, 0.0, 0.0, 0.7935),
        # 2 of 2: 2 / 5.841459. In the third month both go out of sight, so that they count as 1.
        ("none", 1, 2, 0, 0, 1.0, 0.3424, 1.0),
        ("none", 2, 2, 0, 0, 1.0, 0.3424, 1.0),
        ("none", 3, 2, 0, 2, 1.0, 0.2065, 1.0),
        ("sudden", 1, 1, 1, 0, 0.0, 0.0, 0.7935),
    ]
    for kind in ("marginal", "none", "sudden"):
        _assert_life_table([row for row in rows if row["kind"] == kind])


def _solved(rows: Rows) -> None:
    """Fall back and go out of sight: 3 and 20 in the first month, 12 and 15, 0 and 60."""
    for cleared, relapsed, households in (
        ("04-05 10:00", "04-10 10:00", 3), ("05-20 10:00", None, 20),
        ("04-05 10:00", "05-15 10:00", 12), ("05-01 10:00", None, 15),
        ("04-05 10:00", None, 60),
    ):  # fmt: skip
        for number in range(households):
            name = f"s-{cleared}-{relapsed}-{number}"
            rows.household(name, SOLVED, clearings=[(cleared, relapsed)])


def test_a_published_cohort_cannot_be_solved_for_who_fell_back(server: Server) -> None:
    given = Scope(as_of=AS_OF_MS, until=dt.date(2026, 6, 30), place=SOLVED, by=(), **YEAR)
    found = ask(server, question("relapse_cohorts"), given)
    whole = [dict(zip(found.names, row, strict=True)) for row in found.rows]
    assert _picked(whole, "relapsed", "censored", "at_risk") == [
        (3, 20, 110), (12, 15, 87), (0, 60, 60),
    ]  # fmt: skip
    _assert_life_table(whole)
    shown = [dict(zip(found.names, row, strict=True)) for row in publish(found).rows]
    assert _picked(shown, "relapsed", "censored") == [(None, None), (None, None), (0, 60)]
    fits = []
    for first, second in itertools.product(range(24), range(28)):
        tried = [
            {"relapsed": first, "censored": 23 - first, "at_risk": 110},
            {"relapsed": second, "censored": 27 - second, "at_risk": 87},
            {"relapsed": 0, "censored": 60, "at_risk": 60},
        ]
        for row, figures in zip(tried, _life_table(tried), strict=True):
            row |= dict(zip(COHORT[-3:], figures, strict=True))  # type: ignore[arg-type]
        fits.append(
            all(
                shown_row[name] is None or abs(shown_row[name] - row[name]) < 0.0001
                for shown_row, row in zip(shown, tried, strict=True)
                for name in row
            )
        )
    assert sum(fits) == 24 * 28


COHORT = ("after_month", "at_risk", "relapsed", "censored", "kept", "kept_low", "kept_high")


def _life_table(rows: list[dict[str, Any]]) -> list[tuple[float, float, float]]:
    """Return kept and its interval of each month: the roots of (kept - p)² = z² p (1 - p) / n."""
    z = NormalDist().inv_cdf(0.975)
    kept, greenwood, least = 1.0, 0.0, math.inf
    found = []
    for row in rows:
        exposed = row["at_risk"] - row["censored"] / 2
        least = min(least, exposed)
        kept *= 1 - row["relapsed"] / exposed
        if row["relapsed"] < exposed:
            greenwood += row["relapsed"] / (exposed * (exposed - row["relapsed"]))
        n = kept * (1 - kept) / (kept**2 * greenwood) if 0 < kept < 1 else least
        a, b = 1 + z**2 / n, 2 * kept + z**2 / n
        root = math.sqrt(max(0, b**2 - 4 * a * kept**2))
        found.append((kept, (b - root) / (2 * a), (b + root) / (2 * a)))
    return found


def _assert_life_table(rows: list[dict[str, Any]]) -> None:
    for row, figures in zip(rows, _life_table(rows), strict=True):
        assert tuple(row[name] for name in COHORT[-3:]) == pytest.approx(figures, abs=6e-5)


# The forecast, in a warehouse of its own: it learns from everything that there is


@pytest.fixture
def forecast(
    clickhouse_server: ClickHouseServer, clickhouse: Client, clickhouse_database: str
) -> Ask:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    rows = Rows(clickhouse)
    ends = ["06-01 15:00"] * 4 + ["06-01 19:00"] * 2
    past = [clock("verify", "06-01 10:00", "06-01 20:00", end, "met") for end in ends]
    past += [clock("verify", "06-01 10:00", "06-01 20:00", "06-02 20:00", "missed")] * 2
    past += [clock("verify", "2025-06-01 10:00", "2025-06-01 20:00")]  # too long ago
    for number, cycle in enumerate(past):
        rows.case(f"past-{number}", "530102", "06-01 10:00", [cycle])
    # 8 of 10 hours used up; 10 of 100.
    for number, (started, due) in enumerate(
        [("06-10 02:00", "06-10 12:00"), ("06-10 00:00", "06-14 04:00")]
    ):
        rows.case(f"open-{number}", "530102", "06-10 00:00", [clock("verify", started, due)])
    rows.case("paused", "530102", "06-10 00:00", [clock("verify", "06-10 00:00", None)])
    rows.write()
    return _asking(server)


def test_the_forecast_goes_by_cycles_that_had_used_up_as_much_of_their_time(forecast: Ask) -> None:
    # At 8 tenths 4 were still running and 2 became late: all clocks 2.5/5, the clock (2+20*.5)/24,
    # the county the same: 0.5. At 1 tenth 8 and 2: 2.5/9, then (2+20*.2778)/28 = .2698, then
    # (2+20*.2698)/28 = .2642. Of both .7642 ± 1.959964 √(.25 + .1944 + .0084), within 0 and 2.
    rows = forecast("breach_forecast", "", "clock")
    assert _picked(rows, "horizon_days", "due", "expected", "low", "high") == [
        (1, 1, 0.5, 0.0, 1.0), (3, 1, 0.5, 0.0, 1.0), (7, 2, 0.8, 0.0, 2.0),
    ]  # fmt: skip


def test_a_cause_that_delays_many_at_once_widens_the_forecast_of_many(
    clickhouse_server: ClickHouseServer, clickhouse: Client, clickhouse_database: str
) -> None:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    rows = Rows(clickhouse)
    # Half of 2,000 became late from any part of their time on; 1,000 run and are due in a day.
    for number in range(2000):
        end = ("06-01 20:00", "met") if number % 2 else ("06-02 20:00", "missed")
        rows.case(f"p-{number}", "530102", "06-01 10:00",
                  [clock("verify", "06-01 10:00", "06-01 20:00", *end)])  # fmt: skip
    for number in range(1000):
        running = clock("verify", "06-10 08:00", "06-10 18:00")
        rows.case(f"o-{number}", "530102", "06-10 08:00", [running])
    rows.write()
    row = _asking(server)("breach_forecast", "", "")[0]
    # All shares are 0.5: 500 ± 1.959964 √(250 + (0.12 · 500)²) = 121.6.
    assert (row["due"], row["expected"], row["low"], row["high"]) == (1000, 500.0, 378.4, 621.6)


# Weekly findings and alarms, in a warehouse of their own: the history begins with its first signal


@pytest.fixture
def findings(
    clickhouse_server: ClickHouseServer, clickhouse: Client, clickhouse_database: str
) -> Ask:
    """Two households a week in each of two counties, and ten in one of them from 25 May on."""
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    rows = Rows(clickhouse)
    monday = dt.date(2026, 1, 5)
    while monday < dt.date(2026, 6, 15):
        for county, drought in (("530102", 2), ("532301", 10)):
            for number in range(drought if monday >= dt.date(2026, 5, 25) else 2):
                name = f"{county}-{number}"
                for day in (0, 6):  # each household twice
                    when = f"{monday + dt.timedelta(days=day)} 00:00"
                    rows.signal(f"f-{name}", county, "water-outage", when)
                    rows.case(f"{name} {when}", county, when, household=f"asks-{name}")
        monday += dt.timedelta(days=7)
    rows.write()
    return _asking(server)


def test_a_week_far_above_what_is_usual_raises_an_alarm_from_its_first_week_on(
    findings: Ask,
) -> None:
    # 2 (1 + 2/3 · 3.09 √((2 + 2/18) / 4))^1.5, from 18 weeks.
    rows = findings("relapse_alarms", "", "direction,prefecture,indicator", **YEAR)
    names = ("direction", "prefecture", "indicator", "households", "usual", "bound", "score")
    # The week of the instant, the 24th, has not ended.
    assert {row["week"] for row in rows} == {"2026-W22", "2026-W23"}
    assert _picked([row for row in rows if row["week"] == "2026-W22"], *names) == [
        ("government", "532300", "water-outage", 10, 2.0, 7.89, 1.36),
        ("people", "532300", "water.drinking", 10, 2.0, 7.89, 1.36),
    ]


def test_what_is_usual_is_known_after_8_weeks_and_leaves_out_the_last_two(findings: Ask) -> None:
    rows = findings("weekly_findings", "5301", "direction,county", **YEAR)
    people = [row for row in rows if row["direction"] == "people"]
    assert _picked(people, "week", "households", "usual")[9:12] == [
        ("2026-W11", 2, None), ("2026-W12", 2, 2.0), ("2026-W13", 2, 2.0),
    ]  # fmt: skip
    assert all((row["score"] or 0) < 1 for row in rows)
