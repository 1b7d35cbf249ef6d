"""What a part has found, and how the outcomes of several runs become one file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Cell = str | float | int | None


@dataclass(slots=True)
class Mark:
    """A figure against what it has to be; exactly one of the bounds is given."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def reached(self) -> bool:
        """Say whether the figure is within its bound."""
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)


@dataclass(slots=True)
class Bar:
    """One bar of the chart: bars of one ``panel`` share a scale."""

    panel: str
    label: str
    value: float
    is_ours: bool = True


@dataclass(slots=True)
class Outcome:
    """A table with its notes; ``fault`` says why there is none."""

    part: str
    title: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    fault: str | None = None
    took_s: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for ``results.json``, with whether each mark was reached."""
        record = asdict(self)
        for mark, written in zip(self.marks, record["marks"], strict=True):
            written["reached"] = mark.reached
        return record


def outcome_from_json(record: dict[str, Any]) -> Outcome:
    """Return what ``as_json`` was given."""
    bounds = ("what", "value", "at_least", "at_most")
    marks = [Mark(**{name: mark[name] for name in bounds}) for mark in record["marks"]]
    bars = [Bar(**bar) for bar in record["bars"]]
    return Outcome(**{**record, "marks": marks, "bars": bars})


def merged(
    known: dict[str, Any], outcomes: list[Outcome], run: dict[str, Any], order: list[str]
) -> dict[str, Any]:
    """Return the results with the parts of this run put in the place of earlier ones.

    ``run`` (machine, versions, command, size, time) is noted at each part, since parts may stem
    from different runs. A part that failed does not replace one that did not.
    """
    parts = dict(known.get("parts", {}))
    for outcome in outcomes:
        if outcome.fault is None or outcome.part not in parts or parts[outcome.part]["fault"]:
            parts[outcome.part] = outcome.as_json() | {"run": run}
    return {"parts": {name: parts[name] for name in order if name in parts}}


def read_results(path: Path) -> dict[str, Any]:
    """Return earlier results; none if there is no file."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write_results(path: Path, results: dict[str, Any]) -> None:
    """Write ``results.json``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
