"""One case's way through the tables of its life cycle: what happens to it, and when.

The result is the truth of the case; how that reaches Kafka (late, twice, at odds with itself) is
``producers.simulator.delivery``.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from producers.simulator.lifecycle import REOPENED, Attributes, Halt, LifeCycle, Origin, Stage
from producers.simulator.places import Place
from producers.simulator.working_time import WorkingTime, citizen_instant
from schemas.instants import OFFSET_MS, day_of

_NOTE_RATE = 0.05
_FORGOTTEN = 0.02  # supplements that never come; the case stays open, paused
_EXTENSION_RATE = 0.06
_SHARE_MAX = 0.97
_RETURN_REASONS: tuple[Attributes, ...] = (
    {"reason": "不属于本部门职责"},
    {"reason": "户籍地与居住地不一致"},
    {"reason": "乡镇填报有误"},
)
_REOPEN_REASONS: tuple[Attributes, ...] = (
    {"reason": "申请人对结果有异议"},
    {"reason": "问题再次出现"},
)


@dataclass(slots=True)
class Case:
    """Who, where and what; ``strain`` multiplies the lateness of the office (a cluster).

    ``indicator`` is what a lead was found by; ``number`` the household's within its county.
    """

    case_id: str
    life: LifeCycle
    place: Place
    township: str
    household: str
    origin: Origin
    submitted_at: int
    strain: float = 1.0
    indicator: str = ""
    number: int = 0


class Moment(NamedTuple):
    """Something that happened; the last three only where a transfer changes them."""

    at: int
    type: str
    attributes: Attributes = None
    county: str | None = None
    township: str | None = None
    department: str | None = None


class Walk:
    """Lets cases live, with the random numbers of ``rng``, until ``ends_at`` (milliseconds)."""

    def __init__(
        self, rng: Random, working: WorkingTime, ends_at: int, neighbours: dict[str, list[Place]]
    ) -> None:
        self._rng = rng
        self._working = working
        self._ends_at = ends_at
        self._neighbours = neighbours
        self._within: dict[str, Callable[[Random, int, int, float, bool], int]] = {
            "wd": working.within_working_days,
            "d": working.within_days,
            "h": working.within_hours,
        }

    def moments(self, case: Case) -> list[Moment]:
        """Return what happens to the case, in order of time, ``submitted`` first."""
        rng, life = self._rng, case.life
        moments = [Moment(case.submitted_at, "submitted")]
        at = case.submitted_at
        if rng.random() < life.return_rate:
            at = self._bounce(case, moments, at)
        lateness = min(case.place.lateness[life.department] * case.strain, 0.85)
        then: str | None = life.first
        while then is not None and at <= self._ends_at:
            stage = life.stages[then]
            acts_at = self._acts_at(stage, moments, at, lateness)
            if acts_at is None:
                return moments
            at, began_at = acts_at, at
            if rng.random() < life.withdrawal:
                moments.append(Moment(self._between(began_at, at), "withdrawn"))
                break
            step = stage.steps[bisect(stage.weights, rng.random() * 0.999999)]
            options = step.attributes
            chosen = options[0] if len(options) == 1 else options[int(rng.random() * len(options))]
            moments.append(Moment(at, step.event, chosen))
            then = step.then
        if then is None and rng.random() < life.reopening:
            self._reopen(moments, at)
        return moments

    def _acts_at(self, stage: Stage, moments: list[Moment], at: int, lateness: float) -> int | None:
        """Return when the stage is left, with what happens meanwhile; null where it never is."""
        rng = self._rng
        if stage.citizen:
            return max(citizen_instant(rng, day_of(at) + 1 + int(rng.expovariate(0.5))), at)
        late = stage.clocked and rng.random() < lateness
        acts_at = self._on_desk(stage, at, late)
        if rng.random() < _NOTE_RATE:
            moments.append(Moment(self._between(at, acts_at), "note"))
        if stage.extendable is not None and rng.random() < _EXTENSION_RATE:
            acts_at = self._extend(stage, moments, at)
        if stage.halt is not None and rng.random() < stage.halt.probability:
            return self._halt(stage.halt, moments, at, acts_at)
        return acts_at

    def _on_desk(self, stage: Stage, at: int, late: bool) -> int:
        rng = self._rng
        share = (rng.random() + rng.random()) * stage.pace
        return self._within[stage.unit](rng, at, stage.amount, min(share, _SHARE_MAX), late)

    def _halt(self, halt: Halt, moments: list[Moment], at: int, acts_at: int) -> int | None:
        rng = self._rng
        opened_at = self._working.next_office_instant(rng, self._between(at, acts_at))
        if opened_at >= acts_at:
            return acts_at
        moments.append(Moment(opened_at, halt.opens))
        day = day_of(opened_at) + 1 + int(rng.expovariate(1 / halt.days))
        if halt.opens == "suspended":
            closed_at = self._working.office_instant(rng, self._working.after(day - 1, 1))
        elif rng.random() < _FORGOTTEN:
            return None
        else:
            closed_at = citizen_instant(rng, day)
        moments.append(Moment(closed_at, halt.closes))
        return self._working.next_office_instant(rng, closed_at + acts_at - opened_at)

    def _extend(self, stage: Stage, moments: list[Moment], at: int) -> int:
        """Extend the stage's clock shortly before it is due, and return when it is left then."""
        rng, working = self._rng, self._working
        granted_at = working.within_working_days(rng, at, stage.amount, 0.85, False)
        moments.append(
            Moment(granted_at, "extended", {"clock": stage.extendable, "by": stage.extension})
        )
        return working.within_working_days(rng, granted_at, 12, rng.random(), False)

    def _bounce(self, case: Case, moments: list[Moment], at: int) -> int:
        """Send the case back and on: to a neighbour county, or to another department there."""
        rng = self._rng
        returned_at = self._working.within_working_days(rng, at, 1, rng.random(), False)
        moments.append(Moment(returned_at, "returned", self._one_of(_RETURN_REASONS)))
        moved_at = self._working.within_working_days(rng, returned_at, 2, rng.random(), False)
        neighbours = self._neighbours[case.place.prefecture]
        place = neighbours[int(rng.random() * len(neighbours))]
        if place.code != case.place.code and rng.random() < 0.7:
            township = place.townships[int(rng.random() * len(place.townships))]
            moments.append(Moment(moved_at, "transferred", None, place.code, township))
        else:
            department = "civil-affairs"
            if case.life.department == department:
                department = "rural-revitalisation"
            moments.append(Moment(moved_at, "transferred", None, None, None, department))
        return moved_at

    def _reopen(self, moments: list[Moment], closed_at: int) -> None:
        rng = self._rng
        reopened_at = citizen_instant(rng, day_of(closed_at) + 1 + int(rng.expovariate(0.15)))
        moments.append(Moment(reopened_at, "reopened", self._one_of(_REOPEN_REASONS)))
        at = self._on_desk(REOPENED, reopened_at, rng.random() < 0.1)
        step = REOPENED.steps[bisect(REOPENED.weights, rng.random() * 0.999999)]
        moments.append(Moment(at, step.event, self._one_of(step.attributes)))

    def _one_of(self, options: tuple[Attributes, ...]) -> Attributes:
        return options[int(self._rng.random() * len(options))]

    def _between(self, first: int, last: int) -> int:
        """Return a whole second between two instants."""
        instant = first + int(self._rng.random() * (last - first))
        return max(instant - (instant + OFFSET_MS) % 1000, first)
