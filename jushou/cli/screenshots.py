"""``jushou screenshots``: pictures of the page for the documents, from the real pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from jushou.runtime.demo import Demo

CHROMIUM = Path("/usr/bin/chromium")
# Chromium runs as root here, and asks nothing of the network but the page.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Longer than any panel takes on a machine that does other things too.
_SHOWN_MS = 60_000
# The county and the township that are looked at are of it (GB/T 2260).
_COUNTY = "530324"
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is looked at, on what screen; ``click`` is pressed before the picture is taken.

    ``is_admin``: by who keeps the accounts, else by whom the page of a demo is open to.
    """

    name: str
    path: str
    width: int = 1440
    height: int = 1000
    is_dark: bool = False
    click: str = ""
    is_admin: bool = False


_PICTURES = (
    _Picture("overview-light", "/"),
    _Picture("overview-en", "/?lang=en"),
    _Picture("overview-dark", "/", is_dark=True),
    _Picture("overview-phone", "/", 390, 844),
    _Picture("overview-4k", "/", 3840, 2160),
    _Picture("county", "/?prefecture={prefecture}&county={county}", 1366, 900),
    _Picture(
        "township", "/?prefecture={prefecture}&county={county}&township={township}", 1366, 900
    ),
    _Picture("open", "/?view=open", 1366, 900),
    _Picture("late", "/?view=late", 1366, 900),
    _Picture("supervised", "/?view=supervised", 1366, 900),
    _Picture("attainment", "/?view=attainment", 1366, 900),
    _Picture("two-directions", "/?view=households", 1366, 900),
    _Picture("household", "/?view=households&household={household}", 1366, 1100),
    _Picture("case", "/case/{case_id}", 1440, 1300),
    _Picture("sign-in", "/", 1366, 900, click="#session button"),
    # What the pictures before it left in the log.
    _Picture("audit", "/?view=audit", 1366, 900, is_admin=True),
)


def screenshots(
    folder: Annotated[Path, typer.Option(help="where the pictures go")] = Path("docs/images"),
    cases: Annotated[int, typer.Option(min=1, help="cases in the simulated history")] = 101_000,
) -> None:
    """Run the demo once and take pictures: its views, a case, the sign-in, small and large."""
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
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
                _take_all(browser, running, folder)
                browser.close()
        finally:
            stack.stop()


def _take_all(browser: Browser, running: Demo, folder: Path) -> None:
    from playwright.sync_api import expect

    from dashboards.access.gate import begin_sessions
    from dashboards.access.roles import Reader, Role
    from jushou.cli.users import ACCESS

    supervised = running.panel("supervised")
    # One with more to tell than a pause, if there is one.
    case_id = next((row for row in supervised if row["missed_stages"]), supervised[0])["case_id"]
    busiest = max(running.panel("townships", county=_COUNTY), key=lambda row: int(str(row["open"])))
    named = {
        "case_id": case_id,
        "household": running.panel("household_list")[0]["household"],
        "prefecture": f"{_COUNTY[:4]}00",
        "county": _COUNTY,
        "township": busiest["township"],
    }
    access = running.stack.settings.folder / ACCESS
    [admin] = begin_sessions(access, [Reader("admin", "", Role.ADMIN)], _DAY_S)
    for picture in _PICTURES:
        tab = browser.new_page(
            viewport={"width": picture.width, "height": picture.height},
            color_scheme="dark" if picture.is_dark else "light",
            locale="zh-CN",
        )
        if picture.is_admin:
            tab.context.add_cookies([{"name": "jushou", "value": admin, "url": running.stack.page}])
        tab.goto(running.stack.page + picture.path.format(**named))
        tab.wait_for_load_state("load")
        # The live stream never ends, so wait for what it brings: no panel is busy any more.
        expect(tab.locator("section:visible").first).to_be_visible(timeout=_SHOWN_MS)
        expect(tab.locator("[aria-busy=true]:visible")).to_have_count(0, timeout=_SHOWN_MS)
        waiting = tab.locator(".waiting:visible, .skeleton:visible")
        expect(waiting).to_have_count(0, timeout=_SHOWN_MS)
        if picture.click:
            tab.locator(picture.click).click()
        path = folder / f"{picture.name}.png"
        tab.screenshot(path=path)
        typer.echo(str(path))
        tab.close()
