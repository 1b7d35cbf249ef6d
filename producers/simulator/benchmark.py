"""The log that benchmarks read: cases of the province, interleaved and a little out of order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from random import Random

from producers.simulator.delivery import NO_DISORDER
from producers.simulator.province import Province, encode_event
from schemas.case_event import CaseEvent

START = dt.date(2026, 1, 5)
_FEWEST, _MOST = 4, 12
# Events of a case that has 4 to 12, on average, and the share of cases that do: measured.
_EVENTS_PER_CASE = 5.7
_LEAST_YIELD = 4.2
_INTERLEAVED = 0.1
# Each event but a case's last may change places with the next: 1 % of all come late.
_SWAPPED = 0.01 * _EVENTS_PER_CASE / (_EVENTS_PER_CASE - 1)


def benchmark_log(events: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield at least ``events`` pairs (case id, JSON) of cases with 4 to 12 events.

    A tenth of all cases is under way at any time; 1 % of the events arrive after a later event
    of their case. The same for the same arguments. The number exceeds ``events`` by at most 11.
    """
    rng = Random(seed)
    coming = _cases(events, seed)
    width = max(int(events / _EVENTS_PER_CASE * _INTERLEAVED), 2)
    under_way = [_reversed(rng, case) for case in islice(coming, width)]
    while under_way:
        place = int(rng.random() * len(under_way))
        case = under_way[place]
        event = case.pop()
        yield event.case_id, encode_event(event)
        if not case:
            following = next(coming, None)
            if following is None:
                under_way[place] = under_way[-1]
                under_way.pop()
            else:
                under_way[place] = _reversed(rng, following)


def _cases(events: int, seed: int) -> Iterator[list[CaseEvent]]:
    """Yield the events of one case after the other until there are enough of them."""
    province = Province(seed, START, cases=int(events / _LEAST_YIELD) + 50, disorder=NO_DISORDER)
    total = 0
    case: list[CaseEvent] = []
    for event in province.by_case():
        if case and case[0].case_id != event.case_id:
            if _FEWEST <= len(case) <= _MOST:
                total += len(case)
                yield case
                if total >= events:
                    return
            case = []
        case.append(event)


def _reversed(rng: Random, case: list[CaseEvent]) -> list[CaseEvent]:
    """Return the events last first, ready to be popped, some of them late."""
    place = 0
    while place < len(case) - 1:
        if rng.random() < _SWAPPED:
            case[place], case[place + 1] = case[place + 1], case[place]
            place += 1
        place += 1
    case.reverse()
    return case
