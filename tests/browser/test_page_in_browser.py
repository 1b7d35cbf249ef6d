"""The page in Chromium, on the embedded ClickHouse with hand-made rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client
from playwright.sync_api import Page, expect

import dashboards.page_files
from dashboards.config import PageConfig
from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.instants import parse_instant
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.browser.page_support import AS_OF_MS, Rows, at, served
from tests.unit.test_page_geometry import squares, written

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
RIGHT_TO_LEFT = "\u202eمرحبا"
LONG = "督" * 300 + "x" * 600
SHOWN_MS = 30_000

Look = Callable[..., Page]


@pytest.fixture(scope="module")
def rows(clickhouse_server: ClickHouseServer) -> Iterator[Rows]:
    """Rows that all tests of this file look at; what a test adds changes no number of another."""
    name = "test_page_in_browser"
    with Client(clickhouse_server.host, clickhouse_server.port) as client:
        client.execute(f"CREATE DATABASE {name}")
        migrate(Server(clickhouse_server.host, clickhouse_server.port, name))
        client.execute(f"USE {name}")
        yield filled(Rows(client))
        client.execute(f"DROP DATABASE {name} SYNC")


def filled(rows: Rows) -> Rows:
    rows.received("06-10", 4)
    rows.open(30, "06-20 00:00")
    rows.open(3, "06-10 09:00", county="530481", raised_by="government")
    rows.open(2, "06-01 09:00", "06-05 00:00", item="education.dropout", county="532901")
    rows.escalation("C-1", "06-10 09:00")
    overdue = {"clock": "overall", "due_at": at("06-05 00:00")}
    rows.case("C-1", "05-26 09:00", [{"clock": "accept", "due_at": at("05-27 09:00"),
              "stopped_at": at("05-27 08:00"), "outcome": "met"}, overdue])  # fmt: skip
    rows.event("C-1", "e1", "submitted", "05-26 09:00")
    rows.event("C-1", "e2", "accepted", "05-27 08:00")
    return rows


@pytest.fixture(scope="module")
def config(rows: Rows, clickhouse_server: ClickHouseServer) -> dict[str, Any]:
    return {"port": clickhouse_server.port, "database": "test_page_in_browser", "poll_s": 0.2}


@pytest.fixture(scope="module")
def address(config: dict[str, Any]) -> Iterator[str]:
    with served(PageConfig(**config, as_of_ms=AS_OF_MS)) as address:
        yield address


def number(page: Page, name: str) -> Any:
    return page.locator(f"[data-kpi={name}] .number")


def test_the_page_shows_the_numbers_of_the_instant(look: Look, address: str) -> None:
    page = look(address)
    for name, text in (("received_today", "4"), ("open", "35"), ("late", "5"), ("supervised", "2")):
        expect(number(page, name)).to_have_text(text)
    expect(page.locator("#clock")).to_contain_text("10:00:00")
    expect(page.locator("#items tbody tr")).to_have_count(16)
    expect(page.locator("#places tbody tr")).to_have_count(129)
    expect(page.locator("#map a.tile")).to_have_count(129)
    expect(page.locator("#directions .officials")).to_contain_text("3")
    expect(page.locator("#supervised tbody tr")).to_have_count(1)
    expect(page.locator("#banners")).to_contain_text("时间冻结")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_it_is_the_same_page_where_nobody_bundled_its_modules(
    look: Look, config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboards.page_files, "BUNDLE", tmp_path / "main.js")
    with served(PageConfig(**config, as_of_ms=AS_OF_MS)) as address:
        page = look(address)
        expect(number(page, "open")).to_have_text("35")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        assert page.evaluate("performance.getEntriesByType('resource').length") > 40


def test_language_and_appearance_are_switched_and_kept_in_the_address(
    look: Look, address: str
) -> None:
    page = look(address)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_url(re.compile(r"lang=en"))
    expect(page.locator("[data-kpi=late] h3")).to_have_text("Late")
    expect(page.locator("#items")).to_contain_text("drinking water")
    page.locator("#theme").click()
    page.locator("#theme").click()
    expect(page).to_have_url(re.compile(r"theme=dark"))
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    expect(page.locator("[data-kpi=late] h3")).to_have_text("Late")
    assert (
        page.evaluate("getComputedStyle(document.body).backgroundColor")
        == dark
        == "rgb(16, 20, 24)"
    )


def test_both_languages_have_the_same_texts(look: Look, address: str) -> None:
    page = look(address)
    expect(number(page, "open")).to_have_text("35")
    keys = page.evaluate(
        """async () => {
            const { WORDS } = await import("/static/words.js");
            const keys = (words, path = "") => Object.entries(words).flatMap(([key, value]) =>
                typeof value === "string" ? [path + key] : keys(value, `${path}${key}.`));
            return [keys(WORDS.zh), keys(WORDS.en)];
        }"""
    )
    assert sorted(keys[0]) == sorted(keys[1])
    assert len(keys[0]) > 100


def test_a_place_narrows_all_panels_and_the_back_key_widens_them(look: Look, address: str) -> None:
    page = look(address)
    expect(number(page, "open")).to_have_text("35")
    page.select_option("#prefecture", "530400")
    expect(number(page, "open")).to_have_text("3")
    expect(page.locator("#places tbody tr")).to_have_count(9)
    expect(page).to_have_url(re.compile(r"prefecture=530400"))
    page.locator("#map a.tile", has_text="澄江").click()
    expect(page.locator("#county")).to_have_value("530481")
    expect(page.locator("#places tbody tr:visible")).to_have_count(6)
    page.locator("#map").get_by_role("link", name="龙街街道").click()
    expect(page).to_have_url(re.compile(r"township=530481"))
    expect(page.locator("#township")).to_have_value(re.compile("530481"))
    for _ in range(3):
        page.go_back()
    expect(number(page, "open")).to_have_text("35")
    expect(page.locator("#prefecture")).to_have_value("")


def test_an_approved_map_is_drawn_and_drilled_as_the_tiles_are(
    look: Look, config: dict[str, Any], tmp_path: Path
) -> None:
    outlines = written(tmp_path, squares())
    with served(PageConfig(**config, as_of_ms=AS_OF_MS, geojson=outlines)) as address:
        page = look(address)
        expect(page.locator("#map a.tile")).to_have_count(129)
        # A tile is drawn by relative lines of its side, an outline from point to point.
        expect(page.locator("#map .area").first).not_to_have_attribute("d", re.compile("h38"))
        page.locator("#map a.tile", has_text="澄江").click()
        expect(page.locator("#county")).to_have_value("530481")


def test_the_table_of_places_is_sorted_by_a_click_and_the_address_keeps_it(
    look: Look, address: str
) -> None:
    page = look(address)
    first = page.locator("#places tbody tr").first
    expect(first).to_contain_text("澄江市")
    page.locator("#places thead").get_by_role("button", name="在办", exact=True).click()
    expect(first).to_contain_text("五华区")
    expect(page).to_have_url(re.compile(r"sort=-open"))
    page.reload()
    expect(first).to_contain_text("五华区")
    page.locator("#places .segmented").get_by_role("button", name="州（市）").click()
    expect(page.locator("#places tbody tr:visible")).to_have_count(16)


def test_a_case_opens_from_the_feed_with_its_clocks_and_closes_by_the_back_key(
    look: Look, address: str
) -> None:
    page = look(address)
    page.locator("#escalations a", has_text="C-1").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("农村饮水安全")
    expect(drawer.locator(".verdict-met")).to_contain_text("按时完成")
    expect(drawer.locator(".verdict-breached")).to_contain_text("已超时")
    expect(page).to_have_url(re.compile(r"/case/C-1$"))
    page.reload()
    expect(drawer).to_contain_text("2026/05/26 09:00")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page).to_have_url(f"{address}/")


def test_a_case_that_does_not_exist_says_so(look: Look, address: str) -> None:
    page = look(f"{address}/case/none")
    expect(page.get_by_role("dialog")).to_contain_text("请核对案件编号")


def test_what_is_counted_is_one_click_away_with_its_query(look: Look, address: str) -> None:
    page = look(address)
    page.locator("[data-kpi=late] .define").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("在截至时刻之前已到期")
    sheet.get_by_role("button", name="查看查询语句").click()
    expect(sheet.locator("pre")).to_contain_text("FROM aggregates FINAL")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_a_moment_in_the_past_shows_the_case_as_it_was_then(look: Look, address: str) -> None:
    page = look(f"{address}/case/C-1")
    drawer = page.get_by_role("dialog")
    expect(drawer.locator(".events").last.locator("li")).to_have_count(2)
    before = drawer.get_by_role("button", name="上一个时刻")
    before.focus()
    for moment in ("06-05T00:00", "05-27T09:00", "05-27T08:00", "05-26T09:00"):
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(moment.replace(":", "%3A")))
        shown = moment.replace("-", "/").replace("T", ".*")
        expect(drawer.locator(".eyebrow")).to_contain_text(re.compile(shown))
        expect(before).to_be_focused()
    expect(drawer.locator(".events").last.locator("li")).to_have_count(1)
    drawer.get_by_role("button", name="回到现在").click()
    expect(drawer.locator(".events").last.locator("li")).to_have_count(2)


def test_filters_are_in_the_address_and_a_colleague_sees_the_same(look: Look, address: str) -> None:
    page = look(address)
    expect(number(page, "open")).to_have_text("35")
    page.locator("#more-name").click()
    page.select_option("#raised_by", "government")
    expect(number(page, "open")).to_have_text("3")
    page.select_option("#level", "red")
    expect(number(page, "open")).to_have_text("0")
    expect(page.locator("#more-name")).to_contain_text("2")
    other = look(page.url)
    expect(other.locator("#level")).to_have_value("red")
    expect(number(other, "open")).to_have_text("0")
    other.locator("#clear").click()
    expect(number(other, "open")).to_have_text("35")


def test_a_panel_of_households_says_which_filters_do_not_narrow_it(
    look: Look, address: str
) -> None:
    page = look(f"{address}/?view=households&prefecture=530100&item=water.drinking&level=red")
    left_out = {
        "first": "此处不按预警级别筛选。",
        "risk": "此处不按事项、预警级别筛选。",
        "leads": "",
    }
    for panel, text in left_out.items():
        expect(page.locator(f"#{panel} .unheeded")).to_have_text(text)
    page.locator("#clear").click()
    expect(page.locator("#risk .unheeded")).to_have_text("")


def test_a_panel_that_fails_says_why_and_the_others_go_on(look: Look, address: str) -> None:
    page = look("about:blank")
    page.route("**/api/panels/forecast*", lambda route: route.fulfill(
        status=503, content_type="application/problem+json",
        body='{"status": 503, "detail": "too slow", "remedy": {"zh": "请重试。", "en": "Retry."}}',
    ))  # fmt: skip
    page.goto(address)
    expect(page.locator("#forecast .failure")).to_contain_text("too slow")
    expect(number(page, "open")).to_have_text("35")
    expect(page.locator("#ageing tbody tr")).to_have_count(1)
    page.unroute("**/api/panels/forecast*")
    page.locator("#forecast").get_by_role("button", name="重试").click()
    expect(page.locator("#forecast .failure")).to_have_count(0)


def test_of_five_thousand_rows_only_those_in_view_are_drawn(
    look: Look, clickhouse_server: ClickHouseServer, clickhouse: Client, clickhouse_database: str
) -> None:
    migrate(Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database))
    columns = "case_id, version, item, county, submitted_at, closed_at, " + ", ".join(
        f"verdicts.{name}" for name in ("clock", "due_at", "outcome", "started_at", "stopped_at")
    )
    began, due = at("05-01 09:00"), at("05-11 09:00")
    clickhouse.execute(
        f"INSERT INTO cases ({columns}) VALUES",
        [(f"C-{number:04d}", 1, "water.drinking", "530102", began, None, ["overall"], [due],
          ["live"], [began], [None]) for number in range(5000)],
    )  # fmt: skip
    config = PageConfig(
        port=clickhouse_server.port, database=clickhouse_database, as_of_ms=AS_OF_MS
    )
    with served(config) as address:
        page = look(f"{address}/?view=supervised")
        table = page.locator("#supervised-all table")
        expect(table).to_have_attribute("aria-rowcount", "5001")
        lines = table.locator("tbody tr:not(.pad)")
        assert lines.count() < 200
        expect(lines.first).to_contain_text("C-0000")
        table.locator("xpath=..").evaluate("scroller => scroller.scrollTop = 1e9")
        expect(table).to_contain_text("C-4999")
        assert lines.count() < 200
        page.emulate_media(media="print")
        expect(lines).to_have_count(5000)
        page.emulate_media(media="null")
        expect(lines).not_to_have_count(5000)
        # As a reader prints: some sixty lines to a sheet of A4, not the forty in view.
        assert page.pdf(format="A4").count(b"/Type /Page\n") > 5_000 // 80


@pytest.mark.parametrize("width", [360, 1366, 3840])
def test_hostile_text_stays_text_and_breaks_no_layout(
    look: Look, address: str, rows: Rows, width: int
) -> None:
    for text in (HOSTILE, RIGHT_TO_LEFT, LONG):
        rows.escalation(text, "06-10 09:00", reason_zh=text, reason_en=text)
    rows.case(HOSTILE, "06-09 09:00", [])
    page = look(address, width=width)
    expect(page.locator("#escalations li")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#escalations a", has_text="onerror").first.click()
    expect(page.get_by_role("dialog").locator("h2")).to_contain_text(HOSTILE)
    expect(page).to_have_title("举手 · 政府救助平台监测")


def test_what_a_hand_is_on_stays_while_the_numbers_go_on(
    look: Look, clickhouse_server: ClickHouseServer, clickhouse: Client, clickhouse_database: str
) -> None:
    migrate(Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database))
    rows = Rows(clickhouse)
    place = {"county": "530481", "township": "530481001"}
    overdue = [{"clock": "overall", "due_at": at("06-05 00:00")}]
    rows.escalation("C-1", "06-10 09:00", county="530481")
    rows.case("C-1", "05-26 09:00", overdue, **place)
    config = PageConfig(
        port=clickhouse_server.port, database=clickhouse_database, as_of_ms=AS_OF_MS, poll_s=0.2
    )
    with served(config) as address:
        page = look(f"{address}/?prefecture=530400&county=530481")
        entries, dialog = page.locator("#escalations .entry"), page.get_by_role("dialog")
        ours = entries.get_by_role("link", name="C-1")
        ours.focus()
        rows.escalation("C-2", "06-10 09:30", county="530481")
        expect(entries).to_have_count(2)
        expect(ours).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        ours.hover()
        page.mouse.down()
        rows.escalation("C-3", "06-10 09:40", county="530481")
        rows.open(3, "06-10 09:00", county="530481")
        expect(number(page, "open")).to_have_text("3")
        page.mouse.up()
        expect(dialog).to_contain_text("C-1")
        expect(entries).to_have_count(3)
        page.keyboard.press("Escape")
        tile = page.locator(f'#map a.square[href*="township={place["township"]}"]')
        tile.focus()
        rows.case("C-4", "05-26 09:00", overdue, **place)
        expect(tile.locator("b")).to_have_text("2")
        expect(tile).to_be_focused()


def test_csv_is_downloaded_as_shown(look: Look, address: str) -> None:
    page = look(address)
    expect(number(page, "open")).to_have_text("35")
    page.select_option("#prefecture", "530400")
    expect(page.locator("#places tbody tr")).to_have_count(9)
    with page.expect_download() as download:
        page.locator("#places .csv").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert len(text.splitlines()) == 10
    assert "530481" in text


SHIFTS = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => done(sum), 300));
})"""


@pytest.mark.parametrize("width", [360, 390, 800, 1366, 3840])
def test_nothing_jumps_while_the_panels_fill(look: Look, address: str, width: int) -> None:
    page = look(address, width=width)
    expect(page.locator("#supervised tbody tr")).to_have_count(1)
    expect(page.locator("section:visible[aria-busy=true]")).to_have_count(0)
    # What is called good is up to 0.1 (web.dev/articles/cls).
    assert page.evaluate(SHIFTS) < 0.1


@pytest.fixture
def spent() -> Callable[[Page], Callable[[], float]]:
    """Tells the processor seconds that the page's own thread has used since it was asked for: other
    tests have the processors too, and by the clock they would count."""

    def begin(page: Page) -> Callable[[], float]:
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def used_s() -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

        before_s = used_s()
        return lambda: used_s() - before_s

    return begin


def test_it_is_ready_within_a_second(
    look: Look, address: str, spent: Callable[[Page], Callable[[], float]]
) -> None:
    """All panels drawn, from nothing; what it waits for besides ``benchmarks page`` times."""
    page = look("about:blank")
    used_s = spent(page)
    page.goto(address)
    expect(number(page, "open")).to_have_text("35")
    expect(page.locator("section:visible[aria-busy=true]")).to_have_count(0)
    assert 0 < used_s() < 1


# Scrolls through a list as a wheel does that is turned fast: 6,000 pixels a second.
SCROLLED = """async () => {
    const scroller = document.querySelector("#supervised-all .scroller");
    let rows = 0;
    for (let step = 0; step < 240; step += 1) {
        scroller.scrollTop += 100;
        await new Promise(requestAnimationFrame);
        rows = Math.max(rows, scroller.querySelectorAll("tbody tr").length);
    }
    return { rows, scrolled: scroller.scrollTop };
}"""


def test_five_thousand_rows_scroll_at_sixty_frames(
    look: Look,
    config: dict[str, Any],
    rows: Rows,
    spent: Callable[[Page], Callable[[], float]],
) -> None:
    overdue = [{"clock": "overall", "due_at": at("06-25 00:00")}]
    # After the instant of the other tests, to which these cases do not exist.
    rows.cases([f"L-{number:04}" for number in range(5_100)], "06-15 09:00", overdue)
    with served(PageConfig(**config, as_of_ms=parse_instant("2026-07-01T10:00:00+08:00"))) as there:
        page = look(f"{there}/?view=supervised")
        expect(page.locator("#supervised-all table")).to_have_attribute("aria-rowcount", "5001")
        used_s = spent(page)
        found = page.evaluate(SCROLLED)
        assert found["scrolled"] == 24_000
        assert found["rows"] < 100
        assert used_s() / 240 < 1 / 60


def test_on_paper_there_are_numbers_but_no_controls(look: Look, address: str) -> None:
    page = look(address)
    expect(number(page, "open")).to_have_text("35")
    page.emulate_media(media="print")
    expect(page.locator("#clock")).to_be_visible()
    expect(page.locator("#lang")).to_be_hidden()
    page.emulate_media(media="screen")
    page.locator("#escalations a", has_text="C-1").click()
    expect(page.get_by_role("dialog").locator(".clocks")).to_be_visible()
    page.emulate_media(media="print")
    expect(number(page, "open")).to_be_hidden()
    expect(page.locator("#case .clocks")).to_be_visible()


def test_simulated_numbers_are_marked_on_every_view(look: Look, config: dict[str, Any]) -> None:
    with served(PageConfig(**config, simulated=True)) as address:
        for path in ("/", "/case/C-1", "/?lang=en"):
            expected = "Simulated data" if "en" in path else "模拟数据"
            expect(look(address + path).locator("#banners")).to_contain_text(expected)


def test_numbers_that_nobody_renews_are_called_stale(look: Look, config: dict[str, Any]) -> None:
    with served(PageConfig(**config, stale_after_s=0.5)) as address:
        page = look(address)
        expect(page.locator(".banner.stale")).to_contain_text("数据已陈旧", timeout=SHOWN_MS)


def test_a_cut_connection_is_unmistakable(look: Look, config: dict[str, Any]) -> None:
    with served(PageConfig(**config)) as address:
        page = look(address)
        expect(number(page, "open")).to_have_text("35")
        expect(page.locator(".banner.fault")).to_have_count(0)
    expect(page.locator(".banner.fault")).to_contain_text("实时连接已中断", timeout=SHOWN_MS)
    expect(number(page, "open")).to_have_text("35")
    page.close()


def test_a_stopped_clickhouse_is_unmistakable_and_so_is_its_return(
    look: Look, tmp_path: Path
) -> None:
    server = ClickHouseServer(tmp_path / "clickhouse")
    server.start()
    try:
        migrate(Server(server.host, server.port, "jushou"))
        with served(PageConfig(port=server.port, database="jushou", poll_s=0.2)) as address:
            page = look(address)
            expect(number(page, "open")).to_have_text("0")
            server.stop()
            banner = page.locator(".banner.fault")
            expect(banner).to_contain_text("数据仓库不可用")
            expect(banner).to_contain_text("ClickHouse")
            server.start()
            expect(banner).to_have_count(0, timeout=SHOWN_MS)
    finally:
        server.stop()
