"""``jushou household``: who came first to a household, where it stands and why; and alarms."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from jushou.cli.explain import Language
from jushou.cli.faults import told
from jushou.cli.options import AsOfOrNow, as_of_ms

_WIDTH = 110


class _ShowsByDefault(TyperGroup):
    """``jushou household H1`` is ``jushou household show H1``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


app: Any = typer.Typer(
    cls=_ShowsByDefault, help="Monitored households: one of them, or alarms over all."
)


@app.callback()  # type: ignore[untyped-decorator]
def _household() -> None:
    """Say where a household stands (jushou household PSEUDONYM), or what is out of its baseline."""


@app.command()  # type: ignore[untyped-decorator]
def show(
    pseudonym: Annotated[str, typer.Argument(help="the household's pseudonym, as events carry it")],
    as_of: AsOfOrNow = None,
    lang: Annotated[Language, typer.Option(help="language of what is shown")] = Language.ZH,
    as_json: Annotated[bool, typer.Option("--json", help="print the account as JSON")] = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """Say who came first, what happened since, and what the risk index is made of.

    Exit status 1: the household is unknown; 2: the stream's store cannot be read.
    """
    from jushou.settings import Settings
    from schemas.monitoring.load import load_monitoring
    from streams.agents.household_restore import find_household
    from streams.core.household_account import account_for

    instant = time.time_ns() // 1_000_000 if as_of is None else as_of_ms(as_of)
    with told("household", 2):
        state = find_household(bootstrap or Settings().bootstrap, pseudonym)
    if state is None:
        print(
            "this household is unknown in the stream's store: check the pseudonym; "
            "pseudonyms are case-sensitive",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    account = account_for(state, load_monitoring(), instant)
    if as_json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.encode(account) + b"\n")
        return
    from rich.console import Console

    from jushou.cli.household_screen import show as show_account

    console = Console()
    width = None if console.is_terminal else _WIDTH
    show_account(account, Console(width=width, highlight=False), lang.value)


@app.command()  # type: ignore[untyped-decorator]
def alarms(
    as_of: AsOfOrNow = None,
    weeks: Annotated[int, typer.Option(min=1, help="whole weeks to look back over")] = 8,
    place: Annotated[
        str, typer.Option(help="county 530102, prefecture 5301, or empty for the province")
    ] = "",
    by: Annotated[
        str, typer.Option(help="what to tell apart: direction, prefecture, county, indicator")
    ] = "direction,county,indicator",
    lang: Annotated[Language, typer.Option(help="language of what is shown")] = Language.ZH,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON lines")] = False,
) -> None:
    """List the weeks in which far more households were found, or asked, than is usual there.

    A drought, a price fall, a hailstorm; `jushou export relapse_alarms --about` states the method.
    Exit status 2: the warehouse cannot be read.
    """
    from jushou.cli import household_alarms

    instant = time.time_ns() // 1_000_000 if as_of is None else as_of_ms(as_of)
    with told("household", 2):
        found = household_alarms.alarms(
            instant, weeks, place, tuple(by.replace(" ", "").split(","))
        )
    if as_json:
        import msgspec

        for row in found:
            sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        return
    household_alarms.show(found, lang.value)
