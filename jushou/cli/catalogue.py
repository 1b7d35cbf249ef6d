"""``jushou catalogue``: the items with their clocks, limits, certainty and sources, as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.catalogue.model import Catalogue, Clock, Item, Quota, Text


class Language(StrEnum):
    """The language that texts are shown in."""

    ZH = "zh"
    EN = "en"


_HEADINGS = {
    Language.ZH: ("时限或规则", "起 → 止", "限", "暂停", "依据", "来源"),
    Language.EN: ("clock or rule", "start → stop", "within", "paused by", "certainty", "source"),
}
_CERTAINTY = {
    Language.ZH: "S 报道载明 · P 别处公开规定，待云南确认 · A 本项目假设 · "
    "S/A 数字载明、算法为假设",
    Language.EN: "S stated in the report · P a public rule elsewhere, to be confirmed for Yunnan · "
    "A our assumption · S/A the number is stated, how it counts is our assumption",
}


def catalogue(
    item: Annotated[str | None, typer.Argument(help="code of one item, or its beginning")] = None,
    lang: Annotated[Language, typer.Option(help="language of the texts")] = Language.ZH,
    day: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="show the policy in force on this day"),
    ] = None,
) -> None:
    """Print each item's clocks and count rules with their limits, certainty and source."""
    from schemas.catalogue.load import load_catalogue

    known = load_catalogue()
    codes = [code for code in known.versions if item is None or code.startswith(item)]
    if not codes:
        raise typer.BadParameter(f"no item {item!r}; known: {', '.join(known.versions)}")
    console = Console()
    for code in codes:
        shown = known.item(code, day.date() if day else None)
        console.print(_table(known, shown, lang), end="\n\n")
    console.print(_CERTAINTY[lang], highlight=False)


def _table(known: Catalogue, item: Item, lang: Language) -> Table:
    department = known.departments[item.department]
    table = Table(
        title=f"{item.code} · {_in(lang, item.text)} · {_in(lang, department)} · "
        f"{item.policy} ({item.in_force_from})",
        title_justify="left",
        title_style="bold",
    )
    for heading in _HEADINGS[lang]:
        table.add_column(heading, overflow="fold")
    for clock in item.clocks.values():
        table.add_row(*_clock_row(known, clock, lang))
    for quota in item.quotas:
        table.add_row(*_quota_row(known, quota, lang))
    return table


def _clock_row(known: Catalogue, clock: Clock, lang: Language) -> list[str]:
    starts = " / ".join(
        _event(known, start.event, lang)
        + "".join(f" {{{each.attribute} = {_values(each.values)}}}" for each in start.where)
        for start in clock.starts
    )
    stops = " / ".join(_event(known, event, lang) for event in sorted(clock.stops))
    limit = str(clock.limit) + (f" (+{clock.extendable_by})" if clock.extendable_by else "")
    pauses = " / ".join(_in(lang, known.pauses[pause]) for pause in sorted(clock.honours))
    each = {Language.ZH: "（逐次）", Language.EN: " (each)"}[lang] if clock.each else ""
    return [
        f"{clock.name} {_in(lang, clock.text)}{each}",
        f"{starts} → {stops}",
        limit,
        pauses,
        clock.source.certainty,
        _in(lang, clock.source.text),
    ]


def _quota_row(known: Catalogue, quota: Quota, lang: Language) -> list[str]:
    events = " / ".join(_event(known, event, lang) for event in sorted(quota.events))
    if quota.attribute:
        events += f" · {quota.attribute}"
    limit = "" if quota.at_most is None else f"≤ {quota.at_most}"
    if quota.relaxed_where:
        where = quota.relaxed_where
        limit += f" (≤ {quota.relaxed_to}: {where.attribute} = {_values(where.values)})"
    source = quota.source
    name = f"{quota.rule} {_in(lang, quota.text)}"
    return [name, events, limit, "", source.certainty, _in(lang, source.text)]


def _values(values: Iterable[object]) -> str:
    written = {True: "true", False: "false"}
    return ", ".join(written[v] if isinstance(v, bool) else str(v) for v in values)


def _event(known: Catalogue, event: str, lang: Language) -> str:
    return _in(lang, known.types[event]) if lang is Language.ZH else event


def _in(lang: Language, text: Text) -> str:
    return text.zh if lang is Language.ZH else text.en
