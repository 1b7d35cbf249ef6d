"""``jushou worker`` with every call of its main thread counted, for the part ``profile``."""

from __future__ import annotations

import cProfile
import io
import pstats

from benchmarks.parts.profile import FUNCTIONS
from jushou.cli.main import main


def run() -> None:
    """Run the worker until it is stopped, then write its functions by their own time."""
    profiler = cProfile.Profile()
    try:
        profiler.runcall(main)
    finally:
        text = io.StringIO()
        pstats.Stats(profiler, stream=text).sort_stats("tottime").print_stats(45)
        FUNCTIONS.parent.mkdir(parents=True, exist_ok=True)
        FUNCTIONS.write_text(text.getvalue(), "utf-8")


if __name__ == "__main__":
    run()
