"""Where the time of a worker goes: the log of ``worker`` under a profiler."""

from __future__ import annotations

from benchmarks.outcome import Outcome
from benchmarks.parts.worker import TimedLog, applying
from benchmarks.peers.places import BUILD
from benchmarks.sizes import Size
from benchmarks.station import AT_REST, Station

FUNCTIONS = BUILD / "profile-functions.txt"
THREADS = BUILD / "profile-threads.txt"


def profile(station: Station, size: Size) -> Outcome:
    """Run the worker twice: sampled from outside its code, and with every call counted."""
    station.fresh_topics()
    log = TimedLog(size.events)
    station.send(log)
    rates = []
    for module in ("benchmarks.sampled_worker", "benchmarks.profiled_worker"):
        worker = station.worker(as_of=log.as_of, module=module)
        rates.append(applying(worker, station, station.ends()).events_per_s)
        worker.wait_for(AT_REST, 600)
        worker.stop()
        station.forget_outputs()
    places = [str(path.relative_to(BUILD.parents[1])) for path in (THREADS, FUNCTIONS)]
    return Outcome(
        "profile",
        "Where the time of a worker goes",
        ["how", "events/s", "written to"],
        [["sampled", rates[0], places[0]], ["every call counted", rates[1], places[1]]],
    )
