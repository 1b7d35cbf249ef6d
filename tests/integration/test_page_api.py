"""The page's API on the embedded ClickHouse: hand-made rows, answers reckoned by hand."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator

import pytest
from clickhouse_driver import Client

from dashboards.config import PageConfig
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.ports import free_port
from tests.browser.page_support import AS_OF, AS_OF_MS, Rows, at, get, served
from tests.integration.page_accounts import emptied, migrated

GREEN_LAKE = "530102"  # 五华区, of Kunming 530100
CHENGJIANG = "530481"  # 澄江市, of Yuxi 530400


@pytest.fixture(scope="module")
def clickhouse_database(clickhouse_server: ClickHouseServer) -> Iterator[str]:
    with migrated(clickhouse_server, f"test_{uuid.uuid4().hex[:12]}") as name:
        yield name


@pytest.fixture
def rows(clickhouse: Client) -> Rows:
    return emptied(clickhouse)


@pytest.fixture
def page(
    rows: Rows, clickhouse_server: ClickHouseServer, clickhouse_database: str
) -> Iterator[str]:
    config = PageConfig(
        port=clickhouse_server.port, database=clickhouse_database, as_of_ms=AS_OF_MS, poll_s=0.1
    )
    with served(config) as address:
        yield address


def ask(page: str, panel: str, **parameters: str) -> list[dict[str, object]]:
    answer = get(page, f"/api/panels/{panel}", **parameters)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["panel"] == panel
    rows: list[dict[str, object]] = body["rows"]
    return rows


def numbers(page: str, **parameters: str) -> dict[str, object]:
    [row] = ask(page, "numbers", **parameters)
    return row


def test_an_empty_warehouse_answers_zeros_for_every_key(page: str) -> None:
    assert numbers(page)["open"] == 0
    assert {row["open"] for row in ask(page, "counties")} == {0}
    tables = ("counties", "prefectures", "items", "directions")
    assert [len(ask(page, name)) for name in tables] == [129, 16, 16, 3]
    assert ask(page, "escalations") == []
    assert ask(page, "supervised") == []


def test_received_today_is_the_shanghai_day_without_the_future(rows: Rows, page: str) -> None:
    rows.received("06-10", 3)
    rows.received("06-09", 5)
    rows.received("06-11", 7)
    assert numbers(page)["received_today"] == 3
    assert numbers(page)["received_total"] == 8
    late_evening_before = "2026-06-09T23:59:59+08:00"
    assert numbers(page, as_of=late_evening_before)["received_today"] == 5
    midnight = "2026-06-09T16:00:00Z"
    assert numbers(page, as_of=midnight)["received_today"] == 3


def test_the_newest_count_of_each_partition_is_summed_over_all(rows: Rows, page: str) -> None:
    rows.open(9, "06-20 00:00", version=1)
    rows.open(4, "06-20 00:00", version=2)
    rows.open(4, "06-20 00:00", version=2)
    rows.open(6, "06-20 00:00", partition=1)
    assert numbers(page)["open"] == 10


@pytest.mark.parametrize(
    ("due", "late", "due_24h", "due_72h"),
    [
        ("06-10 09:59", 1, 0, 0),
        ("06-10 10:00", 0, 1, 1),
        ("06-11 10:00", 0, 1, 1),
        ("06-11 10:01", 0, 0, 1),
        ("06-13 10:00", 0, 0, 1),
        ("06-13 10:01", 0, 0, 0),
        (None, 0, 0, 0),
    ],
)
def test_late_and_due_are_derived_from_the_due_instant(
    rows: Rows, page: str, due: str | None, late: int, due_24h: int, due_72h: int
) -> None:
    rows.open(1, due)
    row = numbers(page)
    assert (row["open"], row["late"], row["due_24h"], row["due_72h"]) == (1, late, due_24h, due_72h)


def test_a_case_is_late_once_the_instant_has_passed_although_nothing_arrived(
    rows: Rows, page: str
) -> None:
    rows.open(2, "06-10 10:00")
    assert numbers(page, as_of="2026-06-10T10:00:00+08:00")["late"] == 0
    assert numbers(page, as_of="2026-06-10T10:00:00.001+08:00")["late"] == 2


def test_a_supervised_case_is_late_and_not_due(rows: Rows, page: str) -> None:
    rows.open(1, "06-11 09:00", supervised="06-10 09:00")
    row = numbers(page)
    assert (row["supervised"], row["late"], row["due_24h"]) == (1, 1, 0)


def test_the_two_directions_are_told_apart_by_who_raised(rows: Rows, page: str) -> None:
    for raised_by, count in (("self", 1), ("proxy", 2), ("government", 4)):
        rows.open(count, None, raised_by=raised_by)
    assert {row["raised_by"]: row["open"] for row in ask(page, "directions")} == {
        "self": 1, "proxy": 2, "government": 4,
    }  # fmt: skip


def test_a_filter_narrows_every_panel(rows: Rows, page: str) -> None:
    rows.open(1, None, county=GREEN_LAKE)
    rows.open(2, None, county=CHENGJIANG)
    rows.open(4, None, county=CHENGJIANG, item="education.dropout")
    rows.escalation("C-1", "06-10 09:00", county=GREEN_LAKE)
    assert numbers(page, prefecture="530400")["open"] == 6
    assert numbers(page, county=CHENGJIANG, item="education.dropout")["open"] == 4
    by_prefecture = {row["prefecture"]: row["open"] for row in ask(page, "prefectures")}
    assert (by_prefecture["530100"], by_prefecture["530400"]) == (1, 6)
    assert len(ask(page, "counties", prefecture="530400")) == 9
    assert ask(page, "escalations", county=CHENGJIANG) == []
    assert [row["case_id"] for row in ask(page, "escalations", county=GREEN_LAKE)] == ["C-1"]


def test_of_an_escalation_the_newest_revision_is_shown_newest_first(rows: Rows, page: str) -> None:
    rows.escalation("C-old", "06-10 08:00")
    rows.escalation("C-new", "06-10 09:00")
    rows.escalation(
        "C-old", "06-10 08:00", revision=2, state="withdrawn", cause="mistaken",
        published_at=at("06-10 09:30"), source_offset=2,
    )  # fmt: skip
    rows.escalation("C-later", "06-10 11:00")
    shown = ask(page, "escalations")
    assert [(row["case_id"], row["revision"], row["state"]) for row in shown] == [
        ("C-old", 2, "withdrawn"),
        ("C-new", 1, "fired"),
    ]


def test_the_supervised_list_has_open_overdue_cases_longest_first(rows: Rows, page: str) -> None:
    overall = {"clock": "overall"}
    rows.case("C-9d", "05-22 10:00", [overall | {"due_at": at("06-01 10:00")}])
    rows.case("C-0d", "05-31 10:01", [overall | {"due_at": at("06-10 09:00")}])
    rows.case("C-due-now", "05-31 10:00", [overall | {"due_at": at("06-10 10:00")}])
    rows.case("C-stage", "06-01 10:00", [{"clock": "accept", "due_at": at("06-02 10:00")}])
    ended = overall | {"due_at": at("06-01 10:00"), "outcome": "missed"}
    rows.case("C-closed", "05-22 10:00", [ended], closed_at=at("06-05 10:00"))
    shown = ask(page, "supervised")
    assert [(row["case_id"], row["supervised_days"]) for row in shown] == [("C-9d", 9), ("C-0d", 0)]
    assert shown[0]["submitted_days"] == 19


def test_a_case_has_its_verdicts_escalations_and_events_but_no_household(
    rows: Rows, page: str
) -> None:
    rows.case(
        "C/1 ?", "06-08 09:00",
        [
            {"clock": "accept", "due_at": at("06-09 09:00"), "outcome": "missed",
             "stopped_at": at("06-09 12:00")},
            {"clock": "dispatch", "due_at": at("06-09 09:00")},
            {"clock": "resolve", "due_at": None},
        ],
    )  # fmt: skip
    rows.event("C/1 ?", "e1", "submitted", "06-08 09:00")
    rows.event("C/1 ?", "e2", "accepted", "06-09 12:00")
    rows.event("C/1 ?", "e3", "resolved", "06-10 12:00")
    rows.escalation("C/1 ?", "06-09 09:00")
    rows.escalation("C-other", "06-09 09:00")
    answer = get(page, "/api/cases/C%2F1%20%3F")
    body = answer.json()
    assert body["as_of"] == AS_OF
    assert body["case"]["submitted_at"] == "2026-06-08T09:00:00+08:00"
    assert {clock["clock"]: clock["status"] for clock in body["clocks"]} == {
        "accept": "missed", "dispatch": "running", "resolve": "paused",
    }  # fmt: skip
    breached = {clock["clock"]: clock["breached_at"] for clock in body["clocks"]}
    assert breached == {"accept": "2026-06-09T09:00:00+08:00", "resolve": None,
                        "dispatch": "2026-06-09T09:00:00+08:00"}  # fmt: skip
    assert len(body["escalations"]) == 1
    assert [event["type"] for event in body["events"]] == ["submitted", "accepted"]
    assert "h-secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/cases/none", 404, "unknown-case"),
        ("/api/panels/none", 404, "unknown-panel"),
        ("/api/queries/none.sql", 404, "unknown-query"),
        ("/api/none", 404, "not-found"),
        ("/api/panels/numbers?county=530199", 422, "unknown-county"),
        ("/api/panels/numbers?item=none", 422, "unknown-item"),
        ("/api/panels/numbers?county=' OR 1", 422, "invalid-parameter"),
        ("/api/panels/numbers?as_of=2026-06-10T10:00:00", 422, "invalid-as-of"),
        ("/api/live?prefecture=530199", 422, "unknown-prefecture"),
    ],
)
def test_a_refusal_is_a_problem_that_names_its_remedy(
    page: str, path: str, status: int, code: str
) -> None:
    answer = get(page, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:jushou:problem:{code}"
    assert all(answer.json()["remedy"][language] for language in ("zh", "en"))


def test_a_quoted_case_number_is_only_a_number(rows: Rows, page: str) -> None:
    rows.case("x' OR '1'='1", "06-08 09:00", [])
    rows.case("C-1", "06-08 09:00", [])
    assert get(page, "/api/cases/x' OR '1'='1").json()["case"]["case_id"] == "x' OR '1'='1"
    assert get(page, "/api/cases/y' OR '1'='1").status_code == 404


def test_csv_opens_in_a_spreadsheet_and_holds_every_row(rows: Rows, page: str) -> None:
    for number in range(60):
        rows.escalation(f"={number}", "06-10 08:00")
    answer = get(page, "/api/panels/escalations.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(table) == 60
    assert {row["case_id"][:2] for row in table} == {"'="}
    assert {row["as_of"] for row in table} == {AS_OF}


def test_every_answer_forbids_what_is_foreign_or_inline(page: str) -> None:
    for path in ("/", "/api/names", "/api/none", "/static/main.js", "/livez", "/case/C-1"):
        policy = get(page, path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


def test_health_and_metrics_say_how_the_page_is(page: str) -> None:
    assert get(page, "/livez").json() == {"status": "alive"}
    assert get(page, "/readyz").json() == {"status": "ready"}
    assert 'jushou_page_query_seconds_count{query="freshness"}' in get(page, "/metrics").text


def test_without_clickhouse_the_page_is_alive_but_says_503_and_why() -> None:
    with served(PageConfig(port=free_port())) as page:
        assert get(page, "/livez").status_code == 200
        for path in ("/readyz", "/api/panels/numbers", "/api/cases/C-1"):
            answer = get(page, path)
            assert answer.status_code == 503
            assert "ClickHouse" in answer.json()["detail"]
            assert int(answer.headers["retry-after"]) > 0


def test_a_warehouse_without_tables_is_answered_by_migrate(
    clickhouse_server: ClickHouseServer,
) -> None:
    with served(PageConfig(port=clickhouse_server.port, database="default")) as page:
        answer = get(page, "/api/panels/numbers")
    assert answer.status_code == 503
    assert "run the migrations" in answer.json()["detail"]
