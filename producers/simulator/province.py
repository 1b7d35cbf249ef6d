"""A province's history as case events: the same for the same seed, start, days and cases.

Pure: no Kafka and no clock of the machine. ``producers.publish`` sends what comes out of here.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator, Sequence
from operator import itemgetter
from random import Random

import msgspec

from producers.simulator.clusters import Struck
from producers.simulator.delivery import Arrival, Disorder, arrivals
from producers.simulator.families import Families
from producers.simulator.places import Place, places
from producers.simulator.schedule import Planned, Schedule
from producers.simulator.walk import Walk
from producers.simulator.working_time import WorkingTime
from producers.simulator.writing import written
from schemas.case_event import CaseEvent
from schemas.instants import DAY_MS, day_of_date, parse_instant, start_of_day
from schemas.lead import lead_event
from schemas.regions.load import regions
from schemas.signal import Signal

DEFAULT_DAYS = 180
# Some are raised after an end within the last day, or arrive later: 100,000 are to be there.
DEFAULT_CASES = 101_000
# What is planned for longer after the end of the history is of no use to the live mode.
_FORESIGHT_MS = 60 * DAY_MS
_LONGEST_DELAY_DAYS = 400
# A household that is cleared much later is of no use to the live mode either.
_CLEARED_UNTIL_MS = 10 * DAY_MS

encode_event = msgspec.json.Encoder().encode


class Province:
    """A history of ``cases`` cases that are raised within ``days`` days from ``start``.

    It holds what arrived until ``until`` (milliseconds; the end of the last day unless given):
    cases that are not finished then are left open. ``struck`` tells which clusters it has.
    ``counties`` are codes, those of the province unless given.
    """

    def __init__(
        self,
        seed: int,
        start: dt.date,
        days: int = DEFAULT_DAYS,
        cases: int = DEFAULT_CASES,
        until: int | None = None,
        disorder: Disorder | None = None,
        counties: Sequence[str] | None = None,
    ) -> None:
        first_day = day_of_date(start)
        self.seed = seed
        self.until = start_of_day(first_day + days) if until is None else until
        self.working = WorkingTime(first_day - 1, first_day + days + _LONGEST_DELAY_DAYS)
        self._disorder = disorder or Disorder()
        codes = list(regions().counties) if counties is None else counties
        self.schedule = Schedule(seed, places(codes), cases, self.working)
        self.struck: list[Struck]
        self._planned, self.struck = self.schedule.plan(Random(seed), first_day, days, cases)
        self._unfinished: list[list[Arrival]] | None = None
        self._signals: list[Signal] = []

    @property
    def cases(self) -> int:
        """How many cases are raised until the end, those with no event that arrived included."""
        return sum(planned.at <= self.until for planned in self._planned)

    def by_case(self) -> Iterator[CaseEvent]:
        """Yield the events of one case after the other, as departments export a history.

        Within a case they come in the order of arrival, so late and repeated ones out of place.
        """
        for _, delivered in self._delivered():
            for arrival in delivered:
                yield arrival.event

    def by_time(self) -> Iterator[CaseEvent]:
        """Yield the events of all cases in the order of arrival."""
        for arrival in merged(self._delivered()):
            yield arrival.event

    def unfinished(self) -> list[list[Arrival]]:
        """Return what was still to come of each case when the history ends.

        Each list is in order of ``arrived_at``. What had occurred by ``until`` but was on its way
        is in it too, as it was written.
        """
        if self._unfinished is None:
            for _ in self._delivered():
                pass
        return self._unfinished or []

    def signals(self) -> list[Signal]:
        """Return what screenings and inspections had seen when the history ends, in order of time.

        From them the household worker makes the very leads that the history has.
        """
        self.unfinished()
        return self._signals

    def walk(self, rng: Random, ends_at: int) -> Walk:
        """Return the rules by which cases live in this province."""
        neighbours: dict[str, list[Place]] = {}
        for place in self.schedule.places:
            neighbours.setdefault(place.prefecture, []).append(place)
        return Walk(rng, self.working, ends_at, neighbours)

    def _delivered(self) -> Iterator[tuple[int, list[Arrival]]]:
        """Yield when a case was raised and what arrived of it, in the order of raising."""
        rng = Random(self.seed + 1)
        until = self.until
        walk = self.walk(rng, until + _FORESIGHT_MS)
        families = self.families(f"{self.seed}", until + _CLEARED_UNTIL_MS)
        unfinished: list[list[Arrival]] = []
        for serial, planned in enumerate(self._planned):
            if planned.at > until:
                break
            delivered = self.life(rng, walk, families, planned, f"{serial:06d}")
            if delivered[-1].arrived_at > until:
                coming = [each for each in delivered if each.arrived_at > until]
                unfinished.append(coming)
                delivered = delivered[: len(delivered) - len(coming)]
            if delivered:
                yield planned.at, delivered
        self._unfinished = unfinished
        seen = [each for each in families.signals if parse_instant(each.observed_at) <= until]
        self._signals = sorted(seen, key=lambda each: (each.observed_at, each.signal_id))

    def families(self, seed: str, ends_at: int) -> Families:
        """Return who the households of the province's cases are, until ``ends_at``."""
        return self.schedule.families(seed, ends_at)

    def life(
        self,
        rng: Random,
        walk: Walk,
        families: Families,
        planned: Planned,
        serial: str,
        disorder: Disorder | None = None,
    ) -> list[Arrival]:
        """Return all that arrives of one case, in order; what is seen of a lead is noted."""
        case = self.schedule.case(rng, planned, serial, families)
        moments = walk.moments(case)
        found = families.sightings.of_lead(case, moments) if case.indicator else []
        if found:
            families.live_on(case, case.number, moments)
        moments.sort(key=_at)
        events = written(case, moments)
        if found:
            events[0] = lead_event(case.household, case.case_id, found)
        return arrivals(rng, moments, events, disorder or self._disorder)


_at = itemgetter(0)


def merged(delivered: Iterator[tuple[int, list[Arrival]]]) -> Iterator[Arrival]:
    """Merge cases, given in the order in which they were raised, into one order of arrival.

    Holds only what is still to come of the cases raised so far. Nothing of a case arrives before
    the case is raised, which is before the next case is.
    """
    waiting: list[tuple[int, int, Arrival]] = []
    number = 0
    for raised_at, arrived in delivered:
        while waiting and waiting[0][0] < raised_at:
            yield heapq.heappop(waiting)[2]
        for each in arrived:
            heapq.heappush(waiting, (each.arrived_at, number, each))
            number += 1
    while waiting:
        yield heapq.heappop(waiting)[2]
