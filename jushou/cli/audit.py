"""``jushou audit``: who looked at which case on the page, or did what, when and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.users import ACCESS

if TYPE_CHECKING:
    from dashboards.access.audit import Line


def audit(
    account: Annotated[str, typer.Option(help="only this account")] = "",
    case: Annotated[str, typer.Option(help="only this case, or pseudonym of a household")] = "",
    act: Annotated[str, typer.Option(help="only this act, such as case-seen")] = "",
    since: Annotated[str, typer.Option(help="RFC 3339 with offset")] = "",
    limit: Annotated[int, typer.Option(min=1, help="newest lines at most")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="check that no line was changed")
    ] = False,
) -> None:
    """Show the newest lines of the audit log, newest first. Exit status 1: it was tampered with."""
    import json
    from dataclasses import asdict

    from dashboards.access.audit import open_audit
    from dashboards.access.gate import AUDIT_FILE
    from jushou.cli.options import as_of_ms
    from jushou.settings import Settings

    log = open_audit(Settings().folder / ACCESS / AUDIT_FILE)
    try:
        if verify:
            _verify(log.first_broken())
            return
        lines = log.lines(
            account=account, act=act, of=case, limit=limit,
            since_ms=as_of_ms(since) if since else 0,
        )  # fmt: skip
    finally:
        log.close()
    if as_json:
        for line in lines:
            typer.echo(json.dumps(asdict(line), ensure_ascii=False))
        return
    _show(lines)


def _show(lines: list[Line]) -> None:
    from rich.console import Console
    from rich.table import Table

    from schemas.instants import render_instant

    table = Table(box=None, pad_edge=False)
    for name in ("at", "account", "role", "region", "act", "of", "from"):
        table.add_column(name, no_wrap=name == "at", overflow="fold")
    for line in lines:
        at = render_instant(line.at_ms)[:19].replace("T", " ")
        table.add_row(at, line.account, line.role, line.region, line.act, line.object, line.address)
    console = Console()
    # A file or pipe has no width of its own.
    Console(width=None if console.is_terminal else 160).print(table)


def _verify(broken: int | None) -> None:
    if broken is not None:
        typer.echo(f"line {broken} was changed, or lines before it are gone", err=True)
        raise typer.Exit(1)
    typer.echo("no line was changed")
