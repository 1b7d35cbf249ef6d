"""``jushou worker`` with a look at its main thread every few milliseconds, for ``profile``.

A look costs the worker little, unlike counting every call; what it sees is where the main thread
is, waiting included.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from types import FrameType

from benchmarks.parts.profile import THREADS
from jushou.cli.main import main

_EVERY_S = 0.004
_ROOMS = ("streams/", "schemas/")


def _name(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    short = "/".join(path.split("/")[-3:])
    return f"{short}:{frame.f_code.co_qualname}"


def _ours(frame: FrameType | None) -> str:
    """Return the innermost function of the project on the stack."""
    while frame is not None:
        if any(f"/{room}" in frame.f_code.co_filename for room in _ROOMS):
            return _name(frame)
        frame = frame.f_back
    return "outside the project"


def _look(main_id: int, stopped: threading.Event, seen: Counter[str]) -> None:
    while not stopped.wait(_EVERY_S):
        frame = sys._current_frames().get(main_id)
        if frame is not None:
            seen[f"{_ours(frame)}  [{_name(frame)}]"] += 1


def run() -> None:
    """Run the worker until it is stopped, then write where its main thread was seen."""
    seen: Counter[str] = Counter()
    stopped = threading.Event()
    looker = threading.Thread(
        target=_look, args=(threading.get_ident(), stopped, seen), daemon=True
    )
    looker.start()
    begun_s = time.monotonic()
    try:
        main()
    finally:
        stopped.set()
        total = sum(seen.values()) or 1
        lines = [f"{total} looks in {time.monotonic() - begun_s:.1f} s"]
        lines += [f"{count / total:6.1%}  {name}" for name, count in seen.most_common(60)]
        THREADS.parent.mkdir(parents=True, exist_ok=True)
        THREADS.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    run()
