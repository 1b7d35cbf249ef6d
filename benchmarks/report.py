"""The results as text: a table for the terminal, and the document ``results.md``."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from benchmarks.outcome import Cell, Mark, Outcome, outcome_from_json


def in_words(cell: Cell) -> str:
    """Return a cell as people read it: thousands apart, nothing where nothing was found."""
    if cell is None:
        return ""
    if isinstance(cell, int) or (isinstance(cell, float) and cell.is_integer()):
        return f"{int(cell):,}"
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)


def mark_in_words(mark: Mark) -> str:
    """Return a mark with its bound and whether it is reached."""
    bound = f"≥ {mark.at_least:,g}" if mark.at_least is not None else f"≤ {mark.at_most:,g}"
    said = "reached" if mark.reached else "missed"
    return f"{mark.what}: {in_words(round(mark.value, 2))} ({bound}: {said})"


def table(outcome: Outcome) -> Table:
    """Return an outcome for the terminal."""
    shown = Table(title=f"{outcome.title} ({outcome.took_s:.0f} s)", title_justify="left")
    for number, column in enumerate(outcome.columns):
        shown.add_column(column, justify="left" if number == 0 else "right")
    for row in outcome.rows:
        shown.add_row(*map(in_words, row))
    return shown


def document(results: dict[str, Any]) -> str:
    """Return ``results.md``."""
    lines = ["# Figures", "", "Written by `python -m benchmarks`; do not edit.", ""]
    lines += ["![The figures as bars](results.svg)", ""]
    for record in results["parts"].values():
        run = record.pop("run")
        outcome = outcome_from_json(record)
        lines += _part(outcome, run)
        record["run"] = run
    return "\n".join(lines)


def _part(outcome: Outcome, run: dict[str, Any]) -> list[str]:
    lines = [f"## {outcome.title}", ""]
    if outcome.fault is not None:
        lines += [f"Failed: {outcome.fault}", ""]
    else:
        lines += ["| " + " | ".join(outcome.columns) + " |"]
        lines += ["| --- |" + " ---: |" * (len(outcome.columns) - 1)]
        lines += ["| " + " | ".join(map(in_words, row)) + " |" for row in outcome.rows]
        lines += [""]
    lines += [f"- {mark_in_words(mark)}" for mark in outcome.marks]
    lines += ["", *[f"{note}\n" for note in outcome.notes]]
    machine = ", ".join(f"{name}: {text}" for name, text in run["machine"].items())
    versions = ", ".join(f"{name} {text}" for name, text in run["versions"].items())
    lines += [f"`{run['command']}`, {run['at']}, size {run['size']}, {outcome.took_s:.0f} s.", ""]
    lines += [f"Machine: {machine}.", "", f"Versions: {versions}.", ""]
    return lines
