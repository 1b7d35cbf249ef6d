"""``python -m benchmarks [NAME …] [--size small|full] [--events N]``: one command for all."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import tempfile
import time
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.chart import chart
from benchmarks.machine import machine, versions
from benchmarks.outcome import Outcome, merged, read_results, write_results
from benchmarks.parts import ON_DEMAND, PARTS, Part
from benchmarks.peers.places import BUILD
from benchmarks.report import document, mark_in_words, table
from benchmarks.sizes import SIZES, Size, with_events
from benchmarks.station import Station

PUBLISHED = Path(__file__).parent


class SizeName(StrEnum):
    """The sizes by the names of the command line."""

    SMALL = "small"
    FULL = "full"


def main(
    names: Annotated[list[str] | None, typer.Argument(help="parts; all unless named")] = None,
    size: Annotated[SizeName, typer.Option(help="how much each part does")] = SizeName.FULL,
    events: Annotated[int | None, typer.Option(help="another length of the log")] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="where the results are written; benchmarks/ unless size is small"),
    ] = None,
) -> None:
    """Measure parts one after the other, and write the results after each."""
    chosen = _chosen(names or [])
    folder = folder or (PUBLISHED if size == SizeName.FULL else BUILD)
    run = _run(size)
    failed = False
    scratch = Path(tempfile.mkdtemp(prefix="jushou-bench-"))
    try:
        with Station(scratch) as station:
            for name, part in chosen.items():
                outcome = _outcome(name, part, station, with_events(SIZES[size], events))
                _show(outcome)
                failed |= outcome.fault is not None
                if name in PARTS:
                    publish(folder, [outcome], run)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    Console().print(f"Results: {folder}/results.json, results.md, results.svg")
    raise typer.Exit(1 if failed else 0)


def _chosen(names: list[str]) -> dict[str, Part]:
    known = PARTS | ON_DEMAND
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(known)}")
    return {name: part for name, part in known.items() if name in (names or PARTS)}


def _run(size: str) -> dict[str, Any]:
    return {
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
        "size": str(size),
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }


def _outcome(name: str, part: Part, station: Station, size: Size) -> Outcome:
    """Run one part; one that fails must not take the others with it."""
    begun_s = time.monotonic()
    try:
        outcome = part(station, size)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is told and the next part runs
        traceback.print_exc()
        outcome = Outcome(name, name, fault=f"{type(fault).__name__}: {str(fault)[-1500:]}")
        station.spoil()
    outcome.took_s = round(time.monotonic() - begun_s, 1)
    return outcome


def _show(outcome: Outcome) -> None:
    # A log has no width of its own: wide enough for the widest table.
    console = Console(width=None if sys.stdout.isatty() else 150)
    if outcome.fault is not None:
        console.print(f"{outcome.part} failed: {outcome.fault}", markup=False)
        return
    console.print(table(outcome))
    for mark in outcome.marks:
        console.print(f"  {mark_in_words(mark)}", markup=False)


def publish(folder: Path, outcomes: list[Outcome], run: dict[str, Any]) -> None:
    """Put outcomes into the results of a folder: JSON, document and chart."""
    known = read_results(folder / "results.json")
    results = merged(known, outcomes, run | {"versions": versions()}, list(PARTS))
    write_results(folder / "results.json", results)
    (folder / "results.md").write_text(document(results), "utf-8")
    (folder / "results.svg").write_text(chart(results), "utf-8")


if __name__ == "__main__":
    typer.run(main)
