"""``jushou audit``: who looked at which case on the page, or did what, when and from where."""

from __future__ import annotations

from typing import Annotated

import typer

from jushou.cli.users import ACCESS


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
    from rich.console import Console
    from rich.table import Table

    from schemas.instants import render_instant

    table = Table("at", "account", "role", "region", "act", "of", "from")
    for line in lines:
        table.add_row(render_instant(line.at_ms), line.account, line.role, line.region, line.act,
                      line.object, line.address)  # fmt: skip
    Console().print(table)


def _verify(broken: int | None) -> None:
    if broken is not None:
        typer.echo(f"line {broken} was changed, or lines before it are gone", err=True)
        raise typer.Exit(1)
    typer.echo("no line was changed")
