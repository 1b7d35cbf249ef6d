"""The monitoring data as frozen types: what counts as a finding, what it is called, what it adds.

Stands beside the path of a signal: validation of its meaning (thresholds), the windows of leads,
the categories of households and the rules of the risk index. Which version holds is asked with
an instant (milliseconds); before the first version the first one holds.
"""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar

from schemas.catalogue.model import Source, Text
from schemas.dates import date_text
from schemas.household import KnownSignal
from schemas.instants import day_of, start_of_day

SCREENING = "screening"
MONTH = "month"
DEFAULT = "default"


class Dated(Protocol):
    """A version: ``since`` is 00:00 of the day from which it is in force, in milliseconds."""

    @property
    def since(self) -> int: ...


V = TypeVar("V", bound=Dated)


def in_force(versions: Sequence[V], at: int) -> V:
    """Return the version in force at an instant; versions are in the order of ``since``."""
    place = bisect(versions, at, key=lambda version: version.since)
    return versions[max(place - 1, 0)]


@dataclass(frozen=True)
class Indicator:
    """What is looked for; ``at_most``: values up to the threshold count. ``asked_by``: items."""

    code: str
    text: Text
    unit: Text
    at_most: bool
    asked_by: tuple[str, ...]
    source: Source


@dataclass(frozen=True)
class Category:
    """What a kind of household is counted as."""

    code: str
    text: Text


@dataclass(frozen=True)
class Categories:
    """The categories of one version, by the kind on the wire."""

    name: str
    since: int
    kinds: Mapping[str, Category]
    source: Source


@dataclass(frozen=True)
class Threshold:
    """From which value a finding counts; ``by_kind`` before ``value``, in the indicator's unit."""

    value: float
    by_kind: Mapping[str, float]
    source: Source

    def of(self, kind: str) -> float:
        """Return the threshold for a household of this kind."""
        return self.by_kind.get(kind, self.value)


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of one version: by region (``default`` among them), then by indicator."""

    name: str
    since: int
    by_region: Mapping[str, Mapping[str, Threshold]]

    def of(self, county: str, indicator: str) -> Threshold:
        """Return the county's own threshold, else its prefecture's, else the default."""
        for region in (county, county[:4] + "00"):
            found = self.by_region.get(region, {}).get(indicator)
            if found is not None:
                return found
        return self.by_region[DEFAULT][indicator]


@dataclass(frozen=True)
class LeadWindow:
    """How long a window of leads is: ``days``, or a calendar month where that is null."""

    name: str
    since: int
    days: int | None
    source: Source

    def begin(self, at: int) -> int:
        """Return the instant at which the window that holds ``at`` begins."""
        day = day_of(at)
        if self.days is None:
            return start_of_day(day + 1 - int(date_text(day)[-2:]))
        return start_of_day(day - day % self.days)


@dataclass(frozen=True)
class RiskRule:
    """What adds to the index: ``points``, halved every ``half_life_d`` days; null: it stays."""

    points: float
    half_life_d: float | None
    text: Text


@dataclass(frozen=True)
class RiskRules:
    """One version of the risk rules. ``rules`` by code, such as ``signal:dropout``.

    ``levels`` by region: (level, points from), ascending from 0.
    """

    name: str
    since: int
    rules: Mapping[str, RiskRule]
    levels: Mapping[str, tuple[tuple[str, float], ...]]
    names: Mapping[str, Text]
    source: Source

    def levels_of(self, county: str) -> tuple[tuple[str, float], ...]:
        """Return the levels of a county: its own, its prefecture's, or the default ones."""
        own = self.levels.get(county) or self.levels.get(county[:4] + "00")
        return own or self.levels[DEFAULT]


@dataclass(frozen=True)
class Judgement:
    """Whether a signal is a lead: ``threshold`` is what it was held against, null if nothing."""

    counts: bool
    threshold: float | None
    rules: str


@dataclass(frozen=True)
class Monitoring:
    """All of it; versions in the order in which they came into force."""

    indicators: Mapping[str, Indicator]
    categories: tuple[Categories, ...]
    thresholds: tuple[Thresholds, ...]
    windows: tuple[LeadWindow, ...]
    risk: tuple[RiskRules, ...]
    asked_for: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def version(self) -> str:
        """The newest risk rules and a digest of everything: what a state was folded with."""
        return f"{self.risk[-1].name}.{hashlib.sha256(repr(self).encode()).hexdigest()[:8]}"

    def judge(self, signal: KnownSignal) -> Judgement:
        """Hold a signal against the threshold of its county on its day.

        What a cadre saw counts as it is.
        """
        version = in_force(self.thresholds, signal.at)
        if signal.source != SCREENING or signal.value is None:
            return Judgement(True, None, version.name)
        threshold = version.of(signal.county, signal.indicator).of(signal.kind)
        if self.indicators[signal.indicator].at_most:
            return Judgement(signal.value <= threshold, threshold, version.name)
        return Judgement(signal.value >= threshold, threshold, version.name)

    def window_of(self, at: int) -> int:
        """Return the instant at which the lead window that holds ``at`` begins."""
        return in_force(self.windows, at).begin(at)

    def category_of(self, kind: str, at: int) -> str:
        """Return the code of the category of a kind at an instant; empty for ``none``."""
        found = in_force(self.categories, at).kinds.get(kind)
        return found.code if found else ""
