"""What the panels answer that are reckoned from cases: on the embedded ClickHouse, by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from clickhouse_driver import Client

from dashboards.config import PageConfig
from jushou.runtime.clickhouse_server import ClickHouseServer
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.browser.page_support import AS_OF_MS, Rows, at, get, served


@pytest.fixture(scope="module")
def warehouse(clickhouse_server: ClickHouseServer) -> Iterator[tuple[str, Client]]:
    """A page on a database of the module's own; each test empties the tables that it fills."""
    name = "test_panel_answers"
    with Client(clickhouse_server.host, clickhouse_server.port) as client:
        client.execute(f"CREATE DATABASE {name}")
        migrate(Server(clickhouse_server.host, clickhouse_server.port, name))
        client.execute(f"USE {name}")
        config = PageConfig(port=clickhouse_server.port, database=name, as_of_ms=AS_OF_MS)
        with served(config) as page:
            yield page, client
        client.execute(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def page(warehouse: tuple[str, Client]) -> str:
    return warehouse[0]


@pytest.fixture
def rows(warehouse: tuple[str, Client]) -> Rows:
    for table in ("cases", "escalations", "aggregates", "households", "signals"):
        warehouse[1].execute(f"TRUNCATE TABLE {table}")
    return Rows(warehouse[1])


def ask(page: str, panel: str, **parameters: str) -> list[dict[str, Any]]:
    answer = get(page, f"/api/panels/{panel}", **parameters)
    assert answer.status_code == 200, answer.text
    answered: list[dict[str, Any]] = answer.json()["rows"]
    return answered


def run(clock: str, started: str, due: str | None, stopped: str | None = None) -> dict[str, Any]:
    """A run of a clock; met or missed by its instants, live without an end."""
    given: dict[str, Any] = {"clock": clock, "started_at": at(started), "due_at": due and at(due)}
    if stopped and due:
        given |= {"stopped_at": at(stopped), "outcome": "met" if stopped <= due else "missed"}
    return given


def test_counts_of_cases_agree_with_the_published_counts(rows: Rows, page: str) -> None:
    rows.case("late", "06-01 09:00", [run("accept", "06-01 09:00", "06-02 09:00")])
    rows.case("over", "05-20 09:00", [run("overall", "05-20 09:00", "05-30 09:00")])
    rows.case("due", "06-10 09:00", [run("accept", "06-10 09:00", "06-11 09:00")])
    rows.case("closed", "06-01 09:00", [], closed_at=at("06-02 09:00"))
    rows.received("06-01", 2)
    rows.received("05-20", 1)
    rows.received("06-10", 1)
    rows.open(1, "06-02 09:00")
    rows.open(1, "05-30 09:00", "05-30 09:00")
    rows.open(1, "06-11 09:00")
    for panel in ("numbers", "directions", "items", "counties", "prefectures"):
        assert ask(page, panel, department="water") == ask(page, panel)
    assert ask(page, "numbers", department="water")[0]["late"] == 2
    assert ask(page, "numbers", department="housing")[0]["received_total"] == 0


def test_no_two_cells_of_counts_have_one_number(warehouse: tuple[str, Client]) -> None:
    """``counts_of_all.sql`` groups by this number instead of by its three texts."""
    [(cells, numbers)] = warehouse[1].execute("""
        SELECT
            count(),
            uniqExact(cityHash64(raised_by) + 3 * cityHash64(item) + 7 * cityHash64(county))
        FROM
            (SELECT arrayJoin(['', 'self', 'proxy', 'government']) AS raised_by) AS ways,
            (SELECT code AS item FROM items UNION ALL SELECT '') AS known,
            (SELECT code AS county FROM regions WHERE level = 'county' UNION ALL SELECT '') AS at
    """)
    assert cells == numbers > 5_000


def test_instants_are_rounded_up_to_the_minute_in_counts_of_either_kind(
    rows: Rows, page: str
) -> None:
    # As of 10:00 sharp: what is due within the minute before is due at 10:00, and not late yet.
    instants = {
        "06-10 09:59": "06-10 09:59", "06-10 09:59:00.001": "06-10 10:00",
        "06-10 10:00": "06-10 10:00", "06-11 10:00": "06-11 10:00",
        "06-11 10:00:00.001": "06-11 10:01", "06-13 10:00": "06-13 10:00",
        "06-13 10:00:00.001": "06-13 10:01",
    }  # fmt: skip
    for exact in instants:
        rows.case(exact, "06-10 00:00", [run("overall", "06-10 00:00", exact)])
    for rounded, count in Counter(instants.values()).items():
        rows.open(count, rounded, rounded)
    rows.case("yesterday", "06-09 23:59:59.999", [], closed_at=at("06-10 00:01"))
    rows.case("tomorrow", "06-11 00:00", [], closed_at=at("06-11 00:01"))
    rows.received("06-10", len(instants))
    rows.received("06-09", 1)
    rows.received("06-11", 1)
    [published] = ask(page, "numbers")
    assert ask(page, "numbers", department="water") == [published]
    names = ("received_today", "received_total", "late", "supervised", "due_24h", "due_72h")
    assert [published[name] for name in names] == [7, 8, 1, 1, 3, 5]


def test_a_newer_state_takes_the_place_of_an_older_one_whichever_came_first(
    rows: Rows, page: str
) -> None:
    lead: dict[str, Any] = {"item": "monitoring.lead"}
    late = [run("overall", "05-20 09:00", "06-01 09:00")]
    done = [run("overall", "05-20 09:00", "06-01 09:00", "05-30 09:00")]
    closed = {"closed_at": at("05-30 09:00"), **lead}
    rows.case("done", "05-20 09:00", done, version=2, **closed)
    rows.case("done", "05-20 09:00", late, version=1, **lead)
    rows.case("reopened", "05-20 09:00", done, version=1, **closed)
    rows.case("reopened", "05-20 09:00", late, version=2, **lead)
    rows.case("no-lead-after-all", "05-20 09:00", late, version=1, **lead)
    rows.case("no-lead-after-all", "05-20 09:00", late, version=2)
    rows.case("put-off", "05-20 09:00", late, version=1)
    rows.case("put-off", "05-20 09:00", [run("overall", "05-20 09:00", "06-20 09:00")], version=2)
    assert [row["case_id"] for row in ask(page, "leads")] == ["reopened"]
    for panel in ("late", "supervised"):
        assert {row["case_id"] for row in ask(page, panel)} == {"reopened", "no-lead-after-all"}
    assert sum(row["open"] for row in ask(page, "ageing")) == 3
    [counted] = ask(page, "numbers", department="water")
    assert (counted["received_total"], counted["open"], counted["late"]) == (4, 3, 2)


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"township": "530102001"}, ["C-1"]),
        ({"channel": "hall"}, ["C-2"]),
        ({"raised_by": "government"}, ["C-2"]),
        ({"department": "housing"}, ["C-3"]),
        ({"level": "red"}, ["C-1"]),
        ({"since": "2026-05-21", "until": "2026-05-22"}, ["C-2", "C-3"]),
        ({"until": "2026-05-21"}, ["C-1", "C-2"]),
    ],
)
def test_a_filter_narrows_lists_and_counts_alike(
    rows: Rows, page: str, scope: dict[str, str], found: list[str]
) -> None:
    overdue = [run("overall", "05-20 09:00", "06-01 00:00")]
    rows.case("C-1", "05-20 09:00", overdue, township="530102001")
    rows.case("C-2", "05-21 09:00", overdue, channel="hall", raised_by="government")
    rows.case("C-3", "05-22 09:00", overdue, department="housing")
    rows.escalation("C-1", "06-02 09:00")
    rows.escalation("C-2", "06-02 09:00", state="withdrawn")
    assert sorted(row["case_id"] for row in ask(page, "supervised", **scope)) == found
    counted = ask(page, "numbers", **{"since": "2026-01-01", **scope})
    assert counted[0]["supervised"] == len(found)
    assert sorted(row["case_id"] for row in ask(page, "late", **scope)) == found


def test_the_supervised_list_tells_a_late_stage_from_ten_days_without_one(
    rows: Rows, page: str
) -> None:
    overall = run("overall", "05-20 09:00", "06-01 00:00")
    rows.case("C-late", "05-20 09:00", [overall, run("accept", "05-20 09:00", "05-21 09:00")])
    rows.case(
        "C-was", "05-20 09:00",
        [overall, run("accept", "05-20 09:00", "05-21 09:00", "05-22 09:00")],
    )  # fmt: skip
    rows.case("C-kept", "05-20 09:00", [overall, run("resolve", "05-20 09:00", "06-20 09:00")])
    stages = {
        row["case_id"]: (row["late_stages"], row["missed_stages"])
        for row in ask(page, "supervised")
    }
    # Each is in the list of late cases too, with every clock that is past due.
    late = {row["case_id"]: row["late_clocks"] for row in ask(page, "late")}
    assert late == {"C-late": ["overall", "accept"], "C-was": ["overall"], "C-kept": ["overall"]}
    assert stages == {"C-late": (["accept"], []), "C-was": ([], ["accept"]), "C-kept": ([], [])}


def had(*levels: str, accepted: str | None = None) -> dict[str, Any]:
    """Who had a case, one after the other; the last one accepted it at an instant, or did not."""
    since = [at(f"06-0{number + 1} 09:00") for number in range(len(levels))]
    accepts = [None] * (len(levels) - 1) + [accepted and at(accepted)]
    ends = [*since[1:], None]
    named = {"level": list(levels), "since": since, "until": ends, "accepted_at": accepts}
    blank = ("department", "county", "township", "begun_by", "ended_by")
    return {f"custody.{name}": value for name, value in named.items()} | {
        f"custody.{name}": [""] * len(levels) for name in blank
    }


def test_open_cases_are_listed_late_ones_first_and_then_by_what_is_due_next(
    rows: Rows, page: str
) -> None:
    soon, later = (run("decide", "06-01 09:00", f"06-{day} 00:00") for day in (11, 12))
    over = [run("overall", "05-20 09:00", "06-01 00:00"), run("works", "05-20 09:00", None)]
    rows.case("C-later", "06-01 09:00", [later], **had("county", accepted="06-02 09:00"))
    rows.case("C-soon", "06-01 09:00", [later, soon], **had("county", "township"))
    rows.case("C-paused", "06-01 09:00", [run("decide", "06-01 09:00", None)],
              open_pauses=["supplement", "any"], department="housing")  # fmt: skip
    rows.case("C-over", "05-20 09:00", over, township="530102002", **had("county"))
    rows.case("C-closed", "06-01 09:00", [], closed_at=at("06-02 09:00"))
    rows.case("C-to-come", "06-11 09:00", [])
    listed = {row["case_id"]: row for row in ask(page, "open_cases")}
    assert list(listed) == ["C-over", "C-soon", "C-later", "C-paused"]
    assert [listed["C-over"][name] for name in ("is_late", "is_supervised", "township_zh")] == [
        1, 1, "护国街道",
    ]  # fmt: skip
    assert listed["C-over"]["next_clocks"] == ["overall"]
    soonest = listed["C-soon"]
    assert (soonest["due_at"], soonest["held_level"]) == ("2026-06-11T00:00:00+08:00", "township")
    assert soonest["held_since"] == "2026-06-02T09:00:00+08:00"
    assert [row["is_accepted"] for row in listed.values()] == [0, 0, 1, 0]
    assert (listed["C-paused"]["due_at"], listed["C-paused"]["open_pauses"]) == (
        None, ["supplement"],
    )  # fmt: skip
    held = {row["holder"]: row for row in ask(page, "holders")}
    assert {holder: row["open"] for holder, row in held.items()} == {
        "county water": 2, "township water": 1, "county housing": 1,
    }  # fmt: skip
    here = held["county water"]
    assert (here["late"], here["supervised"], here["due_72h"], here["unaccepted"]) == (1, 1, 1, 1)
    assert (here["oldest_days"], held["county housing"]["paused"]) == (21, 1)
    assert [row["case_id"] for row in ask(page, "open_cases", township="530102002")] == ["C-over"]


def test_within_a_township_its_neighbours_are_there_to_compare_with(rows: Rows, page: str) -> None:
    place = {"county": "530102", "township": "530102002"}
    kept = [run("accept", "06-01 09:00", "06-03 09:00", "06-02 09:00")]
    rows.case("C-1", "06-01 09:00", kept, township="530102002")
    rows.case("C-2", "06-01 09:00", [run("accept", "06-01 09:00", "06-02 09:00")],
              township="530102003")  # fmt: skip
    rows.case("C-3", "06-01 09:00", kept, county="530481", township="530481001")
    counted = {row["township"]: row["open"] for row in ask(page, "townships", **place)}
    assert (counted["530102002"], counted["530102003"]) == (1, 1)
    assert len(counted) > 5
    assert "530481001" not in counted
    assert ask(page, "numbers", **place)[0]["open"] == 1
    shares = {row["name_zh"]: row["share"] for row in ask(page, "attainment_townships", **place)}
    assert shares == {"护国街道": 1, "大观街道": 0}


def test_a_trend_counts_each_day_at_its_end(rows: Rows, page: str) -> None:
    rows.case("old", "01-05 09:00", [])
    rows.case("gone", "01-05 09:00", [], closed_at=at("02-05 09:00"))
    rows.case(
        "late", "06-01 08:00",
        [run("accept", "06-01 08:00", "06-03 00:00", "06-05 12:00"),
         run("overall", "06-01 08:00", "06-08 12:00")],
    )  # fmt: skip
    rows.case(
        "quick", "06-02 08:00", [run("accept", "06-02 08:00", "06-04 00:00", "06-02 14:00")],
        closed_at=at("06-06 09:00"),
    )  # fmt: skip
    days = {row["day"][5:]: row for row in ask(page, "trends")}
    assert list(days) == sorted(days)
    assert (len(days), list(days)[0], list(days)[-1]) == (30, "05-12", "06-10")
    assert [days[d]["open"] for d in ("05-31", "06-01", "06-02", "06-05", "06-06")] == [
        1,
        2,
        3,
        3,
        2,
    ]
    assert [days[d]["received"] for d in ("06-01", "06-02", "06-03")] == [1, 1, 0]
    assert [d for d in days if days[d]["late"]] == ["06-03", "06-04", "06-08", "06-09", "06-10"]
    assert [d for d in days if days[d]["supervised"]] == ["06-08", "06-09", "06-10"]
    assert [(d, days[d]["accept_hours"]) for d in days if days[d]["accept_hours"]] == [
        ("06-02", 6.0), ("06-05", 100.0),
    ]  # fmt: skip
    assert (days["06-02"]["in_time"], days["06-05"]["out_of_time"]) == (1, 1)


def test_a_trend_has_the_median_of_a_day_and_nothing_of_what_comes_after(
    rows: Rows, page: str
) -> None:
    for name, stopped in (("C-1", "06-02 10:00"), ("C-2", "06-02 14:00"), ("C-3", "06-02 09:00"),
                          ("C-4", "06-02 16:00")):  # fmt: skip
        rows.case(name, "06-02 08:00", [run("accept", "06-02 08:00", "06-04 00:00", stopped)])
    # Past due as of 10:00, and done at noon.
    rows.case("C-5", "06-09 08:00", [run("accept", "06-09 08:00", "06-10 08:00", "06-10 12:00")])
    days = {row["day"][5:]: row for row in ask(page, "trends")}
    # Of 1, 2, 6 and 8 hours.
    assert (days["06-02"]["accept_hours"], days["06-02"]["in_time"]) == (6.0, 4)
    last = days["06-10"]
    assert (last["late"], last["out_of_time"], last["accept_hours"]) == (1, 0, None)


def test_ages_are_whole_days_and_ten_is_an_edge(rows: Rows, page: str) -> None:
    rows.case("C-0", "06-09 10:01", [])
    rows.case("C-9", "05-31 10:01", [])
    rows.case("C-10", "05-31 10:00", [run("overall", "05-31 10:00", "06-10 09:00")])
    rows.case("C-closed", "05-01 10:00", [], closed_at=at("05-02 10:00"))
    rows.case("C-old", "01-01 10:00", [])
    assert [(row["from_days"], row["open"], row["late"]) for row in ask(page, "ageing")] == [
        (0, 1, 0), (7, 1, 0), (10, 1, 1), (90, 1, 0),
    ]  # fmt: skip


def test_attainment_counts_what_was_decided_in_thirty_days_with_its_interval(
    rows: Rows, page: str
) -> None:
    for number in range(8):
        met = run("accept", "06-01 09:00", "06-02 09:00", "06-02 08:00")
        rows.case(f"met-{number}", "06-01 09:00", [met])
    rows.case("missed", "06-01 09:00", [run("accept", "06-01 09:00", "06-02 09:00", "06-03 08:00")])
    rows.case("late", "06-01 09:00", [run("accept", "06-01 09:00", "06-02 09:00")])
    rows.case("ahead", "06-01 09:00", [run("accept", "06-01 09:00", "06-12 09:00")])
    rows.case("before", "03-01 09:00", [run("accept", "03-01 09:00", "03-02 09:00")])
    [row] = [row for row in ask(page, "ranking")]
    assert (row["county"], row["in_time"], row["out_of_time"], row["share"]) == (
        "530102",
        8,
        2,
        0.8,
    )
    # Wilson (1927) for 8 of 10 at 95 %: 0.490 to 0.943.
    assert (round(row["low"], 3), round(row["high"], 3)) == (0.490, 0.943)
    [department] = ask(page, "attainment_departments")
    assert (department["department"], department["n"]) == ("water", 10)


def handed_on(*offices: tuple[str, str], department: str = "water") -> dict[str, Any]:
    """The custody of a case that these counties had, each from an instant on."""
    counties, since = zip(*offices, strict=True)
    each = len(offices)
    return {
        "custody.level": ["county"] * each, "custody.department": [department] * each,
        "custody.county": counties, "custody.township": [""] * each,
        "custody.since": [at(one) for one in since],
        "custody.until": [*(at(one) for one in since[1:]), None],
        "custody.accepted_at": [None] * each, "custody.begun_by": ["transferred"] * each,
        "custody.ended_by": ["transferred"] * (each - 1) + [""],
    }  # fmt: skip


def test_a_run_is_charged_to_the_county_that_had_the_case_when_it_was_decided(
    rows: Rows, page: str
) -> None:
    before, now = "530102", "530481"
    late = run("accept", "06-01 09:00", "06-02 09:00", "06-05 09:00")
    kept = run("verify", "06-05 09:00", "06-08 09:00", "06-06 09:00")
    cancelled = run("overall", "05-25 09:00", "06-04 09:00") | {
        "stopped_at": at("06-06 09:00"), "outcome": "cancelled",
    }  # fmt: skip
    moved = handed_on((before, "05-25 09:00"), (now, "06-04 09:00"))
    rows.case("moved", "05-25 09:00", [late, kept, cancelled], county=now, township="530481001",
              **moved)  # fmt: skip
    found = {row["county"]: (row["in_time"], row["out_of_time"]) for row in ask(page, "ranking")}
    # At 09:00 sharp the case left, and the citizen's clock was late with those who had had it.
    assert found == {before: (0, 2), now: (1, 0)}
    for county, prefecture in ((before, "530100"), (now, "530400")):
        scope = {"prefecture": prefecture, "county": county}
        [row] = ask(page, "ranking", **scope)
        assert (row["county"], row["in_time"], row["out_of_time"]) == (county, *found[county])
        [whole] = ask(page, "attainment_departments", **scope)
        assert (whole["in_time"], whole["out_of_time"]) == found[county]
        trend = ask(page, "trends", **scope)
        assert sum(row["in_time"] for row in trend) == found[county][0]
        # The citizen's clock was cancelled, and did not end.
        assert sum(row["out_of_time"] for row in trend) == (county == before)
        assert sum(row["received"] for row in trend) == (county == now)
    [township] = ask(page, "attainment_townships", prefecture="530400", county=now)
    assert (township["township"], township["in_time"], township["out_of_time"]) == (
        "530481001", 1, 0,
    )  # fmt: skip


def test_a_forecast_goes_by_what_became_of_runs_that_were_as_near_to_due(
    rows: Rows, page: str
) -> None:
    for number in range(10):
        # Ten runs that were still running 12 hours before they were due: half of them missed it.
        stopped = "06-02 08:00" if number % 2 else "06-02 10:00"
        rows.case(
            f"past-{number}", "06-01 09:00", [run("accept", "06-01 09:00", "06-02 09:00", stopped)]
        )
    # Ended long before that: it says nothing of one that has not.
    rows.case("swift", "06-01 09:00", [run("accept", "06-01 09:00", "06-02 09:00", "06-01 10:00")])
    for number in range(4):
        rows.case(f"now-{number}", "06-10 09:00", [run("accept", "06-10 09:00", "06-11 09:00")])
    rows.case("far", "06-10 09:00", [run("resolve", "06-10 09:00", "06-30 09:00")])
    whole = {row["days"]: row for row in ask(page, "forecast") if not row["item"]}
    assert {days: row["due"] for days, row in whole.items()} == {1: 4, 3: 4, 7: 4}
    assert whole[1]["likely"] == 2.0
    assert (whole[1]["low"], whole[1]["high"]) == (0.0, 4.0)


def household(rows: Rows, name: str, found: str | None, asked: str | None, **more: Any) -> None:
    given = {
        "household": name, "version": 1, "county": "530102", "first_request_item": "water.drinking",
        "first_found_at": found and at(found), "first_request_at": asked and at(asked),
        "first_request_indicator": "water-outage" if asked else "",
    }  # fmt: skip
    rows.insert("households", **given | more)


def test_who_came_first_counts_households_by_their_first_contact(rows: Rows, page: str) -> None:
    household(rows, "found-then-asked", "05-01 09:00", "05-11 09:00")
    household(rows, "at-one-instant", "05-01 09:00", "05-01 09:00")
    household(rows, "asked-then-found", "05-11 09:00", "05-01 09:00")
    household(rows, "asked-only", None, "05-01 09:00", county="530481")
    household(rows, "found-only", "05-01 09:00", None)
    household(rows, "later", "06-11 09:00", "06-12 09:00")
    whole = {row["code"]: row for row in ask(page, "first") if row["place"] != "county"}
    every = whole[""]
    counted = [every[name] for name in ("found_first", "found_only", "asked_first", "asked_only")]
    assert counted == [2, 1, 1, 1]
    assert (every["share"], every["median_lead_days"]) == (0.5, 5.0)
    assert whole["530400"]["asked"] == 1
    assert [row["code"] for row in ask(page, "first", county="530481")] == ["", "530481", "530400"]


def test_a_blind_spot_is_a_household_that_asked_before_it_was_found(rows: Rows, page: str) -> None:
    household(rows, "seen", "05-01 09:00", "05-11 09:00")
    household(rows, "late", "05-11 09:00", "05-01 09:00")
    household(rows, "never", None, "05-01 09:00")
    household(rows, "no-indicator", None, "05-01 09:00", first_request_indicator="")
    spots = {row["indicator"]: row for row in ask(page, "blind_spots")}
    seen = spots["water-outage"]
    assert [seen[name] for name in ("found_before", "found_later", "never_found")] == [1, 1, 1]
    assert (round(seen["share"], 3), seen["name_zh"]) == (0.667, "饮水不安全")
    assert spots["none"]["asked"] == 1


def test_risk_decays_and_dismissed_households_are_left_out(rows: Rows, page: str) -> None:
    def at_risk(name: str, status: str, points: float) -> None:
        household(
            rows, name, "05-01 09:00", None, status=status, county="530102",
            **{"drivers.code": ["x"], "drivers.points": [points], "drivers.at": [at("05-11 10:00")],
               "drivers.half_life_d": [30.0], "drivers.until": [None], "drivers.subject": [""],
               "levels.level": ["low", "watch", "elevated"],
               "levels.points_from": [0.0, 20.0, 40.0]},
        )  # fmt: skip

    at_risk("halved", "verified", 60.0)
    at_risk("small", "cleared", 10.0)
    at_risk("dismissed", "dismissed", 90.0)
    levels = {row["level"]: row for row in ask(page, "risk")}
    assert {level: row["households"] for level, row in levels.items()} == {"watch": 1, "low": 1}
    assert (levels["watch"]["verified"], levels["watch"]["mean_index"]) == (1, 30.0)
    assert [row["household"] for row in ask(page, "household_list")] == ["halved"]


def test_open_leads_name_the_stage_that_runs_late_ones_first(rows: Rows, page: str) -> None:
    lead = {"item": "monitoring.lead", "raised_by": "government"}
    rows.case("new", "06-09 09:00", [run("verify", "06-09 09:00", "06-24 09:00")], **lead)
    rows.case("late", "05-20 09:00", [run("verify", "05-20 09:00", "06-04 09:00")], **lead)
    rows.case("done", "05-20 09:00", [], closed_at=at("05-30 09:00"), **lead)
    rows.case("no-lead", "06-09 09:00", [])
    found = [(row["case_id"], row["stage"], row["is_late"]) for row in ask(page, "leads")]
    assert found == [("late", "verify", 1), ("new", "verify", 0)]


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"item": "monitoring.lead", "raised_by": "government"}, ["C-1", "C-2"]),
        ({"item": "water.drinking"}, []),
        ({"raised_by": "self"}, []),
        ({"channel": "hall"}, ["C-2"]),
        ({"level": "red"}, ["C-1"]),
        ({"until": "2026-06-08"}, ["C-1"]),
    ],
)
def test_open_leads_follow_the_filters_of_cases(
    rows: Rows, page: str, scope: dict[str, str], found: list[str]
) -> None:
    lead = {"item": "monitoring.lead", "raised_by": "government"}
    rows.case("C-1", "06-08 09:00", [run("verify", "06-08 09:00", "06-23 09:00")], **lead)
    rows.case("C-2", "06-09 09:00", [], channel="hall", **lead)
    rows.escalation("C-1", "06-09 09:00")
    assert sorted(row["case_id"] for row in ask(page, "leads", **scope)) == found


def test_a_second_lead_of_a_window_has_the_signals_that_were_seen_after_the_first_had_ended(
    rows: Rows, page: str
) -> None:
    lead = {"item": "monitoring.lead", "raised_by": "government", "household": "H"}
    rows.case("first", "06-01 09:00", [], closed_at=at("06-03 09:00"), **lead)
    rows.case("second", "06-05 09:00", [run("verify", "06-05 09:00", "06-20 09:00")], **lead)
    for name, seen, indicator in (("s1", "06-01 09:00", "dropout"),
                                  ("s2", "06-05 09:00", "disaster"),
                                  ("s3", "06-06 09:00", "job-loss")):  # fmt: skip
        rows.insert(
            "signals", household="H", signal_id=name, observed_at=at(seen), indicator=indicator,
            source="screening", counts=True, lead_case_id="first", window_at=at("06-01 00:00"),
        )  # fmt: skip
    household(
        rows, "H", "06-01 09:00", None, county="530102",
        **{"later_leads.window_at": [at("06-01 00:00")], "later_leads.at": [at("06-05 09:00")],
           "later_leads.signal_id": ["s2"], "later_leads.case_id": ["second"]},
    )  # fmt: skip
    [row] = ask(page, "leads")
    assert (row["case_id"], row["indicators"], row["signals"]) == (
        "second", ["disaster", "job-loss"], 2,
    )  # fmt: skip
    answer = get(page, "/api/households/H")
    assert answer.status_code == 200, answer.text
    joined = {each["signal_id"]: each["case_id"] for each in answer.json()["signals"]}
    assert joined == {"s1": "first", "s2": "second", "s3": "second"}


def test_what_a_load_brought_late_is_no_news_of_that_day(rows: Rows, page: str) -> None:
    loaded = at("06-10 09:00")
    rows.escalation("C-old", "05-01 09:00", known_late=True, published_at=loaded)
    rows.escalation("C-last-week", "06-03 09:00", known_late=True, published_at=loaded)
    rows.escalation("C-now", "06-10 08:00")
    rows.escalation("C-undone", "04-01 09:00", known_late=True, published_at=loaded)
    rows.escalation(
        "C-undone", "04-01 09:00", known_late=True, revision=2, state="withdrawn",
        published_at=at("06-10 09:30"),
    )  # fmt: skip
    shown = [(row["case_id"], row["state"]) for row in ask(page, "escalations")]
    assert shown == [("C-undone", "withdrawn"), ("C-now", "fired"), ("C-last-week", "fired"),
                     ("C-old", "fired")]  # fmt: skip
