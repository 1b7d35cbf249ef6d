"""Whether an event costs more when more cases are open."""

from __future__ import annotations

from itertools import islice

from benchmarks.outcome import Bar, Cell, Mark, Outcome
from benchmarks.parts.worker import applying
from benchmarks.sizes import Size
from benchmarks.station import Station


def growth(station: Station, size: Size) -> Outcome:
    """Apply the same number of events of cases chosen at random, at growing numbers of cases."""
    rows: list[list[Cell]] = []
    costs = []
    outcome = Outcome(
        "growth",
        "Cost of an event as the number of open cases grows",
        ["open cases", "µs of processor time per event", "events/s", "events"],
        rows,
        [
            "So many cases are under way, each at a random place of its life; then events of "
            "cases chosen at random are sent while no worker runs, and a worker restores and "
            "applies them. Timed as in `worker`, without the restore. Cases chosen at random are "
            "the worst order: of a million cases nearly none is still unpacked from its last "
            "event.",
        ],
    )
    for count in size.growth_cases:
        cases = station.open_cases(count)
        already = sum(station.ends())
        sent = station.send(islice(cases.flow(), size.flow_events))
        cases.opening_events += sent
        worker = station.worker()
        course = applying(worker, station, station.ends(), already)
        worker.stop()
        cost = course.core_s_per_million or 0.0
        costs.append(cost)
        rows.append([count, round(cost, 1), round(course.events_per_s or 0), sent])
        outcome.bars.append(Bar("µs per event by open cases", f"{count:,}", cost))
    grown = costs[-1] / costs[0]
    outcome.marks.append(Mark("growth: cost at the most over the fewest", grown, at_most=1.5))
    return outcome
