"""Whether an event costs more when more cases are open."""

from __future__ import annotations

import time
from itertools import islice

from benchmarks.flow import Flow
from benchmarks.open_cases import OpenCases
from benchmarks.outcome import Bar, Cell, Mark, Outcome
from benchmarks.parts.worker import applying
from benchmarks.sizes import Size
from benchmarks.station import AT_REST, Station

# Seconds of flow that are measured, and before: what was just restored is touched once meanwhile.
_FLOW_S = 15.0
_WARM_S = 3.0


def growth(station: Station, size: Size) -> Outcome:
    """Apply the same number of events of cases chosen at random, at growing numbers of cases."""
    rows: list[list[Cell]] = []
    live_costs = []
    outcome = Outcome(
        "growth",
        "Cost of an event as the number of open cases grows",
        ["open cases", "µs per event, live", "events/s, live", "µs per event, backlog",
         "events/s, backlog", "events of the backlog"],
        rows,
        [
            "µs of processor time of the worker. So many cases are under way, each at a random "
            "place of its life, and each event goes to one of them at random. That is the worst "
            "order: of a million cases nearly none is still unpacked from its last event.",
            f"Live: events flow at an even rate for {_FLOW_S:.0f} s; what the worker does whether "
            "events come or not is part of it.",
            "Backlog: events are sent while no worker runs, and a worker restores and applies "
            "them, timed as in `worker`, without the restore. Of few cases a batch then has many "
            "events each, which share one unpacking, packing and state: their cost is not that of "
            "an event by itself.",
        ],
    )  # fmt: skip
    for count in size.growth_cases:
        cases = station.open_cases(count)
        live, per_s = _live(station, cases, size)
        backlog, backlog_per_s, sent = _backlog(station, cases, size)
        live_costs.append(live)
        rows.append([count, round(live, 1), round(per_s), round(backlog, 1),
                     round(backlog_per_s), sent])  # fmt: skip
        outcome.bars.append(Bar("µs per event by open cases, live", f"{count:,}", live))
    grown = live_costs[-1] / live_costs[0]
    outcome.marks.append(Mark("growth: live cost at the most over the fewest", grown, at_most=1.5))
    return outcome


def _live(station: Station, cases: OpenCases, size: Size) -> tuple[float, float]:
    """Return microseconds of processor time per event, and events/s, while events flow."""
    worker = station.worker()
    worker.wait_for(AT_REST, 600)
    flow = Flow(station.bootstrap, cases.flow(), size.flow_per_s)
    flow.start()
    time.sleep(_WARM_S)
    begun_s, used_s, sent = time.monotonic(), worker.cpu_s, flow.sent
    time.sleep(_FLOW_S)
    took_s, used_s, sent = time.monotonic() - begun_s, worker.cpu_s - used_s, flow.sent - sent
    flow.stop()
    cases.opening_events += flow.sent
    worker.wait_for(AT_REST, 60)
    worker.stop()
    return used_s / sent * 1e6, sent / took_s


def _backlog(station: Station, cases: OpenCases, size: Size) -> tuple[float, float, int]:
    """Return microseconds of processor time per event, events/s, and events."""
    already = sum(station.ends())
    sent = station.send(islice(cases.flow(), size.flow_events))
    cases.opening_events += sent
    worker = station.worker()
    course = applying(worker, station, station.ends(), already)
    worker.stop()
    return course.core_s_per_million or 0.0, course.events_per_s or 0.0, sent
