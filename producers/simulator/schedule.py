"""When which case is raised, and by whom: the plan of a history before anything happens in it."""

from __future__ import annotations

import itertools
from bisect import bisect
from hashlib import blake2b
from random import Random
from typing import Generic, NamedTuple, TypeVar

from producers.simulator.clusters import CLUSTERS, Cluster, Struck
from producers.simulator.cycles import LIFE_CYCLES
from producers.simulator.families import Families, is_lead
from producers.simulator.lifecycle import LifeCycle, Origin
from producers.simulator.places import Place
from producers.simulator.walk import Case
from producers.simulator.working_time import WorkingTime, citizen_instant

T = TypeVar("T")
_HOUSEHOLDS_PER_CASE = 0.55
_ON_DAYS_OFF = 0.5  # cases raised on a day off, against a working day
_INITIALS = {
    "civil-affairs": "CA",
    "human-resources": "HR",
    "housing": "HO",
    "water": "WA",
    "education": "ED",
    "health": "HE",
    "medical-insurance": "MI",
    "rural-revitalisation": "RR",
}


class Planned(NamedTuple):
    """One case to come; ``order`` makes equal instants comparable, ``cause`` names what struck."""

    at: int
    order: int
    life: LifeCycle
    origin: Origin
    place: Place
    strain: float
    cause: str = ""


class Weighted(Generic[T]):  # noqa: UP046 - Python 3.11 has no other way
    """Draws by weight, in a time that grows with the logarithm of the choices."""

    def __init__(self, choices: tuple[T, ...], weights: list[float]) -> None:
        self._choices = choices
        self._sums = list(itertools.accumulate(weights))

    def draw(self, rng: Random) -> T:
        """Return one of the choices."""
        return self._choices[bisect(self._sums, rng.random() * self._sums[-1] * 0.9999999)]


class Schedule:
    """Draws cases for a province of ``places``; ``cases`` sets how many households there are."""

    def __init__(
        self, seed: int, places: tuple[Place, ...], cases: int, working: WorkingTime
    ) -> None:
        self.places = places
        self._seed = seed
        self._working = working
        total = sum(place.weight for place in places)
        self._households = {
            place.code: max(int(cases * _HOUSEHOLDS_PER_CASE * place.weight / total), 3)
            for place in places
        }
        self._lives = Weighted(LIFE_CYCLES, [life.share for life in LIFE_CYCLES])
        self._by_size = Weighted(places, [place.weight for place in places])
        self._origins = {
            id(life): Weighted(life.origins, [origin.weight for origin in life.origins])
            for life in LIFE_CYCLES
        }

    def plan(
        self, rng: Random, first_day: int, days: int, cases: int
    ) -> tuple[list[Planned], list[Struck]]:
        """Return ``cases`` cases within ``days`` days, in order of time, and what struck."""
        planned: list[Planned] = []
        struck = []
        for cluster, counties in self._strikes(rng):
            begins = first_day + int(cluster.begins * days)
            lasts = min(cluster.days, first_day + days - begins)
            count = round(cluster.share * cases)
            for _ in range(count):
                day = begins + min(int(rng.expovariate(2.5 / lasts)), lasts - 1)
                place = counties[int(rng.random() * len(counties))]
                planned.append(
                    self._planned(
                        rng, len(planned), day, cluster.life, place, cluster.strain, cluster.name
                    )
                )
            codes = tuple(place.code for place in counties)
            struck.append(
                Struck(cluster.name, cluster.life.item, codes, begins, begins + lasts - 1, count)
            )
        draw_day = self._days(first_day, days)
        while len(planned) < cases:
            life, place = self._lives.draw(rng), self._by_size.draw(rng)
            planned.append(self._planned(rng, len(planned), draw_day.draw(rng), life, place, 1.0))
        planned.sort(key=lambda each: (each.at, each.order))
        return planned, struck

    def case(self, rng: Random, planned: Planned, serial: str, families: Families) -> Case:
        """Return the case with its household, which may have raised others before."""
        place, life, raised_by = planned.place, planned.life, planned.origin.raised_by
        # Squared: some households come again and again, most once.
        number = int(rng.random() ** 2 * self._households[place.code])
        case_id = f"{_INITIALS[life.department]}{place.code}-{serial}"
        indicator = ""
        if is_lead(life.item):
            number, indicator = families.lead(place.code, planned.cause, planned.at, number)
            case_id = families.case_id(self._pseudonym(place.code, number), planned.at)
        else:
            number = families.number(place.code, life.item, raised_by, planned.at, number)
        return Case(
            case_id,
            life,
            place,
            place.townships[number % len(place.townships)],
            self._pseudonym(place.code, number),
            planned.origin,
            planned.at,
            planned.strain,
            indicator,
            number,
        )

    def families(self, seed: str, ends_at: int) -> Families:
        """Return who the households of cases are, and what is seen of them."""
        return Families(seed, self._working, ends_at)

    def now(self, rng: Random, at: int) -> Planned:
        """Return a case that is raised at this very instant (live)."""
        life = self._lives.draw(rng)
        origin = self._origins[id(life)].draw(rng)
        return Planned(at, 0, life, origin, self._by_size.draw(rng), 1.0)

    def _planned(
        self,
        rng: Random,
        order: int,
        day: int,
        life: LifeCycle,
        place: Place,
        strain: float,
        cause: str = "",
    ) -> Planned:
        origin = self._origins[id(life)].draw(rng)
        if origin.raised_by == "government":
            if not self._working.is_working(day):
                day = self._working.after(day, 1)
            at = self._working.office_instant(rng, day)
        else:
            at = citizen_instant(rng, day)
        return Planned(at, order, life, origin, place, strain, cause)

    def _days(self, first_day: int, days: int) -> Weighted[int]:
        every = tuple(range(first_day, first_day + days))
        return Weighted(
            every, [1.0 if self._working.is_working(day) else _ON_DAYS_OFF for day in every]
        )

    def _strikes(self, rng: Random) -> list[tuple[Cluster, list[Place]]]:
        """Give each cluster its counties: the same ones to those of one name."""
        chosen: dict[str, list[Place]] = {}
        for cluster in CLUSTERS:
            if cluster.name not in chosen:
                centre = self._by_size.draw(rng)
                around = [each for each in self.places if each.prefecture == centre.prefecture]
                around.sort(key=lambda each: (each is not centre, each.code))
                chosen[cluster.name] = around[: cluster.counties]
        return [(cluster, chosen[cluster.name]) for cluster in CLUSTERS]

    def _pseudonym(self, county: str, number: int) -> str:
        digest = blake2b(f"{self._seed} {county} {number}".encode(), digest_size=6).hexdigest()
        return f"hh-{digest[:8]}-{digest[8:]}"
