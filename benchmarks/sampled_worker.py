"""``jushou worker`` with a look at its main thread every few milliseconds, for ``profile``.

A look is taken after so much processor time of the process, by a signal that the main thread
handles: so it costs little, unlike counting every call, and waiting is not counted. (A thread that
looks would mostly see the others where they give up the interpreter's lock.)
"""

from __future__ import annotations

import signal
from collections import Counter
from types import FrameType

from benchmarks.parts.profile import SAMPLES
from jushou.cli.main import main

_EVERY_S = 0.004
_ROOMS = ("/streams/", "/schemas/")
# Which functions belong to which stage of the work; of those on a stack the innermost counts.
STAGES = {
    "decode": "decode and check the record",
    "Engine.add": "clocks: fold the event",
    "PartitionState.touch_known": "find and unpack the state",
    "PartitionState.touch_new": "find and unpack the state",
    "PartitionState.archive_closed": "closed cases to SQLite and back",
    "Archive.find": "closed cases to SQLite and back",
    "groups": "counts: keep them",
    "Counts.move": "counts: keep them",
    "PartitionState.pack": "pack the states, set timers",
    "CaseKeeper.sweep": "judge and word escalations",
    "CaseKeeper._check_place": "the partition of a new case",
    "CaseKeeper.apply": "the keeper's own: put in order of cases, holding, notes",
    "Counts.take_changed": "counts: publish them",
    "Outlet.publish_counts": "counts: publish them",
    "Outlet.state_writer.<locals>.write": "hand states and escalations to librdkafka",
    "Outlet.write": "hand states and escalations to librdkafka",
    "run": "event loop, Faust, start of the process",
}
_stages: Counter[str] = Counter()
_functions: Counter[str] = Counter()


def _name(frame: FrameType) -> str:
    return "/".join(frame.f_code.co_filename.split("/")[-2:]) + ":" + frame.f_code.co_qualname


def _look(_signal: int, frame: FrameType | None) -> None:
    """Note the stage, and the innermost function that is the project's."""
    ours = frame
    while ours is not None and not any(room in ours.f_code.co_filename for room in _ROOMS):
        ours = ours.f_back
    _functions["outside the project" if ours is None else _name(ours)] += 1
    while frame is not None:
        stage = STAGES.get(frame.f_code.co_qualname)
        if stage is not None:
            _stages[stage] += 1
            return
        frame = frame.f_back


def _report() -> str:
    total = sum(_functions.values()) or 1
    lines = [f"{total} looks, one every {_EVERY_S * 1000:.0f} ms of processor time"]
    for found in (_stages, _functions):
        lines += ["", *[f"{count / total:6.1%}  {name}" for name, count in found.most_common(40)]]
    return "\n".join(lines) + "\n"


def run() -> None:
    """Run the worker until it is stopped, then write where its main thread was seen."""
    signal.signal(signal.SIGPROF, _look)
    signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)
    try:
        main()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        SAMPLES.parent.mkdir(parents=True, exist_ok=True)
        SAMPLES.write_text(_report(), "utf-8")


if __name__ == "__main__":
    run()
