"""The page in Chromium at the end of the real pipeline: broker, worker, sink, ClickHouse, page."""

from __future__ import annotations

import csv
import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Page, expect

from dashboards.access.gate import users_of
from dashboards.access.roles import Reader, Role
from dashboards.config import PageConfig
from jushou.cli.page_ports import page_ports
from jushou.runtime.demo import Demo, Size
from jushou.runtime.stack import Stack
from producers.publish import Publisher
from schemas.instants import render_instant
from tests.browser.page_support import served, until

PASSWORD = "correct horse battery staple"
ACCOUNTS = (
    Reader("province", "省级值班", Role.PROVINCE),
    Reader("wuhua", "五华区", Role.COUNTY, "530102"),
    Reader("analyst", "分析", Role.ANALYST),
    Reader("admin", "管理员", Role.ADMIN),
)
# From an event in Kafka to the page: two seconds on a quiet machine, more on one full of tests.
ARRIVED_MS = 60_000
VIEWS = (
    "",
    "?view=open",
    "?view=late",
    "?view=supervised",
    "?view=attainment",
    "?view=households",
    "?county=530102",
    "?prefecture=530100&county=530102&township=530102002",
)

Look = Callable[..., Page]


@dataclass(frozen=True)
class Running:
    """A pipeline with the history of a small province; an open page, and one with accounts."""

    stack: Stack
    open_page: str
    with_accounts: str

    def panel(self, name: str, **scope: str) -> list[dict[str, Any]]:
        """The rows of a panel, as the open page gets them."""
        answer = httpx.get(f"{self.open_page}/api/panels/{name}", params=scope, timeout=30)
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    def send(self, case_id: str, kind: str, at_ms: int, **fields: str) -> None:
        """Send one event of a case, as a department does."""
        event = {"event_id": f"{case_id}-{kind}", "case_id": case_id, "type": kind,
                 "occurred_at": render_instant(at_ms), "schema_version": "1", **fields}  # fmt: skip
        publisher = Publisher(self.stack.kafka.bootstrap)
        publisher.send(case_id, json.dumps(event).encode())
        publisher.flush()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("pipeline")
    with Stack(folder, simulated=True) as stack:
        demo = Demo(stack, Size(cases=500, days=60), lambda *_: None)
        demo.load_history()
        demo.wait_until_full()
        users, store = users_of(folder)
        for reader in ACCOUNTS:
            users.add(reader, PASSWORD)
        store.close()
        settings = stack.settings
        config = PageConfig(
            port=settings.clickhouse_port, database=settings.clickhouse_database, simulated=True,
            poll_s=0.3,
        )  # fmt: skip
        ports = page_ports(settings)
        with (
            served(config, ports) as open_page,
            served(replace(config, access_folder=folder), ports) as with_accounts,
        ):
            yield Running(stack, open_page, with_accounts)
        ports.close()


def number(page: Page, name: str) -> Any:
    return page.locator(f"[data-kpi={name}] .number")


def sign_in(page: Page, account: str, password: str = PASSWORD) -> None:
    form = page.locator("#sign-in")
    form.get_by_label("账号").fill(account)
    form.get_by_label("密码").fill(password)
    form.get_by_role("button", name="登录").click()


def test_one_drills_from_the_province_to_a_township_and_back(look: Look, running: Running) -> None:
    counties = running.panel("counties")
    worst = max(counties, key=lambda row: (row["late"], row["open"]))["county"]
    prefecture = worst[:4] + "00"
    page = look(running.open_page)
    expect(number(page, "open")).not_to_have_text("")
    page.locator(f'#map a.tile[href*="county={worst}"]').click()
    expect(page.locator("#prefecture")).to_have_value(prefecture)
    [numbers] = running.panel("numbers", county=worst)
    expect(number(page, "open")).to_have_text(str(numbers["open"]))
    busy = max(running.panel("townships", county=worst), key=lambda row: row["open"])
    page.locator(f'#map a.square[href*="township={busy["township"]}"]').click()
    expect(number(page, "open")).to_have_text(str(busy["open"]))
    page.locator("#map .trail a").nth(1).click()
    expect(page.locator("#map a.tile:not(.outside)")).to_have_count(
        sum(row["county"][:4] == prefecture[:4] for row in counties)
    )
    for _ in range(3):
        page.go_back()
    expect(page.locator("#prefecture")).to_have_value("")


def test_a_township_sees_what_it_has_to_do_and_its_neighbours(look: Look, running: Running) -> None:
    county = max(running.panel("counties"), key=lambda row: row["open"])["county"]
    scope = {"prefecture": county[:4] + "00", "county": county}
    townships = running.panel("townships", **scope)
    busy = max(townships, key=lambda row: (row["late"] < row["open"], row["open"]))
    scope["township"] = busy["township"]
    page = look(f"{running.open_page}/?{urlencode(scope)}")
    cases = page.locator("#open_cases tbody tr")
    expect(cases).to_have_count(busy["open"])
    expect(number(page, "open")).to_have_text(str(busy["open"]))
    listed = running.panel("open_cases", **scope)
    assert [row["case_id"] for row in listed] == page.locator(
        "#open_cases tbody th"
    ).all_inner_texts()
    page.locator("#open_cases").get_by_role("button", name="超时").click()
    expect(cases).to_have_count(busy["late"])
    expect(page).to_have_url(re.compile("due=late"))
    expect(page.locator("#holders tbody tr").first).to_be_visible()
    held = sum(
        int(text) for text in page.locator("#holders tbody td:nth-child(3)").all_inner_texts()
    )
    assert held == busy["open"]
    for table in ("#places", "#attainment_townships"):
        chosen = page.locator(f"{table} tbody tr.chosen")
        expect(chosen).to_have_count(1)
        expect(chosen).to_contain_text(busy["name_zh"])
    expect(page.locator("#map .square")).to_have_count(len(townships))
    expect(page.locator("#map .square[aria-current]")).to_contain_text(busy["name_zh"])
    expect(page.locator("#risk")).to_be_visible()
    other = next(row for row in townships if row["township"] not in ("", busy["township"]))
    page.locator("#places tbody a", has_text=other["name_zh"]).click()
    expect(page.locator("#township")).to_have_value(other["township"])
    expect(number(page, "open")).to_have_text(str(other["open"]))


def test_an_admin_sees_who_viewed_which_case(
    look: Look, axe: Callable[[Page], list[str]], running: Running
) -> None:
    case_id = "SEEN-1"
    running.send(
        case_id, "submitted", time.time_ns() // 1_000_000, item="water.drinking", county="530102",
        raised_by="self", channel="app",
    )  # fmt: skip
    until(
        "the case is in the warehouse",
        lambda: case_id in str(running.panel("open_cases", county="530102")),
        ARRIVED_MS / 1000,
    )
    county = look(f"{running.with_accounts}/case/{case_id}")
    sign_in(county, "wuhua")
    expect(county.locator("#case .clocks, #case .nothing").first).to_be_visible()
    expect(county.get_by_role("navigation")).not_to_contain_text("查看记录")
    page = look(f"{running.with_accounts}/?view=audit")
    sign_in(page, "admin")
    panel = page.locator("#audit")
    panel.get_by_label("账号").fill("wuhua")
    panel.get_by_label("案件或户").fill(case_id)
    # As every ten seconds by itself: what somebody is typing stays.
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")
    panel.get_by_role("button", name="查询").click()
    expect(page).to_have_url(re.compile(f"who=wuhua.*of={case_id}"))
    lines = panel.locator("tbody tr")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text(re.compile(f"wuhua.*查看案件.*{case_id}.*县级.*五华区"))
    assert axe(page) == []
    with page.expect_download() as download:
        panel.locator(".csv").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["account"], row["act"], row["object"]) == ("wuhua", "case-seen", case_id)
    panel.get_by_label("至", exact=True).fill("2020-01-01")
    panel.get_by_role("button", name="查询").click()
    expect(panel).to_contain_text("没有符合条件的记录")
    panel.locator(".define").click()
    expect(page.get_by_role("dialog")).to_contain_text("各留一行")
    page.keyboard.press("Escape")
    page.goto(page.url + "&lang=en")
    expect(panel.locator("h2")).to_have_text("Audit log")


def test_an_event_in_kafka_appears_on_the_page_by_itself(look: Look, running: Running) -> None:
    page = look(running.open_page)
    expect(page.locator("#escalations li").first).to_be_visible()
    [numbers] = running.panel("numbers")
    month_ago_ms = time.time_ns() // 1_000_000 - 30 * 86_400_000
    running.send(
        "LIVE-1", "submitted", month_ago_ms, item="water.drinking", county="530102",
        raised_by="self", channel="app",
    )  # fmt: skip
    entry = page.locator("#escalations li", has_text="LIVE-1").first
    expect(entry).to_be_visible(timeout=ARRIVED_MS)
    expect(number(page, "open")).to_have_text(f"{numbers['open'] + 1:,}", timeout=ARRIVED_MS)
    entry.get_by_role("link").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.locator(".headline")).to_contain_text("督办时限")
    expect(drawer.locator(".clock .overdue").first).to_be_attached()
    drawer.locator(".why summary").first.click()
    expect(drawer.locator(".rule").first).to_contain_text("24小时")
    expect(drawer.locator(".custody")).to_contain_text("五华区")


def test_nobody_sees_a_number_before_signing_in(look: Look, running: Running) -> None:
    page = look(f"{running.with_accounts}/?view=attainment")
    expect(page.locator("#sign-in")).to_be_visible()
    expect(page.locator("#main")).to_be_hidden()
    sign_in(page, "province", "a password that is wrong")
    expect(page.locator("#sign-in .wrong")).to_contain_text("不正确")
    sign_in(page, "province")
    expect(page.locator("#ranking tbody tr").first).to_be_visible()
    expect(page.locator("#session")).to_contain_text("省级值班")
    page.get_by_role("button", name="退出").click()
    expect(page.locator("#sign-in")).to_be_visible()


def test_a_county_looks_at_itself_alone(look: Look, running: Running) -> None:
    page = look(running.with_accounts)
    sign_in(page, "wuhua")
    [own] = running.panel("numbers", county="530102")
    expect(number(page, "open")).to_have_text(str(own["open"]))
    expect(page.locator("#county")).to_be_disabled()
    expect(page.locator("#prefecture")).to_be_disabled()
    expect(page.locator("#county")).to_have_value("530102")
    expect(page.locator("#map .trail")).to_have_text("五华区")
    expect(page.locator("#map a.square").first).to_be_visible()
    expect(page.locator("#clear")).to_be_hidden()
    page.goto(f"{running.with_accounts}/?prefecture=530400&county=530481")
    expect(page.locator("#county")).to_have_value("530102")
    expect(number(page, "open")).to_have_text(str(own["open"]))


def test_two_clicks_lead_from_a_number_to_why_a_case_is_late(look: Look, running: Running) -> None:
    page = look(running.open_page)
    expect(number(page, "late")).to_have_text(re.compile(r"^[\d,]+$"))

    def late() -> int:
        """The number, where the list has as many: both move when a clock comes due."""
        shown = int(number(page, "late").inner_text().replace(",", ""))
        return shown if shown == len(running.panel("late", limit="5000")) else 0

    many = until("the number is that of the list", late)
    number(page, "late").get_by_role("link").click()
    expect(page.locator("#late-all .list-note")).to_contain_text(
        re.compile(f"共 ({many:,}|{many + 1:,}) 件")
    )
    first = page.locator("#late-all tbody a").first
    first.click()
    expect(page.get_by_role("dialog").locator(".headline")).to_contain_text("超期")


def test_a_household_tells_who_came_first_and_what_drives_its_risk(
    look: Look, axe: Callable[[Page], list[str]], running: Running
) -> None:
    worst = running.panel("household_list")[0]
    page = look(f"{running.open_page}/?view=households")
    page.locator("#household_list tbody a").first.click()
    drawer = page.locator("#household")
    expect(drawer.locator("h2")).to_contain_text(worst["household"])
    expect(drawer.locator(".risk-now b")).to_have_text(re.compile(r"^\d+\.\d$"))
    expect(drawer.locator(".headline")).to_contain_text(
        re.compile("政府找到|政府先找到|群众先举手")
    )
    expect(drawer.locator(".drivers li").first).to_contain_text(re.compile("[+−]"))
    assert ":" not in drawer.locator(".drivers li > span").first.inner_text()
    assert axe(page) == []
    drawer.locator(".events a").first.click()
    expect(page.locator("#case h2")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#case")).to_be_hidden()
    expect(drawer).to_be_visible()
    # A dialog is hidden a moment before it says that it was closed, and only then is it a step.
    expect(page).not_to_have_url(re.compile("/case/"))
    page.go_back()
    expect(page.locator("#case")).to_be_visible()
    page.go_back()
    expect(page.locator("#case")).to_be_hidden()
    expect(drawer).to_be_visible()
    page.go_back()
    expect(drawer).to_be_hidden()


def test_an_analyst_sees_counts_and_no_case(look: Look, running: Running) -> None:
    page = look(running.with_accounts)
    sign_in(page, "analyst")
    expect(page.locator("#items tbody tr")).to_have_count(16)
    expect(page.locator("#escalations")).to_be_hidden()
    expect(page.get_by_role("navigation")).not_to_contain_text("督办")
    page.goto(f"{running.with_accounts}/?prefecture=530100&county=530102")
    expect(page.locator("#places tbody tr:visible")).to_have_count(1)
    expect(page.locator("#map a.tile")).to_have_count(129)
    expect(page.locator("section:visible[aria-busy=true], .failure")).to_have_count(0)


def test_what_is_done_on_the_page_comes_back_through_the_pipeline(
    look: Look, running: Running
) -> None:
    case_id = running.panel("supervised")[0]["case_id"]
    page = look(f"{running.with_accounts}/case/{case_id}")
    sign_in(page, "province")
    drawer = page.locator("#case")
    drawer.locator(".clock .why summary").nth(1).click()
    drawer.get_by_role("button", name="确认收到").last.click()
    form = drawer.locator("form.act")
    form.get_by_label("做什么").select_option("note")
    form.get_by_label("说明").fill("<b>已电话核实</b>")
    # The case is drawn again with what was done: what is being written and read stays.
    expect(drawer.locator(".acked").first).to_contain_text("province", timeout=ARRIVED_MS)
    expect(form.get_by_label("说明")).to_have_value("<b>已电话核实</b>")
    expect(form.get_by_label("说明")).to_be_focused()
    expect(drawer.locator(".rule:visible")).to_have_count(1)
    expect(drawer.locator(".rule").nth(1)).to_be_visible()
    form.get_by_role("button", name="提交").click()
    expect(form.get_by_label("说明")).to_have_value("")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    # By then it would have been drawn again: a case that is closed is not.
    page.wait_for_timeout(2_000)
    page.go_back()
    expect(drawer).to_contain_text("<b>已电话核实</b>", timeout=ARRIVED_MS)


def test_the_list_of_supervision_is_printed_and_downloaded_whole(
    look: Look, running: Running
) -> None:
    supervised = len(running.panel("supervised", limit="5000"))
    page = look(f"{running.open_page}/?view=supervised")
    expect(page.locator("#supervised-all .list-note")).to_contain_text(f"共 {supervised} 件")
    with page.expect_download() as download:
        page.locator("#supervised-all .csv").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == supervised
    page.emulate_media(media="print")
    expect(page.locator("#supervised-all tbody tr:not(.pad)")).to_have_count(supervised)
    expect(page.locator("#clock")).to_be_visible()
    expect(page.locator(".print-list")).to_be_hidden()


@pytest.mark.parametrize("appearance", ["zh light", "en dark"])
def test_axe_finds_no_serious_fault_on_any_view(
    look: Look, axe: Callable[[Page], list[str]], running: Running, appearance: str
) -> None:
    lang, theme = appearance.split()
    case_id = running.panel("supervised")[0]["case_id"]
    page = look(running.open_page)
    for path in (*(f"/{view}" for view in VIEWS), f"/case/{case_id}"):
        page.goto(
            f"{running.open_page}{path}{'&' if '?' in path else '?'}lang={lang}&theme={theme}"
        )
        expect(page.locator("section:visible[aria-busy=true]")).to_have_count(0)
        expect(page.locator(".facts, .panel:visible").first).to_be_visible()
        assert axe(page) == [], path
    page.goto(f"{running.with_accounts}/?lang={lang}&theme={theme}")
    expect(page.locator("#sign-in")).to_be_visible()
    assert axe(page) == []


def test_the_keyboard_alone_leads_to_a_case_and_back(look: Look, running: Running) -> None:
    page = look(running.open_page)
    first = page.locator("#escalations .entry a").first
    expect(first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/$|/\?"))


def test_the_whole_page_is_small(running: Running) -> None:
    """Under 250 KB before first use, as it would travel compressed."""
    folder = Path(__file__).parents[2] / "dashboards/static"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 250_000
