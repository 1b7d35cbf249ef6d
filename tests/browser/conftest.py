"""A browser for all tests of a file, and tabs that fail a test by what they complain of."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
AXE = Path(__file__).parents[2] / "dashboards/node_modules/axe-core/axe.min.js"
SHOWN_MS = 30_000

Look = Callable[..., Page]


# For one file: while Playwright runs it has an event loop in this thread, and no asynchronous test
# of another file could run in the same process.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("no Chromium: apt-get install chromium")
    # A deadline, not a speed: other tests may have the processors.
    expect.set_options(timeout=SHOWN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Opens an address; fails in the end if the page complained of anything it should not."""
    complaints: list[str] = []
    contexts = []

    def open_page(address: str, *, width: int = 1366, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SHOWN_MS)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # The browser itself reports a connection that the test cut, and an answer that is a refusal.
    assert [text for text in complaints if "Failed to load resource" not in text
            and "net::ERR" not in text] == []  # fmt: skip


@pytest.fixture
def axe(browser: Browser) -> Callable[[Page], list[str]]:
    """Names what axe finds serious or worse on a page, with the first place of each."""
    if not AXE.exists():
        pytest.fail(f"{AXE.name} is missing: make setup installs it")

    def faults(page: Page) -> list[str]:
        # Evaluated by the debugger, not loaded by the page, whose policy forbids foreign scripts.
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:160]}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]

    return faults
