"""``jushou export``: the answer of an analyst's question as a file, or on the screen."""

from __future__ import annotations

import datetime as dt
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.faults import told
from jushou.cli.options import AsOfOrNow, as_of_ms

if TYPE_CHECKING:
    from sinks.analysis.asking import Scope
    from sinks.analysis.questions import Question
    from sinks.analysis.small_cells import Published

_DAY = ["%Y-%m-%d"]
# A file or pipe has no width of its own: as wide as the widest table.
_WIDTH = 400


class Format(StrEnum):
    """What to write; ``table`` is for the screen."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    TABLE = "table"


class Names(StrEnum):
    """Language of names beside codes."""

    ZH = "zh"
    EN = "en"


def export(
    question: Annotated[str | None, typer.Argument(help="its name, see --list")] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="csv, parquet, xlsx; else by --out, else csv")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="file to write; else standard output")] = None,
    as_of: AsOfOrNow = None,
    since: Annotated[
        dt.datetime | None,
        typer.Option(formats=_DAY, help="first day, Asia/Shanghai; half a year back unless given"),
    ] = None,
    until: Annotated[
        dt.datetime | None,
        typer.Option(formats=_DAY, help="last day, included; that of --as-of unless given"),
    ] = None,
    county: Annotated[
        str, typer.Option(help="county 530102, prefecture 530100, or empty for all")
    ] = "",
    item: Annotated[str, typer.Option(help="item, or the beginning of its code: water")] = "",
    by: Annotated[
        str | None, typer.Option(help="what rows are told apart by: county,month; see --about")
    ] = None,
    k: Annotated[
        int, typer.Option(min=1, help="counts from 1 to k-1 are withheld; 1 withholds nothing")
    ] = 5,
    names: Annotated[
        Names | None, typer.Option(help="add names of places, items and departments: zh or en")
    ] = None,
    cases: Annotated[
        bool, typer.Option(help="allow a list that names single cases; not for publication")
    ] = False,
    show_list: Annotated[bool, typer.Option("--list", help="list the questions")] = False,
    about: Annotated[bool, typer.Option(help="say what the question counts, and how")] = False,
) -> None:
    """Export the answer of a question; small counts are withheld, no household is ever named."""
    from schemas.errors import JushouError

    if show_list or question is None:
        _list()
        raise typer.Exit(0 if show_list else 2)
    with told("export", 2):
        from sinks.analysis.questions import question as named

        asked = named(question)
        if about:
            _about(asked)
            return
        if asked.unit is None and not cases:
            raise JushouError(
                f"{question} names single cases; add --cases if they stay with the offices that "
                "act on them"
            )
        chosen = form or _by_name(out)
        scope = _scope(as_of, since, until, county, item, by)
        _write(asked, scope, chosen, out, k, names)


def _list() -> None:
    from sinks.analysis.questions import questions

    for each in questions().values():
        typer.echo(f"{each.name:20} {each.title}")


def _about(asked: Question) -> None:
    typer.echo(f"{asked.title}\n\n{asked.text}\n")
    if asked.by:
        typer.echo(f"by: {', '.join(asked.by)}; by default {', '.join(asked.by_default)}\n")
    width = max(len(column.name) for column in asked.columns)
    for column in asked.columns:
        typer.echo(f"{column.name:{width}}  {column.text}")


def _by_name(out: Path | None) -> Format:
    ending = "csv" if out is None else out.suffix.removeprefix(".").lower()
    try:
        return Format(ending)
    except ValueError:
        raise typer.BadParameter(f"--out {out}: name the --format, or end it in .csv") from None


def _scope(
    as_of: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    county: str,
    item: str,
    by: str | None,
) -> Scope:
    from dataclasses import replace

    from sinks.analysis.asking import scope_up_to

    instant = time.time_ns() // 1_000_000 if as_of is None else as_of_ms(as_of)
    scope = scope_up_to(instant, since and since.date(), until and until.date())
    if scope.since > scope.until:
        raise typer.BadParameter(f"--since {scope.since} is after --until {scope.until}")
    names = None if by is None else tuple(name.strip() for name in by.split(",") if name.strip())
    return replace(scope, place=_place(county), item=_item(item), by=names)


def _place(code: str) -> str:
    """Return the beginning of the codes of the counties meant."""
    from schemas.regions.load import regions

    if code in ("", "53", "530000"):
        return ""
    if code not in regions():
        raise typer.BadParameter(f"--county {code}: no county or prefecture has this code")
    return code[:4] if code.endswith("00") else code


def _item(beginning: str) -> str:
    from schemas.catalogue.load import load_catalogue

    codes = list(load_catalogue().versions)
    if not any(code.startswith(beginning) for code in codes):
        raise typer.BadParameter(f"--item {beginning}: the items are {', '.join(codes)}")
    return beginning


def _write(
    asked: Question, scope: Scope, form: Format, out: Path | None, k: int, names: Names | None
) -> None:
    from jushou.cli.warehouse import warehouse_server
    from jushou.settings import Settings
    from sinks.analysis import files
    from sinks.analysis.asking import ask
    from sinks.analysis.names import named
    from sinks.analysis.small_cells import publish

    published = publish(ask(warehouse_server(), asked, scope), k)
    if names is not None:
        published = named(published, names.value)
    said = files.about(published, k, simulated=Settings().simulated)
    if form is Format.TABLE:
        _screen(published, said)
        return
    content = files.WRITERS[form.value](published, said)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        files.write(out, content)
    notes = [f"{len(published.rows):,} rows"]
    notes += [said[key] for key in ("small_cells", "simulated") if key in said]
    print(f"jushou export: {'; '.join(notes)}", file=sys.stderr)


def _screen(published: Published, said: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console = Console(width=None if console.is_terminal else _WIDTH, highlight=False)
    table = Table(box=None, pad_edge=False)
    for name, kind in zip(published.answer.names, published.answer.types, strict=True):
        table.add_column(name, justify="left" if "String" in kind else "right", no_wrap=True)
    for row, withheld in zip(published.rows, published.withheld, strict=True):
        table.add_row(*(_cell(value, withheld) for value in row))
    console.print(table)
    for key in ("small_cells", "simulated"):
        if key in said:
            console.print(said[key])


def _cell(value: object, withheld: int) -> str:
    if value is None:
        return "·" if withheld else "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
