"""``jushou calendar``: a year as the clocks count it, month by month."""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text as Styled

from schemas.calendars.model import CalendarData, Change, Day, DayKind, assumed

_MARKS = {
    DayKind.WORKDAY: (" ", ""),
    DayKind.WEEKEND: (" ", "dim"),
    DayKind.HOLIDAY: ("*", "red"),
    DayKind.MAKE_UP_WORKDAY: ("+", "bold green"),
    DayKind.PREFECTURE_HOLIDAY: ("#", "magenta"),
    DayKind.PREFECTURE_WORKDAY: ("+", "bold magenta"),
}
_NOT_COUNTED = ("o", "cyan")
_LEGEND = (
    "* 公共假日 public holiday · + 调休上班 make-up workday · # 州市假日，计入 prefecture holiday "
    "that counts · o 州市假日，不计入 prefecture holiday that does not count"
)


def calendar(
    year: Annotated[int, typer.Argument(min=1970, max=9998, help="the year to show")],
    region: Annotated[
        str | None, typer.Option(help="county or prefecture, GB/T 2260: 532801")
    ] = None,
) -> None:
    """Show a year's holidays, make-up workdays and prefecture days, and whether it is published."""
    from schemas.calendars.load import load_calendar
    from schemas.regions.load import regions

    if region is not None and region not in regions():
        raise typer.BadParameter(f"no region {region!r} in Yunnan; write a code such as 532801")
    prefecture = regions().prefecture_of(region) if region else None
    published = load_calendar()
    days = _days_of(published, year, prefecture)
    own = published.prefecture_changes(prefecture) if prefecture else {}
    console = Console()
    name = f" · {regions().name(region)} {regions().name(region, 'en')}" if region else ""
    console.print(f"[bold]{year}[/]{name} · {published.version} ({published.package})")
    if not published.first_day.year <= year <= published.last_day.year:
        console.print(
            f"[yellow]暂定 provisional:[/] 日历公布至 published from {published.first_day} to "
            f"{published.last_day}；按周一至周五计 Monday to Friday is assumed"
        )
    panels = [_month(days, own, year, month) for month in range(1, 13)]
    console.print(Columns(panels, padding=(0, 1)))
    console.print(_LEGEND, highlight=False)
    _print_named(console, days, own)


def _days_of(published: CalendarData, year: int, prefecture: str | None) -> dict[dt.date, Day]:
    """Return the days of a year, assumed ones where nothing is published."""
    days = {}
    date = dt.date(year, 1, 1)
    while date.year == year:
        is_published = published.first_day <= date <= published.last_day
        days[date] = published.day(date, prefecture) if is_published else assumed(date)
        date += dt.timedelta(days=1)
    return days


def _month(
    days: Mapping[dt.date, Day], own: Mapping[dt.date, Change], year: int, month: int
) -> Panel:
    grid = Styled("Mo  Tu  We  Th  Fr  Sa  Su\n", style="dim")
    weeks = months.Calendar().monthdatescalendar(year, month)
    for week in weeks:
        for date in week:
            if date.month != month:
                grid.append("    ")
                continue
            mark, style = _mark(days[date], own.get(date))
            grid.append(f"{date.day:2d}{mark} ", style=style or "default")
        grid.append("\n")
    working = sum(day.is_working for date, day in days.items() if date.month == month)
    grid.append("\n" * (6 - len(weeks)))
    return Panel(grid, title=f"{month}", subtitle=f"工作日 workdays {working}", width=32)


def _mark(day: Day, own: Change | None) -> tuple[str, str]:
    return _NOT_COUNTED if own and not own.counts else _MARKS[day.reason.kind]


def _print_named(
    console: Console, days: Mapping[dt.date, Day], own: Mapping[dt.date, Change]
) -> None:
    """Print the days that are not as their weekday says, with their names."""
    for date, day in days.items():
        change = own.get(date)
        if change is None and day.is_working == (date.weekday() < 5):
            continue
        mark, style = _mark(day, change)
        text = change.text if change else day.reason.text
        console.print(f"{date} {date:%a} {mark} {text.zh} {text.en}", style=style, highlight=False)
