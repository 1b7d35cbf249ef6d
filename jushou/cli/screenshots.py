"""``jushou screenshots``: pictures of the page for the documents, from the real pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from jushou.runtime.demo import Demo

CHROMIUM = Path("/usr/bin/chromium")
# Chromium runs as root here, and asks nothing of the network but the page.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def screenshots(
    folder: Annotated[Path, typer.Option(help="where the pictures go")] = Path("docs/images"),
    cases: Annotated[int, typer.Option(min=1, help="cases in the simulated history")] = 101_000,
) -> None:
    """Run the demo once and take pictures of the page and of one case, light and dark."""
    from tempfile import TemporaryDirectory

    from playwright.sync_api import sync_playwright

    from jushou.runtime.demo import Demo, Size
    from jushou.runtime.stack import Stack

    if not CHROMIUM.exists():
        typer.echo(f"{CHROMIUM} is missing; `make setup` installs it", err=True)
        raise typer.Exit(1)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="jushou-pictures-") as place:
        stack = Stack(Path(place), simulated=True)
        try:
            running = Demo(stack.start(), Size(cases=cases), lambda *_: None)
            running.load_history()
            running.wait_until_full()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=list(_ARGUMENTS)
                )
                _take_all(browser, running, folder)
                browser.close()
        finally:
            stack.stop()


def _take_all(browser: Browser, running: Demo, folder: Path) -> None:
    from playwright.sync_api import expect

    case_id = running.panel("supervised")[0]["case_id"]
    page = running.stack.page
    for name, url, scheme in (
        ("overview-light", f"{page}/", "light"),
        ("overview-dark", f"{page}/", "dark"),
        ("case", f"{page}/case/{case_id}", "light"),
    ):
        tab = browser.new_page(
            viewport={"width": 1440, "height": 1000},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        tab.goto(url)
        tab.wait_for_load_state("load")
        # The live stream never ends, so wait for what it brings: no panel is busy any more.
        expect(tab.locator("[aria-busy=true]")).to_have_count(0, timeout=30_000)
        tab.screenshot(path=folder / f"{name}.png")
        typer.echo(str(folder / f"{name}.png"))
        tab.close()
