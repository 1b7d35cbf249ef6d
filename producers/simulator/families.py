"""Which household a case is of, and what was seen of it: the two directions, simulated.

Between the plan of a case and its life. A lead is found by signals; some of the households that
were found ask for help with the same trouble later (found first), some had asked before (found
after), some are dismissed and ask then. All of it is drawn with random numbers of its own, so that
the rest of a history does not change with it. The shares are invented; what comes of them is the
known truth behind the figures of the two directions.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from random import Random
from typing import Any, cast

from producers.simulator.sightings import Sightings
from producers.simulator.walk import Case, Moment
from producers.simulator.working_time import WorkingTime
from schemas.household import LEAD_ITEM
from schemas.instants import DAY_MS, day_of
from schemas.lead import lead_case_id
from schemas.monitoring.load import load_monitoring
from schemas.signal import Signal

_FOUND_AFTER_ASKING = 0.3
_ASKS_LATER = 0.5
_ASKS_AFTER_DISMISSAL = 0.3
_ASKS_WITHIN_DAYS = 20.0
_IS_THE_ONE_WHO_ASKS = 0.75
_ASKED_WITHIN_MS = 45 * DAY_MS
_CLEARED = 0.65
_CLEARED_AFTER_DAYS = (40, 35.0)
_RELAPSES = 0.16
_RELAPSES_AFTER_DAYS = (12, 25.0)
_REMEMBERED = 60
_Key = tuple[str, str]


class Families:
    """Draws households for cases in the order in which they are raised, and collects signals.

    ``ends_at`` (milliseconds) is the last instant at which anything is planned.
    """

    def __init__(self, seed: str, working: WorkingTime, ends_at: int) -> None:
        self.sightings = Sightings(Random(f"sightings {seed}"), load_monitoring())
        self._monitoring = load_monitoring()
        self._rng = Random(f"families {seed}")
        self._working = working
        self._ends_at = ends_at
        self._will_ask: dict[_Key, list[tuple[int, int]]] = defaultdict(list)
        self._have_asked: dict[_Key, deque[tuple[int, int]]] = defaultdict(
            lambda: deque(maxlen=_REMEMBERED)
        )
        self._found: set[tuple[str, int, int]] = set()

    @property
    def signals(self) -> list[Signal]:
        """What was seen so far, in the order in which it was made up."""
        return self.sightings.signals

    def number(self, county: str, item: str, raised_by: str, at: int, drawn: int) -> int:
        """Return the household's number in its county, for one that was drawn by chance."""
        indicator = self._monitoring.asked_for.get(item)
        if raised_by == "government" or indicator is None:
            return drawn
        key = (county, indicator)
        waiting = self._will_ask.get(key)
        if waiting and waiting[0][0] <= at and self._rng.random() < _IS_THE_ONE_WHO_ASKS:
            return heapq.heappop(waiting)[1]
        self._have_asked[key].append((at, drawn))
        return drawn

    def lead(self, county: str, cause: str, at: int, drawn: int) -> tuple[int, str]:
        """Return number and indicator of the household of a lead that is found at ``at``.

        No household has two leads in one window, since those would be one case.
        """
        indicator = self.sightings.indicator(cause)
        number, window_at = drawn, self._monitoring.window_of(at)
        if self._rng.random() < _FOUND_AFTER_ASKING:
            known = self._have_asked.get((county, indicator), ())
            recent = [each for asked_at, each in known if at - asked_at < _ASKED_WITHIN_MS]
            number = self._rng.choice(recent) if recent else number
        while (county, number, window_at) in self._found:
            number += 1
        self._found.add((county, number, window_at))
        return number, indicator

    def case_id(self, household: str, at: int) -> str:
        """Return the id that the household worker gives to a lead found at ``at``."""
        return lead_case_id(household, self._monitoring.window_of(at))

    def live_on(self, case: Case, number: int, moments: list[Moment]) -> None:
        """Let a lead's household be cleared, fall back, or ask; adds to its moments."""
        at = {moment.type: moment.at for moment in moments}
        dismissed_at = at.get("dismissed")
        if dismissed_at is not None and self._rng.random() < _ASKS_AFTER_DISMISSAL:
            self._let_ask(case, number, dismissed_at)
        elif dismissed_at is None and self._rng.random() < _ASKS_LATER:
            self._let_ask(case, number, case.submitted_at)
        assisted_at = at.get("measures_assigned")
        if assisted_at is None or self._rng.random() > _CLEARED:
            return
        cleared_at = self._later(assisted_at, *_CLEARED_AFTER_DAYS)
        self._tell(moments, cleared_at, "cleared")
        if self._rng.random() < _RELAPSES:
            self._tell(moments, self._later(cleared_at, *_RELAPSES_AFTER_DAYS), "relapsed")

    def _let_ask(self, case: Case, number: int, after: int) -> None:
        asks_at = after + int(self._rng.expovariate(1 / _ASKS_WITHIN_DAYS) * DAY_MS)
        key = (case.place.code, case.indicator)
        heapq.heappush(self._will_ask[key], (asks_at, number))

    def _later(self, at: int, least_days: int, more_days: float) -> int:
        day = day_of(at) + least_days + int(self._rng.expovariate(1 / more_days))
        return self._working.office_instant(self._rng, self._working.after(day, 1))

    def _tell(self, moments: list[Moment], at: int, life: str) -> None:
        if at <= self._ends_at:
            moments.append(Moment(at, "note", cast(Any, {"life": life})))


def is_lead(item: str) -> bool:
    """Say whether a case is one that the government found."""
    return item == LEAD_ITEM
