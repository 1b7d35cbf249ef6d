"""``jushou explain``: why a case is, or is not, late, for a county official to read and check."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.faults import told
from jushou.cli.options import AsOfOrNow, as_of_ms

if TYPE_CHECKING:
    from schemas.action import Action
    from schemas.case_event import StoredEvent
    from schemas.case_state import Fired
    from schemas.catalogue.model import Catalogue, Text
    from streams.core.case import Engine

    Known = tuple[list[StoredEvent], list[Fired], list[Text]]

# A file or pipe has no width of its own.
_WIDTH = 110


class Language(StrEnum):
    """The languages of what is shown."""

    ZH = "zh"
    EN = "en"


class Source(StrEnum):
    """Where a case is read from, if not from a file."""

    STORE = "store"
    CLICKHOUSE = "clickhouse"


def explain(
    case: Annotated[str, typer.Argument(help="the case_id")],
    events: Annotated[
        Path | None,
        typer.Option(help="JSON lines of case events, - for stdin; instead of --from"),
    ] = None,
    source: Annotated[
        Source, typer.Option("--from", help="the stream's store in Kafka, or the warehouse")
    ] = Source.STORE,
    as_of: AsOfOrNow = None,
    lang: Annotated[Language, typer.Option(help="language of what is shown")] = Language.ZH,
    clock: Annotated[
        str | None, typer.Option(help="show the details of this clock alone, such as overall")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the account as JSON")] = False,
    full: Annotated[bool, typer.Option(help="show every week of a long clock")] = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """Say of each clock of a case when it ran, paused or did not count, and why.

    The account is as of now, or as of the instant given. Exit status 1: the case is unknown; 2:
    the stream's store, or the warehouse, cannot be read.
    """
    from streams.core.explanation import explain as account_for
    from streams.core.replay import default_engine

    engine = default_engine()
    instant = time.time_ns() // 1_000_000 if as_of is None else as_of_ms(as_of)
    where = str(events)
    if events is not None:
        known, fired, reservations = _from_file(case, events, engine)
    elif source is Source.CLICKHOUSE:
        where = "the warehouse"
        known, fired, reservations = _from_warehouse(case, engine.catalogue)
    else:
        where = "the stream's store"
        known, fired, reservations = _from_store(case, bootstrap)
    if not known:
        print(
            f"case {case} is unknown in {where}: check the id; ids are case-sensitive",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    account = account_for(engine, case, known, instant, fired, reservations)
    clocks = dict.fromkeys(each.clock for each in account.clocks)
    if clock is not None and clock not in clocks:
        raise typer.BadParameter(
            f"--clock {clock}: as of then the case has {', '.join(clocks) or 'no clock'}"
        )
    if as_json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.encode(account) + b"\n")
        return
    from rich.console import Console

    from jushou.cli.case_actions import show_actions
    from jushou.cli.explain_screen import show

    console = Console()
    width = None if console.is_terminal else _WIDTH
    paper = Console(width=width, highlight=False)
    show(account, paper, lang.value, clock, full)
    if events is None:
        show_actions(_actions(case, source, bootstrap, instant), paper, lang.value)


def _actions(case: str, source: Source, bootstrap: str | None, as_of: int) -> list[Action]:
    """Return what people did until ``as_of``; none where it cannot be read."""
    from jushou.cli.case_actions import from_kafka, from_warehouse
    from jushou.cli.warehouse import warehouse_server
    from jushou.settings import Settings
    from schemas.errors import JushouError
    from schemas.instants import parse_instant

    found = []
    with suppress(JushouError):
        if source is Source.CLICKHOUSE:
            found = from_warehouse(warehouse_server(), case)
        else:
            found = from_kafka(bootstrap or Settings().bootstrap, case)
    return [each for each in found if parse_instant(each.at) <= as_of]


def _from_store(case: str, bootstrap: str | None) -> Known:
    from jushou.cli.case_store import read_case
    from jushou.settings import Settings

    with told("explain", 2):
        state = read_case(bootstrap or Settings().bootstrap, case)
    return ([], [], []) if state is None else (state.events, state.fired, [])


def _from_warehouse(case: str, catalogue: Catalogue | None) -> Known:
    from jushou.cli.case_warehouse import read_case
    from jushou.cli.warehouse import warehouse_server

    assert catalogue is not None
    with told("explain", 2):
        return read_case(warehouse_server(), case, catalogue)


def _from_file(case: str, events: Path, engine: Engine) -> Known:
    """Return the good records of one case; bad lines that may be its own are reported."""
    from jushou.cli.replay import open_log
    from schemas.case_event import decode
    from schemas.errors import InvalidRecord

    found = []
    with sys.stdin.buffer if str(events) == "-" else open_log(events) as lines:
        for number, line in enumerate(lines, start=1):
            # An id may be written with escapes: such a line has to be read to know whose it is.
            if case.encode() not in line and b"\\" not in line:
                continue
            try:
                case_id, event = decode(line, engine.rules)
            except InvalidRecord as fault:
                print(f"line {number}: {fault}", file=sys.stderr)
                continue
            if case_id == case:
                found.append(event)
    return found, [], []
