"""The analysts' questions on hand-made rows: every expected number is reckoned by hand."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.errors import Misconfigured
from sinks.analysis.asking import Scope, ask
from sinks.analysis.questions import question, questions
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.analysis_rows import AS_OF, AS_OF_MS, Rows, clock

JUNE = {"since": dt.date(2026, 6, 1), "until": dt.date(2026, 6, 30)}
# A county for each question, so that one warehouse serves all of them.
ATTAINMENT, ON_TIME, AGEING, BOUNCES = "530102", "530103", "530111", "530112"
SUPERVISED, WARNINGS, CAUSES, CUSTODY = "530113", "530114", "530115", "530124"

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def server(clickhouse_server: ClickHouseServer) -> Iterator[Server]:
    """A warehouse with the rows of all questions but the forecast."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server = Server(clickhouse_server.host, clickhouse_server.port, name)
    migrate(server)
    with server.client() as client:
        rows = Rows(client)
        for write in (_attainment, _on_time, _ageing, _bounces, _supervised, _warnings, _causes):
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
        assert set(column.parts) <= counts, column.name
        assert column.kind in ("dimension", "count", "sum of", "from", "id", "instant", "figure")
        assert (column.kind in ("sum of", "from")) == bool(column.parts), column.name


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
    year = {"since": dt.date(2026, 1, 1)}
    rows = answer("attainment", ATTAINMENT, "county,clock,month", **year)
    assert _picked(rows, "county", "clock", "period", "met", "missed", "judged") == [
        (ATTAINMENT, "accept", "2026-05", 0, 1, 1),
        (ATTAINMENT, "accept", "2026-06", 2, 2, 7),
    ]
    weeks = answer("attainment", ATTAINMENT, "week", **year)
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
        steps = [("submitted", "06-01 00:00"), *events]
        rows.case(f"l-{case_id}", CAUSES, "06-01 00:00", [overall, *more], events=steps)

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
    # (2+20*.2698)/28 = .2642. Of both: .7642 ± 1.959964 √(.25+.1944) = 0 … 2.07, at most 2.
    rows = forecast("breach_forecast", "", "clock")
    assert _picked(rows, "horizon_days", "due", "expected", "low", "high") == [
        (1, 1, 0.5, 0.0, 1.0), (3, 1, 0.5, 0.0, 1.0), (7, 2, 0.8, 0.0, 2.0),
    ]  # fmt: skip
