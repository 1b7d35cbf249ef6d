"""How what happened reaches Kafka: mostly within a minute, some late, some twice, a few at odds.

The rates are invented; the benchmark's 1 % of late events is the one given number.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from random import Random
from typing import NamedTuple

import msgspec

from producers.simulator.walk import Moment
from producers.simulator.writing import shanghai_text
from schemas.case_event import CaseEvent
from schemas.instants import DAY_MS, HOUR_MS, MINUTE_MS


class Arrival(NamedTuple):
    """An event and when it arrives; ``occurred_at`` in milliseconds beside its text."""

    arrived_at: int
    occurred_at: int
    event: CaseEvent


@dataclass(frozen=True, slots=True)
class Disorder:
    """Shares of events that come late, twice, or again with another content."""

    late: float = 0.01
    repeated: float = 0.01
    conflicting: float = 0.0003


NO_DISORDER = Disorder(0.0, 0.0, 0.0)


def arrivals(
    rng: Random, moments: list[Moment], events: list[CaseEvent], disorder: Disorder
) -> list[Arrival]:
    """Return the arrivals of one case, in the order of arrival."""
    delivered = []
    # One for the case: in a department's export events do not overtake each other unless late.
    lag_ms = 1000 + int(rng.random() * 20_000)
    late = disorder.late
    repeated = late + disorder.repeated
    conflicting = repeated + disorder.conflicting
    for moment, event in zip(moments, events, strict=True):
        draw = rng.random()
        at = moment.at
        arrived_at = at + lag_ms
        if draw < conflicting:
            if draw < late:
                arrived_at += 10 * MINUTE_MS + int(rng.expovariate(1.0) * DAY_MS)
            else:
                again_at = arrived_at + int(rng.expovariate(0.2) * HOUR_MS)
                again = event if draw < repeated else _at_odds(rng, moment, event)
                delivered.append(Arrival(again_at, at, again))
        delivered.append(Arrival(arrived_at, at, event))
    delivered.sort(key=_arrived_at)
    return delivered


_arrived_at = itemgetter(0)


def _at_odds(rng: Random, moment: Moment, event: CaseEvent) -> CaseEvent:
    """Return the event as a clerk corrected it without a new id: some minutes earlier or later."""
    moved_at = moment.at + rng.choice((-45, -12, 7, 30)) * MINUTE_MS
    return msgspec.structs.replace(event, occurred_at=shanghai_text(moved_at))
