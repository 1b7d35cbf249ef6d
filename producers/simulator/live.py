"""The province going on: what is still to come of its open cases, and new cases.

Time is that of the caller. A demo asks for far more events a day than a province has, so it sees
the steps that were planned next, in their order, sooner than they were planned.
"""

from __future__ import annotations

import heapq
from random import Random

import msgspec

from producers.simulator.delivery import NO_DISORDER, Arrival
from producers.simulator.province import Province
from producers.simulator.schedule import Planned
from schemas.case_event import CaseEvent
from schemas.household import LEAD_ITEM
from schemas.instants import DAY_MS, SECOND_MS, parse_instant, render_instant
from schemas.signal import Signal

_EVENTS_PER_NEW_CASE = 5
_FORESIGHT_MS = 60 * DAY_MS
# After a silence (a laptop that slept) the caller gets no more than this at once.
_MOST_AT_ONCE_S = 30.0


class LiveProvince:
    """Goes on from the end of a province's history, at ``rate`` events a second from ``now`` on.

    Events of one case come in an order that its life cycle allows, with ``occurred_at`` between
    two calls of ``due``; those that the history left on their way come as they were written.
    Ids carry the second of the start, so that two runs on one topic do not contradict each other.
    """

    def __init__(self, province: Province, now: int, rate: float) -> None:
        self._province = province
        self._rate = rate
        self._last = now
        self._owed = 0.0
        self._run = f"L{now // SECOND_MS:x}"
        self._rng = Random(f"live {province.seed} {now}")
        self._walk = province.walk(self._rng, now + _FORESIGHT_MS)
        self._families = province.families(f"live {province.seed} {now}", now)
        self._taken = 0
        self._unseen: list[Signal] = []
        self._raised = 0
        self._pushed = 0
        self._waiting: list[tuple[int, int, list[Arrival]]] = []
        for coming in province.unfinished():
            self._push(_in_order(coming, province.until))

    def due(self, now: int) -> list[CaseEvent]:
        """Return the events since the last call; ``now`` is in milliseconds and never goes back."""
        silence_s = (now - self._last) / SECOND_MS
        self._owed += min(max(silence_s, 0.0), _MOST_AT_ONCE_S) * self._rate
        count = int(self._owed)
        self._owed -= count
        first, self._last = self._last, max(now, self._last)
        return [
            self._next(first + (self._last - first) * (number + 1) // count)
            for number in range(count)
        ]

    def seen(self) -> list[Signal]:
        """Return the signals since the last call: what is found live, the household worker raises.

        The leads themselves are not among the events of ``due``, only what offices do about them.
        """
        self._unseen += self._families.signals[self._taken :]
        self._taken = len(self._families.signals)
        new = [each for each in self._unseen if parse_instant(each.observed_at) <= self._last]
        self._unseen = [each for each in self._unseen if each not in new]
        return new

    def _next(self, at: int) -> CaseEvent:
        if not self._waiting or self._rng.random() * _EVENTS_PER_NEW_CASE < 1:
            self._raise_case(at)
        _, _, coming = heapq.heappop(self._waiting)
        arrival = coming[0]
        self._push(coming[1:])
        event = arrival.event
        if arrival.occurred_at <= self._province.until:
            return event
        if event.item == LEAD_ITEM:
            return self._next(at)
        return msgspec.structs.replace(
            event, event_id=f"{event.event_id}-{self._run}", occurred_at=render_instant(at)
        )

    def _raise_case(self, at: int) -> None:
        """Put a new case before all that waits."""
        planned: Planned = self._province.schedule.now(self._rng, at)
        self._raised += 1
        coming = self._province.life(
            self._rng,
            self._walk,
            self._families,
            planned,
            f"{self._run}-{self._raised:05d}",
            NO_DISORDER,
        )
        self._push(_in_order(coming, self._province.until), ahead=True)

    def _push(self, coming: list[Arrival], ahead: bool = False) -> None:
        if coming:
            self._pushed += 1
            when = 0 if ahead else max(coming[0].occurred_at, coming[0].arrived_at)
            heapq.heappush(self._waiting, (when, self._pushed, coming))


def _in_order(coming: list[Arrival], until: int) -> list[Arrival]:
    """Return what is to come: first what is on its way, then each later event once, in order.

    Later events get new instants, so a repetition would come out as a contradiction.
    """
    on_its_way = [arrival for arrival in coming if arrival.occurred_at <= until]
    later: dict[str, Arrival] = {}
    for arrival in sorted(coming, key=lambda each: each.occurred_at):
        if arrival.occurred_at > until:
            later.setdefault(arrival.event.event_id, arrival)
    return on_its_way + list(later.values())
