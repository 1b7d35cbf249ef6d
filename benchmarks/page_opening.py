"""How long the page takes to open: a real browser, nothing kept of it, signed in, on this machine.

The reader's click is a real one of the browser's input, on a tile of the map; what is timed is
told by the page itself (``performance.now()`` counts from the start of the navigation).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from jushou.cli.screenshots import ARGUMENTS, CHROMIUM

# Before any module of the page. Looks every few milliseconds for what is waited for, by a timer:
# to ask for frames would make the browser draw more of them. Numbers, map and filters are what a
# hand would reach for first. A listener of the window hears the click after those of the page,
# which are on the document and below it.
_WATCH = """{
    const told = (globalThis.opening = {});
    const find = (what) => document.querySelector(what);
    const tile = "#map a.tile .area";
    const until = (isSo) => new Promise((done, fail) => {
        setTimeout(() => fail(new Error(`not within 30 s: ${isSo}`)), 30_000);
        const look = () => (isSo() ? done(performance.now()) : setTimeout(look, 5));
        look();
    });
    told.standing = async () => {
        told.stood = await until(() => find("[data-kpi=late] .number:not(.waiting)")
            && find(tile) && find("#prefecture option:nth-child(2)"));
        const { x, y, width, height } = find(tile).getBoundingClientRect();
        return [x + width / 2, y + height / 2];
    };
    told.filling = async () => {
        told.filled = await until(() => find("#numbers[aria-busy=false]")
            && !find(".number.waiting") && !find("section:not([hidden])[aria-busy=true]"));
    };
    told.answering = () => until(() => told.answered);
    addEventListener("click", (click) => requestAnimationFrame(() => setTimeout(() => {
        // Less the way of the click from here into the browser, which is no reader's.
        told.answered = told.stood + performance.now() - click.timeStamp;
        told.led = new URLSearchParams(location.search).get("county");
    })));
}"""
_TOLD = """() => {
    const [navigation] = performance.getEntriesByType("navigation");
    const files = performance.getEntriesByType("resource")
        .filter(({ name }) => /[.](js|css)$/.test(name));
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return {
        stood: opening.stood, filled: opening.filled, answered: opening.answered, led: opening.led,
        painted: paint.startTime, files: new Set(files.map(({ name }) => name)).size,
        fetched: Math.max(...files.map(({ responseEnd }) => responseEnd)),
        // What is asked for twice travels once.
        kept: files.filter(({ name, transferSize }) => transferSize === 0
            && !files.some((one) => one.name === name && one.transferSize > 0)).length,
        bytes: navigation.transferSize + files.reduce((sum, one) => sum + one.transferSize, 0),
    };
}"""


class Opening(NamedTuple):
    """One opening; milliseconds from the start of the navigation.

    ``painted``: the first contentful paint. ``fetched``: the last module and style are here.
    ``stood``: numbers, map and filters stand there. ``interactive``: that, and what it took from a
    click on a county, which came as soon as they stood, until it was answered (the page is in that
    county) and painted.
    ``filled``: every panel of the overview was drawn, opened once more without the click.
    """

    painted: int
    fetched: int
    stood: int
    interactive: int
    filled: int
    files: int
    bytes: int


def open_often(page: str, cookie: str, times: int) -> list[Opening]:
    """Open the overview so many times, each time as for the first time.

    The browser runs already; each opening has a context of its own, so an empty cache and no
    compiled code of an earlier one.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            _open(browser, page, cookie, is_clicked=False)  # the browser's own first page
            return [_opening(browser, page, cookie) for _ in range(times)]
        finally:
            browser.close()


def _opening(browser: Browser, page: str, cookie: str) -> Opening:
    filled = _open(browser, page, cookie, is_clicked=False)
    told = _open(browser, page, cookie, is_clicked=True)
    if not told["led"]:
        raise RuntimeError(f"a click on a county did not lead there: {told}")
    if told["kept"]:
        raise RuntimeError(f"{told['kept']} files came from a cache that should be empty")
    return Opening(
        painted=round(told["painted"]),
        fetched=round(told["fetched"]),
        stood=round(told["stood"]),
        interactive=round(told["answered"]),
        filled=round(filled["filled"]),
        files=told["files"],
        bytes=told["bytes"],
    )


def _open(browser: Browser, address: str, cookie: str, *, is_clicked: bool) -> dict[str, Any]:
    """Open it in a context of its own; click as soon as it can be, or wait for every panel."""
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    try:
        tab = _tab(context, address, cookie)
        tab.goto(address, wait_until="commit")
        if is_clicked:
            tab.mouse.click(*tab.evaluate("opening.standing()"))
            tab.evaluate("opening.answering()")
        else:
            tab.evaluate("opening.filling()")
        told: dict[str, Any] = tab.evaluate(_TOLD)
        return told
    finally:
        context.close()


def _tab(context: BrowserContext, address: str, cookie: str) -> Page:
    context.add_cookies([{"name": "jushou", "value": cookie, "url": address}])
    context.add_init_script(_WATCH)
    return context.new_page()
