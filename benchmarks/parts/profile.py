"""Where the time of a worker goes: the log of ``worker`` under a profiler."""

from __future__ import annotations

from benchmarks.outcome import Cell, Outcome
from benchmarks.parts.worker import TimedLog, applying
from benchmarks.peers.places import BUILD, ROOT
from benchmarks.processes import thread_cpu_s
from benchmarks.sizes import Size
from benchmarks.station import AT_REST, Station

FUNCTIONS = BUILD / "profile-functions.txt"
SAMPLES = BUILD / "profile-samples.txt"


# What the threads of a worker do, by the names that the kernel has for them.
_THREADS = {
    "main": "main thread: decode, clocks, states, counts, sending",
    "python": "other Python threads: fetching (aiokafka), waiting for acknowledgements",
    "rdk:broker1": "librdkafka: compressing and sending",
}


def profile(station: Station, size: Size) -> Outcome:
    """Run the worker twice: sampled from outside its code, and with every call counted."""
    station.fresh_topics()
    log = TimedLog(size.events)
    events = station.send(log)
    rows: list[list[Cell]] = []
    for module, how in (("sampled_worker", "sampled"), ("profiled_worker", "every call counted")):
        # Interpreted: what is compiled has no frames to look at.
        worker = station.worker(as_of=log.as_of, module=f"benchmarks.{module}", is_compiled=False)
        course = applying(worker, station, station.ends())
        worker.wait_for(AT_REST, 600)
        if not rows:
            rows += _threads(worker.child.pid or 0, events)
        rows.append([f"{how}: events/s", round(course.events_per_s or 0)])
        worker.stop()
        station.forget_outputs()
    places = " and ".join(str(path.relative_to(ROOT)) for path in (SAMPLES, FUNCTIONS))
    notes = [f"{events:,} events, the log of `worker`, until all escalations are out: {places}."]
    return Outcome("profile", "Where the time of a worker goes", ["what", "figure"], rows, notes)


def _threads(pid: int, events: int) -> list[list[Cell]]:
    """Return the processor time of each thread in microseconds per event, its start included."""
    named: dict[str, float] = {}
    for name, used_s in thread_cpu_s(pid).items():
        said = _THREADS.get(name, "other threads")
        named[said] = named.get(said, 0.0) + used_s
    return [
        [f"{name}, µs per event", round(used_s / events * 1e6, 1)]
        for name, used_s in sorted(named.items(), key=lambda pair: -pair[1])
    ]
