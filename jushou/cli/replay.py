"""``jushou replay``: a log judged as of an instant, by the core alone, with no broker."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jushou.cli.options import AsOf, as_of_ms


class Show(StrEnum):
    """What to print of the cases."""

    VERDICTS = "verdicts"
    ESCALATIONS = "escalations"
    VIOLATIONS = "violations"


def replay(
    events: Annotated[Path, typer.Argument(help="JSON lines of case events, - for stdin")],
    as_of: AsOf,
    show: Annotated[Show, typer.Option(help="what to print")] = Show.VERDICTS,
) -> None:
    """Print the verdicts, standing escalations or violations of a log, as JSON lines.

    Bad lines go to standard error with their number and reason; the exit status is then 1, and
    the good ones are still judged. Differing records with one id are named there too, as
    conflicts, and are no fault.
    """
    import gc

    from streams.core.replay import Replay, default_engine

    # The cases of a log have no cycles and are needed until the end.
    gc.disable()
    judged = Replay(default_engine(), as_of_ms(as_of))
    with sys.stdin.buffer if str(events) == "-" else open_log(events) as lines:
        judged.read(lines)
    rows = {
        Show.VERDICTS: judged.verdicts,
        Show.ESCALATIONS: judged.escalations,
        Show.VIOLATIONS: judged.violations,
    }[show]
    encode = msgspec.json.Encoder(order="sorted").encode
    for row in rows():
        sys.stdout.buffer.write(encode(row) + b"\n")
    sys.stdout.buffer.flush()
    for number, case_id, event_id in judged.conflicts:
        print(f"conflict: case {case_id}, event {event_id}: line {number} differs from another "
              "with its id; the smallest counts", file=sys.stderr)  # fmt: skip
    for number, fault in judged.faults:
        print(f"line {number}: {fault}", file=sys.stderr)
    if judged.faults:
        raise typer.Exit(1)


def open_log(path: Path):  # type: ignore[no-untyped-def]
    """Open a log for reading bytes; a path that cannot be read is a usage error."""
    try:
        return path.open("rb")
    except OSError as fault:
        raise typer.BadParameter(f"{path}: {fault.strerror}; name a readable file") from None
