"""The days of a clock as a calendar of weeks, to be checked with a finger, and its bar."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text as Styled

from jushou.cli.explain_teller import Teller
from schemas.catalogue.model import Text
from schemas.instants import HOUR_MS
from streams.core.explanation_account import ClockAccount, DayAccount, DayReason

_BAR_CELLS = 12
# Longer clocks show their first and last weeks; what lies between counts day by day.
_WEEKS_AT_MOST = 9
_WEEKS_AT_EACH_END = 4
_WEEKDAYS = Text("一二三四五六日", "MTWTFSS")
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHORT = {
    DayReason.START_DAY: Text("起算日", "start"),
    DayReason.WEEKEND: Text("周末", "weekend"),
    DayReason.HOLIDAY: Text("放假", "holiday"),
    DayReason.PREFECTURE_HOLIDAY: Text("州假", "pref. hol."),
    DayReason.PAUSED: Text("暂停", "paused"),
}
_STYLES = {
    DayReason.START_DAY: "dim",
    DayReason.WEEKEND: "dim",
    DayReason.HOLIDAY: "magenta",
    DayReason.PREFECTURE_HOLIDAY: "magenta",
    DayReason.PAUSED: "yellow",
}

_NAMED = (DayReason.HOLIDAY, DayReason.PREFECTURE_HOLIDAY, DayReason.MAKE_UP_WORKDAY)
_AHEAD = Text("括号内为尚未到来、照常计时的日子", "in brackets: days to come, if the clock runs on")
_AFTER_THE_END = Text("括号内为办结之后的日子", "in brackets: days after the end")
_ASSUMED = Text(
    "？该年日历未公布，按周一至周五推定", "?: no calendar published, Monday to Friday assumed"
)


def bar(clock: ClockAccount) -> Styled:
    """Return how much of the limit is used up, as a bar and a number."""
    limit, used, unit = clock.limit, float(clock.used), clock.unit
    if unit == "h":
        used /= HOUR_MS
    filled = min(_BAR_CELLS, round(_BAR_CELLS * used / limit))
    style = "red" if clock.breached_at is not None else "yellow" if used >= limit else "green"
    number = f"{used:.3g}/{limit}{unit}"
    return Styled.assemble(
        ("█" * filled, style), ("░" * (_BAR_CELLS - filled), "dim"), f" {number}"
    )


def weeks(clock: ClockAccount, teller: Teller, full: bool) -> Group:
    """Return the days of a clock, a row per week; numbers are the counted days.

    Days that lie ahead (or after the end) are in brackets, days beyond the published calendar
    have a question mark. A long clock shows its first and last weeks unless ``full``.
    """
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("", style="dim", no_wrap=True)
    for weekday in range(7):
        name = f"周{_WEEKDAYS.zh[weekday]}" if teller.lang == "zh" else _WEEKDAYS_EN[weekday]
        table.add_column(name, no_wrap=True, header_style="dim", min_width=9)
    rows = _rows(clock.days)
    is_cut = not full and len(rows) > _WEEKS_AT_MOST
    for number, row in enumerate(rows):
        if is_cut and _WEEKS_AT_EACH_END <= number < len(rows) - _WEEKS_AT_EACH_END:
            if number == _WEEKS_AT_EACH_END:
                table.add_row("", *_between(rows[number:-_WEEKS_AT_EACH_END], teller))
            continue
        cells = [Styled("")] * (row[0].weekday - 1) + [_cell(day, teller) for day in row]
        table.add_row(_year(row[0]) if _shows_year(rows, number) else "", *cells)
    return Group(table, *_notes(clock, teller))


def _rows(days: list[DayAccount]) -> list[list[DayAccount]]:
    rows: list[list[DayAccount]] = []
    for day in days:
        if not rows or day.weekday == 1:
            rows.append([])
        rows[-1].append(day)
    return rows


def _shows_year(rows: list[list[DayAccount]], number: int) -> bool:
    return number == 0 or _year(rows[number][0]) != _year(rows[number - 1][0])


def _cell(day: DayAccount, teller: Teller) -> Styled:
    if day.counted is None:
        what, style = teller.say(_SHORT[day.reason]), _STYLES[day.reason]
    else:
        is_make_up = day.reason is DayReason.MAKE_UP_WORKDAY
        mark = teller.say(Text("班", "+")) if is_make_up else ""
        what, style = f"{mark}{day.counted}", "bold"
    if day.assumed:
        what += "？" if teller.lang == "zh" else "?"
    if day.projected:
        what, style = f"({what})", "dim"
    return Styled.assemble((f"{_short_date(day)} ", "dim"), (what, style))


def _between(rows: list[list[DayAccount]], teller: Teller) -> list[str]:
    days = [day for row in rows for day in row]
    counted = [day.counted for day in days if day.counted is not None]
    text = f"… {counted[0]}–{counted[-1]}" if counted else "…"
    return [text]


def _notes(clock: ClockAccount, teller: Teller) -> list[Styled]:
    """Return the names of the holidays among the days, and what the marks mean."""
    named: dict[str, list[str]] = {}
    for day in clock.days:
        if day.reason in _NAMED:
            named.setdefault(teller.say(day.text), []).append(_short_date(day))
    said = [
        f"{name} {dates[0]}" + (f"–{dates[-1]}" if len(dates) > 1 else "")
        for name, dates in named.items()
    ]
    if any(day.projected for day in clock.days):
        said.append(teller.say(_AHEAD if clock.ended_by is None else _AFTER_THE_END))
    if any(day.assumed for day in clock.days):
        said.append(teller.say(_ASSUMED))
    return [Styled(" · ".join(said), style="dim")] if said else []


def _year(day: DayAccount) -> str:
    return day.date.partition("-")[0]


def _short_date(day: DayAccount) -> str:
    _, month, day_of_month = day.date.split("-")
    return f"{int(month)}/{int(day_of_month)}"
