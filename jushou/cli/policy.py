"""``jushou policy diff``: what a change of policy, or of the calendar, does to history."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections import defaultdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.explain import Language
from jushou.cli.faults import told
from jushou.cli.options import AsOfOrNow, as_of_ms

if TYPE_CHECKING:
    from schemas.case_event import StoredEvent
    from schemas.catalogue.model import Catalogue
    from streams.core.calendar import Calendars
    from streams.core.policy_trial import Trial

# A file or pipe has no width of its own.
_WIDTH = 140

policy = typer.Typer(help="Try a change of policy on history.", no_args_is_help=True)


class ApplyTo(StrEnum):
    """To whom a new policy applies from the day on which it is in force."""

    NEW = "new"
    OPEN = "open"


@policy.callback()
def _policy() -> None:
    """Try a change of policy on history; nothing is recorded."""


@policy.command()
def diff(
    old: Annotated[str, typer.Argument(help="a policy id (2021-11), or a catalogue's folder")],
    new: Annotated[str, typer.Argument(help="the same for the policy to try")],
    events: Annotated[
        Path | None,
        typer.Option(help="JSON lines of case events, - for stdin; else the stream's, see --since"),
    ] = None,
    since: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="only cases submitted from this day on; without --events those of the stream",
        ),
    ] = None,
    as_of: AsOfOrNow = None,
    in_force_from: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="try NEW as if in force from this day; else by the dates in its files",
        ),
    ] = None,
    apply_to: Annotated[
        ApplyTo | None,
        typer.Option(
            help="NEW holds for clocks that start under it, or live ones too; else as its files say"
        ),
    ] = None,
    calendar_old: Annotated[
        Path | None, typer.Option(help="folder of calendar files for OLD; else the shipped ones")
    ] = None,
    calendar_new: Annotated[
        Path | None, typer.Option(help="folder of calendar files for NEW; else the shipped ones")
    ] = None,
    lang: Annotated[Language, typer.Option(help="language of the table")] = Language.ZH,
    show: Annotated[int, typer.Option(min=0, help="changed cycles to list, at most")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="print all differences as JSON")] = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """Replay a history under two policies and show what differs, by item and county.

    The same policy twice with two calendars shows which deadlines a change of the calendar moves.
    Bad lines go to standard error with their number and reason; the exit status is then 1, and
    the good ones are still compared.
    """
    from streams.core.policy_diff import compare

    if events is None and since is None:
        raise typer.BadParameter("name a file with --events, or a day of the stream with --since")
    instant = time.time_ns() // 1_000_000 if as_of is None else as_of_ms(as_of)
    with told("policy diff", 2):
        before = _trial(_catalogue(old), calendar_old)
        tried = _tried(old, new, in_force_from)
        open_too = None if apply_to is None else apply_to is ApplyTo.OPEN
        after = _trial(tried, calendar_new, open_too=open_too)
        items = before.engine.rules.keys() | after.engine.rules.keys()
        cases, bad = _stream(bootstrap, items) if events is None else _read(events, items)
    found = compare(before, after, cases, instant, None if since is None else _instant(since))
    if as_json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        from rich.console import Console

        from jushou.cli.policy_screen import show_diff

        console = Console()
        width = None if console.is_terminal else _WIDTH
        console = Console(width=width, highlight=False)
        show_diff(found, after.engine.catalogue, console, lang.value, show)
    if bad:
        raise typer.Exit(1)


def _catalogue(name: str) -> Catalogue:
    """Return the catalogue of a folder, or the shipped one as it was under a policy.

    A folder without a ``general.yaml`` adds its items to the shipped catalogue.
    """
    from schemas.catalogue.load import SHIPPED, load_catalogue
    from streams.core.policy_trial import up_to_policy

    folder = Path(name)
    if folder.is_dir():
        is_whole = any(folder.rglob("general.yaml"))
        return load_catalogue([folder] if is_whole else [SHIPPED, folder])
    shipped = load_catalogue()
    try:
        return up_to_policy(shipped, name)
    except KeyError:
        known = {item.policy for versions in shipped.versions.values() for item in versions}
        raise typer.BadParameter(
            f"{name} is neither a folder nor a policy; policies: {', '.join(sorted(known))}"
        ) from None


def _tried(old: str, new: str, day: dt.datetime | None) -> Catalogue:
    from streams.core.policy_trial import in_force_from

    if day is None:
        return _catalogue(new)
    return in_force_from(_catalogue(old), _catalogue(new), day.date())


def _trial(catalogue: Catalogue, calendar: Path | None, *, open_too: bool | None = None) -> Trial:
    from streams.core.policy_trial import Trial

    return Trial(catalogue, _calendars(calendar), open_too=open_too)


def _calendars(folder: Path | None) -> Calendars:
    from schemas.calendars.load import load_calendar
    from streams.core.calendar import build_calendars

    return build_calendars(load_calendar(folder))


def _instant(day: dt.datetime) -> int:
    from schemas.instants import day_of_date, start_of_day

    return start_of_day(day_of_date(day.date()))


def _stream(bootstrap: str | None, items: set[str]) -> tuple[dict[str, list[StoredEvent]], int]:
    """Return the events of the stream by case; what its worker set aside is not bad here."""
    from jushou.cli.event_history import read_history
    from jushou.settings import Settings

    cases, aside = read_history(bootstrap or Settings().bootstrap, items)
    if aside:
        print(f"{aside} records of the stream are no case events; left out", file=sys.stderr)
    return cases, 0


def _read(path: Path, items: set[str]) -> tuple[dict[str, list[StoredEvent]], int]:
    """Return the good events of a log by case, and how many lines were bad."""
    from jushou.cli.replay import open_log
    from schemas.case_event import decode
    from schemas.errors import InvalidRecord

    cases: dict[str, list[StoredEvent]] = defaultdict(list)
    bad = 0
    with sys.stdin.buffer if str(path) == "-" else open_log(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                case_id, event = decode(line, items)
            except InvalidRecord as fault:
                bad += 1
                print(f"line {number}: {fault}", file=sys.stderr)
                continue
            cases[case_id].append(event)
    return cases, bad
