"""``jushou produce``: a file of case events or signals into Kafka, as one bracketed load."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from jushou.cli.faults import told
from jushou.cli.replay import open_log


def produce(
    file: Annotated[
        Path, typer.Argument(help="JSON lines of case events (or signals), - for stdin")
    ],
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
    load: Annotated[
        str | None, typer.Option(help="id of the load; give it to send a broken-off load again")
    ] = None,
    signals: Annotated[
        bool, typer.Option("--signals", help="the lines are signals (政府找), not case events")
    ] = False,
) -> None:
    """Send the good lines of a file to Kafka, unchanged, in the brackets of one load.

    Bad lines go to standard error with their number and reason; the exit status is then 1, and
    the good ones are still sent.
    """
    from jushou.settings import Settings

    load_id = load or f"file-{uuid.uuid4().hex[:8]}"
    with sys.stdin.buffer if str(file) == "-" else open_log(file) as lines, told("produce", 2):
        sent, bad = _send(lines, bootstrap or Settings().bootstrap, load_id, signals)
    what = "signals" if signals else "events"
    print(f"sent {sent} {what} as load {load_id}" + (f", {bad} bad lines" if bad else ""))
    if bad:
        raise typer.Exit(1)


def _send(lines: BinaryIO, bootstrap: str, load_id: str, signals: bool) -> tuple[int, int]:
    """Return the numbers of records that were sent and of lines that were bad."""
    from producers.event_lines import good_lines, good_signal_lines
    from producers.publish import BulkLoad, Publisher, publish_events
    from schemas.catalogue.load import load_catalogue
    from schemas.errors import InvalidRecord
    from schemas.topics import CASE_EVENTS, SIGNALS

    bad = 0

    def report(number: int, fault: InvalidRecord) -> None:
        nonlocal bad
        bad += 1
        print(f"line {number}: {fault}", file=sys.stderr)

    if signals:
        good = good_signal_lines(_shown(lines), time.time_ns() // 1_000_000, report)
    else:
        good = good_lines(_shown(lines), load_catalogue().versions, report)
    publisher = Publisher(bootstrap, (SIGNALS if signals else CASE_EVENTS).name)
    with BulkLoad(publisher, load_id) as bulk:
        sent = publish_events(bulk, good)
    return sent, bad


def _shown(lines: BinaryIO) -> Iterator[bytes]:
    """Yield the lines, with a bar of the bytes read where standard error is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield from lines
        return
    kilobytes = os.fstat(lines.fileno()).st_size // 1024
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TextColumn("KB"), TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("sending", total=kilobytes or None)
        read = 0
        for number, line in enumerate(lines):
            read += len(line)
            if number % 1000 == 0:
                bar.update(task, completed=read // 1024)
            yield line
        bar.update(task, completed=read // 1024)
