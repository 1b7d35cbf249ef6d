"""How soon a worker is back: from its changelog, and without one from the input."""

from __future__ import annotations

import time

from benchmarks.outcome import Cell, Mark, Outcome
from benchmarks.sizes import Size
from benchmarks.station import APPLIED, AT_REST, Station, WorkerProcess
from schemas.topics import CASE_STATES

_LIMIT_S = 600.0


def restore(station: Station, size: Size) -> Outcome:
    """Start a worker on open cases, with its changelog and without."""
    empty_s, empty_bytes = _empty(station)
    cases = station.open_cases(size.open_cases)
    records = sum(station.ends(CASE_STATES.name))
    worker, ready_s = _ready(station)
    restored_bytes = worker.resident_bytes
    worker.stop()
    station.lose_changelog()
    worker, rebuild_s, per_s = _rebuilt(station)
    rebuilt_bytes = worker.resident_bytes
    held = int(worker.metric("jushou_partition_cases"))
    worker.stop()
    per_case = (restored_bytes - empty_bytes) / held
    rows: list[list[Cell]] = [
        ["start of a worker without cases", round(empty_s, 1), "s until at rest"],
        ["restore", round(ready_s, 1), "s from the start of the process until at rest"],
        ["records of the changelog read", records, ""],
        ["resident memory per case, after a restore", round(per_case), "bytes"],
        ["resident memory per case, after a rebuild",
         round((rebuilt_bytes - empty_bytes) / held), "bytes"],
        ["rebuild from the input", round(rebuild_s, 1), "s from the start until at rest"],
        ["rebuild from the input", round(per_s), "events/s from the first event until at rest"],
    ]  # fmt: skip
    return Outcome(
        "restore",
        "A worker comes back",
        ["what", "figure", "unit"],
        rows,
        [
            f"{size.open_cases:,} cases under way at any time, {held:,} held with those that have "
            f"ended meanwhile; {cases.opening_events:,} events on the input. At rest: all "
            "partitions restored, everything applied, everything due out.",
            "Memory: resident memory of the process less that of a worker without cases, divided "
            "by the cases held.",
        ],
        [
            Mark("restore: s until ready", ready_s, at_most=30),
            Mark("restore: resident bytes per case", per_case, at_most=1_536),
        ],
    )


def _empty(station: Station) -> tuple[float, int]:
    """Return the seconds and the memory of a worker that has nothing to restore."""
    with Station(station.folder / "empty") as other:
        other.fresh_topics()
        worker, ready_s = _ready(other)
        found = ready_s, worker.resident_bytes
        worker.stop()
    return found


def _ready(station: Station) -> tuple[WorkerProcess, float]:
    begun_s = time.monotonic()
    worker = station.worker()
    worker.wait_for(AT_REST, _LIMIT_S)
    return worker, time.monotonic() - begun_s


def _rebuilt(station: Station) -> tuple[WorkerProcess, float, float]:
    begun_s = time.monotonic()
    worker = station.worker()
    worker.wait_for(APPLIED, _LIMIT_S)
    first_s, first = time.monotonic(), worker.metric(APPLIED)
    worker.wait_for(AT_REST, _LIMIT_S, every_s=0.5)
    ended_s = time.monotonic()
    per_s = (worker.metric(APPLIED) - first) / (ended_s - first_s)
    return worker, ended_s - begun_s, per_s
