"""The core alone: decoded events a second on one core, no broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.outcome import Bar, Mark, Outcome
from benchmarks.processes import environment
from benchmarks.sizes import Size
from benchmarks.station import Station


def core(_station: Station, size: Size) -> Outcome:
    """Run the log through the core, and hold open cases as a worker does."""
    speed = _measured("speed", size.events)
    quicker = _measured("speed", size.events, is_compiled=True)
    memory = _measured("memory", size.memory_cases)
    events, whole_s = speed["events"], speed["whole_s"]
    per_s, compiled_per_s = events / whole_s, events / quicker["whole_s"]
    bytes_per_case = memory["resident_bytes"] / memory["cases"]
    in_order_s = speed["fold_s"] - speed["late_s"]
    # Parts are measured by runs of their own, so their sum is not exactly the whole.
    parts_s = speed["decode_s"] + speed["fold_s"]
    return Outcome(
        "core",
        "The core in memory, one thread",
        ["what", "figure", "unit"],
        [
            ["decoded and folded, compiled", round(compiled_per_s),
             "events per second of processor time"],
            ["the same by the clock on the wall", round(events / quicker["wall_s"]), "events/s"],
            ["decoded and folded, interpreted", round(per_s),
             "events per second of processor time"],
            ["the same by the clock on the wall", round(events / speed["wall_s"]), "events/s"],
            ["share of decoding", round(speed["decode_s"] / parts_s * 100, 1), "%"],
            ["share of folding in order", round(in_order_s / parts_s * 100, 1), "%"],
            ["share of folding again for late events", round(speed["late_s"] / parts_s * 100, 1),
             "%"],
            ["late events", round(speed["late"] / events * 100, 2), "% of events"],
            ["one late event", round(speed["late_s"] / max(speed["late"], 1) * 1e6, 1), "µs"],
            ["memory of an open case, held as a worker does", round(bytes_per_case), "bytes"],
            ["live clocks of an open case", round(memory["clocks"] / memory["cases"], 2), ""],
            ["events of an open case", round(memory["events"] / memory["cases"], 2), ""],
        ],
        [
            f"{events:,} events of {speed['cases']:,} cases, a tenth of the cases interleaved, "
            "JSON in memory before the start; `Replay.read`, which is what `jushou replay` runs. "
            "Compiled: by `make compiled`, as in `worker`. Shares are those of the interpreted.",
            f"Memory: {memory['cases']:,} cases under way, packed states with timers and counts, "
            "resident memory of the process after less before.",
        ],
        [Mark("core: events/s per core, compiled", compiled_per_s, at_least=150_000)],
        [
            Bar("core, events/s", "compiled", compiled_per_s),
            Bar("core, events/s", "interpreted", per_s),
        ],
    )  # fmt: skip


def _measured(what: str, amount: int, is_compiled: bool = False) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "benchmarks.core_process", what, str(amount)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment(is_compiled),
    )
    if ended.returncode != 0:
        raise RuntimeError(f"core_process {what} failed:\n{ended.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found
