"""What a second worker process costs: core-seconds per million events with one and with two."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from benchmarks.outcome import Cell, Mark, Outcome
from benchmarks.parts.worker import WORKER_LIMIT_S, TimedLog
from benchmarks.progress import watch
from benchmarks.sizes import Size
from benchmarks.station import APPLIED, AT_REST, Station, WorkerProcess


@dataclass(slots=True)
class _Share:
    """What one worker of several used, without its start."""

    cpu_before_s: float = 0.0
    first_s: float = 0.0
    cpu_s: float = 0.0
    events: int = 0


def two_workers(station: Station, size: Size) -> Outcome:
    """Let one worker, then two, apply the same topic from its beginning until at rest."""
    station.fresh_topics()
    log = TimedLog(size.events)
    events = station.send(log)
    rows: list[list[Cell]] = []
    costs = []
    for count in (1, 2):
        broker_s = station.broker_cpu_s
        shares, elapsed_s = _run(station, log.as_of, count)
        cost = sum(share.cpu_s for share in shares) / events * 1e6
        broker = (station.broker_cpu_s - broker_s) / events * 1e6
        costs.append(cost)
        split = " + ".join(f"{share.events:,}" for share in shares)
        rows.append([count, round(cost, 1), round(broker, 1), round(events / elapsed_s), split])
        station.forget_outputs()
    return Outcome(
        "two-workers",
        "One and two worker processes",
        ["workers", "core-seconds per million events", "of the broker", "events/s", "split"],
        rows,
        [
            f"{events:,} events, the log of `worker`; two processes share the four partitions. "
            "Processor time of all workers from their first event until all that is due is out; "
            "a second worker scales as far as there are cores for it.",
            "events/s: by the clock on the wall, on a machine whose cores the broker shares.",
        ],
        [Mark("two workers: cost of two over cost of one", costs[1] / costs[0], at_most=1.15)],
    )


def _run(station: Station, as_of: str, count: int) -> tuple[list[_Share], float]:
    workers = [station.worker(f"share-{number}", as_of) for number in range(1, count + 1)]
    shares = [_Share() for _ in workers]
    watchers = [
        threading.Thread(target=_watch_start, args=pair, daemon=True)
        for pair in zip(workers, shares, strict=True)
    ]
    for watcher in watchers:
        watcher.start()
    course = watch(
        station.bootstrap, station.group, station.ends(), workers[0].child, WORKER_LIMIT_S
    )
    for worker, watcher in zip(workers, watchers, strict=True):
        watcher.join(WORKER_LIMIT_S)
        worker.wait_for(AT_REST, WORKER_LIMIT_S)
    for worker, share in zip(workers, shares, strict=True):
        share.cpu_s = worker.cpu_s - share.cpu_before_s
        share.events = int(worker.metric(APPLIED))
    for worker in workers:
        worker.stop()
    return shares, course.samples[-1].at_s - min(share.first_s for share in shares)


def _watch_start(worker: WorkerProcess, share: _Share) -> None:
    """Note what the worker had used just before its first event."""
    deadline_s = time.monotonic() + WORKER_LIMIT_S
    while worker.child.running and time.monotonic() < deadline_s:
        cpu_s = worker.cpu_s
        if worker.metric(APPLIED):
            break
        share.cpu_before_s = cpu_s
        time.sleep(0.05)
    share.first_s = time.monotonic()
