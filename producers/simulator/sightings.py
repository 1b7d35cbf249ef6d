"""The signals of the simulated province: what screenings and inspections saw.

A lead has one to three of them within its window; besides there are screenings that do not reach
the threshold of their county, and come to nothing.
"""

from __future__ import annotations

from random import Random
from typing import Any, cast

from producers.simulator.walk import Case, Moment
from producers.simulator.writing import shanghai_text
from schemas.household import KnownSignal
from schemas.instants import DAY_MS
from schemas.monitoring.model import SCREENING, Monitoring, in_force
from schemas.signal import Signal

# Indicators by weight, and whose screening sees them. Invented.
_SEEN: dict[str, tuple[float, str]] = {
    "medical-expense": (30, "medical-insurance"),
    "income-drop": (18, "rural-revitalisation"),
    "dropout": (8, "education"),
    "housing-hazard": (9, "housing"),
    "water-outage": (7, "water"),
    "job-loss": (14, "human-resources"),
    "disaster": (4, "civil-affairs"),
    "disability": (6, "health"),
    "school-expense": (4, "education"),
}
# What strikes many at once is seen as what it is.
_CAUSES = {"drought": "water-outage", "hailstorm": "disaster", "price-fall": "income-drop"}
# As in one prefecture in 2021: 5,018, 4,876 and 6,475 households.
_KINDS = (("unstable", 0.31), ("marginal", 0.61), ("sudden", 1.0))
_ONE_MORE = 0.3
_BELOW = 0.35


class Sightings:
    """Makes up signals with the random numbers of ``rng``."""

    def __init__(self, rng: Random, monitoring: Monitoring) -> None:
        self._rng = rng
        self._monitoring = monitoring
        self.signals: list[Signal] = []

    def indicator(self, cause: str) -> str:
        """Return what a lead is found by; of what struck the county if something did."""
        struck = _CAUSES.get(cause)
        if struck is not None:
            return struck
        return self._rng.choices(list(_SEEN), [weight for weight, _ in _SEEN.values()])[0]

    def of_lead(self, case: Case, moments: list[Moment]) -> list[KnownSignal]:
        """Make up the signals of a lead and return them as its household keeps them.

        The first is seen when the lead is found, the others before anybody ended it.
        """
        ended_at = min(
            (each.at for each in moments if each.type in ("dismissed", "verified", "resolved")),
            default=case.submitted_at + 30 * DAY_MS,
        )
        kind = self._kind()
        found = [self._signal(case, case.submitted_at, case.origin.channel, case.indicator, kind)]
        window_at = self._monitoring.window_of(case.submitted_at)
        while self._rng.random() < _ONE_MORE and len(found) < 3:
            span_ms = max(int(self._rng.random() * (ended_at - case.submitted_at)), 1_000)
            at = case.submitted_at + span_ms // 1_000 * 1_000
            if at < ended_at and self._monitoring.window_of(at) == window_at:
                source = self._rng.choice(["screening", "inspection"])
                found.append(self._signal(case, at, source, self.indicator(""), kind))
        if self._rng.random() < _BELOW:
            self._below(case)
        return found

    def _kind(self) -> str:
        draw = self._rng.random()
        return next(kind for kind, up_to in _KINDS if draw < up_to)

    def _signal(self, case: Case, at: int, source: str, indicator: str, kind: str) -> KnownSignal:
        number = len(self.signals)
        known = KnownSignal(
            at,
            f"sg-{case.place.code}-{at // 1000 % 10**8:08x}-{number:06x}",
            source,
            _SEEN[indicator][1],
            indicator,
            case.place.code,
            case.township,
            kind,
        )
        self._write(case.household, known, self._value(known, reaches=True))
        return known

    def _below(self, case: Case) -> None:
        """A screening of some other household that comes to nothing."""
        at = case.submitted_at - int(self._rng.random() * 3_600) * 1_000
        indicator = self.indicator("")
        if indicator == "disability":
            return
        number = len(self.signals)
        known = KnownSignal(
            at,
            f"sg-{case.place.code}-{at // 1000 % 10**8:08x}-{number:06x}",
            SCREENING,
            _SEEN[indicator][1],
            indicator,
            case.place.code,
            case.township,
        )
        household = f"hh-{self._rng.getrandbits(32):08x}-{self._rng.getrandbits(16):04x}"
        self._write(household, known, self._value(known, reaches=False))

    def _value(self, signal: KnownSignal, reaches: bool) -> float:
        threshold = self._threshold(signal)
        if self._monitoring.indicators[signal.indicator].at_most:
            return float(max(threshold - self._rng.randrange(2), 1))
        if not reaches:
            return float(int(threshold * (0.3 + 0.69 * self._rng.random())))
        if signal.indicator == "housing-hazard":
            return threshold + self._rng.randrange(2)
        return float(-(-threshold * (1 + self._rng.expovariate(2.0)) // 1))

    def _threshold(self, signal: KnownSignal) -> float:
        version = in_force(self._monitoring.thresholds, signal.at)
        return version.of(signal.county, signal.indicator).of(signal.kind)

    def _write(self, household: str, signal: KnownSignal, value: float) -> None:
        is_screening = signal.source == SCREENING
        self.signals.append(
            Signal(
                signal_id=signal.signal_id,
                household=household,
                county=signal.county,
                township=signal.township,
                source=cast(Any, signal.source),
                department=cast(Any, signal.department),
                indicator=cast(Any, signal.indicator),
                observed_at=shanghai_text(signal.at),
                schema_version="1",
                value=value if is_screening else None,
                threshold=self._threshold(signal) if is_screening else None,
                household_kind=cast(Any, signal.kind),
            )
        )
