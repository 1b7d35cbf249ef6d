"""The account of a household on a terminal: where it stands, direction, risk, signals, life."""

from __future__ import annotations

from typing import Literal

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from schemas.regions.load import regions
from streams.core.household_account import HouseholdAccount, Words

Lang = Literal["zh", "en"]
_LABELS: dict[str, Words] = {
    "household": Words("农户", "Household"),
    "as_of": Words("截至", "As of"),
    "county": Words("县", "County"),
    "status": Words("状态", "Status"),
    "category": Words("监测类别", "Category"),
    "direction": Words("方向", "Direction"),
    "risk": Words("返贫风险指数", "Risk index"),
    "driver": Words("依据", "Driver"),
    "since": Words("起始", "Since"),
    "points": Words("分值", "Points"),
    "half": Words("半衰期", "Half-life"),
    "now": Words("现值", "Now"),
    "life": Words("监测经过", "Life"),
    "signals": Words("信号", "Signals"),
    "seen": Words("发现时间", "Seen"),
    "value": Words("数值", "Value"),
    "threshold": Words("本县阈值", "County's threshold"),
    "counts": Words("是否达到", "Reaches it"),
    "none": Words("无", "none"),
    "rules": Words("规则", "Rules"),
}
_STATUS: dict[str, Words] = {
    "": Words("未被发现为监测对象", "never found"),
    "found": Words("已发现，待核实", "found, to be verified"),
    "dismissed": Words("已核实排除", "dismissed"),
    "verified": Words("已核实有风险", "verified"),
    "assisted": Words("已落实帮扶", "assisted"),
    "cleared": Words("风险消除", "cleared"),
    "relapsed": Words("再次出现风险", "fell back"),
}
_SOURCES: dict[str, Words] = {
    "screening": Words("部门筛查", "screening"),
    "inspection": Words("入户排查", "inspection"),
}
_DAY_S = 86_400


def show(account: HouseholdAccount, console: Console, lang: Lang) -> None:
    """Print an account."""
    console.print(_heading(account, lang))
    console.print(_risk(account, lang))
    if account.signals:
        console.print(_signals(account, lang))
    if account.life:
        console.print(_life(account, lang))
    rules = _say(_LABELS["rules"], lang)
    console.print(f"{rules} {account.rules} · {_say(account.source, lang)}", style="dim")


def direction(account: HouseholdAccount, lang: Lang) -> str:
    """Return in a sentence who came first, and how long before the other."""
    found, asked = _day(account.first_found_at), _day(account.first_request_at)
    by = _say(_SOURCES.get(account.first_found_by, Words(*(account.first_found_by,) * 2)), lang)
    days = abs(account.lead_time_s or 0) / _DAY_S
    if account.first_found_at is None and account.first_request_at is None:
        return _say(Words("无", "neither"), lang)
    if account.first_found_at is None:
        words = Words(
            f"找政府：{asked} 自己求助，政府至今未发现",
            f"It asked on {asked} and was never found (blind spot)",
        )
    elif account.first_request_at is None:
        words = Words(
            f"政府找：{found} 由{by}发现，尚未自己求助",
            f"The government found it on {found} ({by}); it never asked",
        )
    elif account.direction == "government":
        words = Words(
            f"政府找在先：{found} 由{by}发现，早于 {asked} 的求助 {days:.1f} 天",
            f"Found first: on {found} ({by}), {days:.1f} days before it asked on {asked}",
        )
    else:
        words = Words(
            f"找政府在先：{asked} 自己求助，{days:.1f} 天后（{found}）才被发现",
            f"It asked first: on {asked}, {days:.1f} days before it was found on {found}",
        )
    sentence = _say(words, lang)
    if account.asked_after_dismissal_at is not None:
        after = _day(account.asked_after_dismissal_at)
        sentence += _say(Words(f"；线索排除后又于 {after} 求助",
                               f"; asked again on {after} after a dismissal"), lang)  # fmt: skip
    return sentence


def _heading(account: HouseholdAccount, lang: Lang) -> Panel:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    status = _say(_STATUS[account.status], lang)
    rows = {
        "as_of": account.as_of,
        "county": f"{account.county} {regions().name(account.county, lang)}",
        "status": f"{status}  {_day(account.status_at)}".strip(),
        "category": _say(account.category_text, lang) or _say(_LABELS["none"], lang),
        "direction": direction(account, lang),
    }
    for name, value in rows.items():
        grid.add_row(_say(_LABELS[name], lang), value)
    title = f" {_say(_LABELS['household'], lang)} {account.household} "
    return Panel(grid, title=title, title_align="left", box=box.ROUNDED)


def _risk(account: HouseholdAccount, lang: Lang) -> Table:
    level = _say(account.level_text, lang)
    steps = " · ".join(f"{name} ≥{points:g}" for name, points in account.levels[1:])
    title = f"{_say(_LABELS['risk'], lang)} {account.index:g} / 100 — {level}  ({steps})"
    table = _table(title, lang, "driver", "since", "points", "half", "now")
    for each in account.drivers:
        half = "∞" if each.half_life_d is None else f"{each.half_life_d:g} d"
        table.add_row(
            _say(each.text, lang), _day(each.at), f"{each.points:+g}", half, f"{each.adds:+.2f}"
        )
    return table


def _signals(account: HouseholdAccount, lang: Lang) -> Table:
    table = _table(
        _say(_LABELS["signals"], lang), lang, "seen", "driver", "value", "threshold", "counts"
    )
    for each in account.signals:
        source = _say(_SOURCES[each.source], lang)
        unit = _say(each.unit, lang)
        table.add_row(
            _day(each.at),
            f"{_say(each.text, lang)} · {source}",
            "–" if each.value is None else f"{each.value:g} {unit}",
            "–" if each.threshold is None else f"{each.threshold:g}",
            "✓" if each.counts else "✗",
        )
    return table


def _life(account: HouseholdAccount, lang: Lang) -> Table:
    table = Table(title=_say(_LABELS["life"], lang), title_justify="left", box=box.SIMPLE)
    for name in ("since", "status"):
        table.add_column(_say(_LABELS[name], lang))
    table.add_column("case_id", style="dim")
    for each in account.life:
        table.add_row(each.at, _say(_STATUS[each.event], lang), each.case_id)
    return table


def _table(title: str, lang: Lang, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for name in columns:
        numeric = name in ("points", "half", "now", "value", "threshold")
        table.add_column(_say(_LABELS[name], lang), justify="right" if numeric else "left")
    return table


def _say(words: Words, lang: Lang) -> str:
    return words.zh if lang == "zh" else words.en


def _day(instant: str | None) -> str:
    return "" if instant is None else instant[:10]
