"""The risk index of a household: a sum that can be read, as of any instant.

Part of the core: a pure function of facts, rules and ``as_of``. Each driver adds its points from an
instant on, halved with every half-life, until something ends it; the index is their sum between 0
and 100. Rules and levels are data (``schemas/monitoring/risk.yaml``): a driver goes by the version
in force at the instant of its fact, a level by the one in force at ``as_of``, so that a new version
leaves the past as it was. The same sum in SQL is the view ``household_risk_at``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.household import (
    Driver,
    HouseholdEvent,
    KnownSignal,
    Level,
    Life,
    LifeEvent,
    RiskPoint,
)
from schemas.instants import DAY_MS
from schemas.monitoring.model import Monitoring, in_force
from streams.core.household_leads import lead_groups

HIGHEST = 100.0
_DECIMALS = 2
_LEAD_RULES = (Life.VERIFIED, Life.ASSISTED, Life.CLEARED, Life.RELAPSED)


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What the index depends on: the signals that count, all signals, cases, and the life."""

    household: str
    counting: Sequence[KnownSignal]
    signals: Sequence[KnownSignal]
    cases: Sequence[HouseholdEvent]
    life: Sequence[LifeEvent]
    asked_after_dismissal_at: int | None


def drivers(facts: RiskFacts, data: Monitoring) -> list[Driver]:
    """Return all that ever adds to the index, in order of time."""
    found = [
        *_of_signals(facts, data),
        *_of_requests(facts, data),
        *_of_kinds(facts, data),
        *_of_life(facts, data),
    ]
    # One order whatever came first: sums of floats depend on it.
    return sorted(found, key=lambda each: (each.at, each.code, each.subject))


def adds(driver: Driver, as_of: int) -> float:
    """Return what a driver adds at an instant."""
    if driver.at > as_of or (driver.until is not None and driver.until <= as_of):
        return 0.0
    if driver.half_life_d is None:
        return driver.points
    return float(driver.points * 2.0 ** (-(as_of - driver.at) / DAY_MS / driver.half_life_d))


def index_at(found: Iterable[Driver], as_of: int) -> float:
    """Return the index at an instant, 0 to 100."""
    total = 0.0
    for driver in found:
        # As ``adds``, without a call for what is long over or still to come.
        if driver.at <= as_of and (driver.until is None or driver.until > as_of):
            total += adds(driver, as_of)
    return min(max(round(total, _DECIMALS), 0.0), HIGHEST)


def levels_of(county: str, data: Monitoring) -> list[Level]:
    """Return the levels of a county by every version of the rules, the oldest first."""
    return [
        Level(name, points_from, rules.since)
        for rules in data.risk
        for name, points_from in rules.levels_of(county)
    ]


def levels_over(moves: Sequence[tuple[int, str]], data: Monitoring) -> list[Level]:
    """Return the levels in force over time for a household that was in several counties.

    ``moves`` are the instants from which on it was in a county, ascending; before the first of them
    the first county counts. By every version of the rules, and anew where a move changes them.
    """
    if not moves:
        return levels_of("", data)
    found: list[Level] = []
    known: tuple[tuple[str, float], ...] = ()
    versions = {rules.since for rules in data.risk}
    for since in sorted(versions | {at for at, _ in moves}):
        county = next((county for at, county in reversed(moves) if at <= since), moves[0][1])
        levels = in_force(data.risk, since).levels_of(county)
        if since in versions or levels != known:
            found += [Level(name, points_from, since) for name, points_from in levels]
        known = levels
    return found


def levels_at(levels: Sequence[Level], as_of: int) -> list[Level]:
    """Return those of the version in force at an instant; before the first, the first."""
    since = max((each.since for each in levels if each.since <= as_of), default=levels[0].since)
    return [each for each in levels if each.since == since]


def level_of(index: float, levels: Sequence[Level]) -> str:
    """Return the level of an index; ``levels`` are those of one version, ascending from 0."""
    return [each.level for each in levels if each.points_from <= index][-1]


def trail(found: Sequence[Driver], levels: Sequence[Level]) -> list[RiskPoint]:
    """Return index and level at each instant at which a driver begins or ends."""
    if not found:
        return []
    instants = {driver.at for driver in found}
    instants.update([driver.until for driver in found if driver.until is not None])
    points = []
    for at in sorted(instants):
        index = index_at(found, at)
        points.append(RiskPoint(at, index, level_of(index, levels_at(levels, at))))
    return points


def _driver(
    data: Monitoring, code: str, at: int, subject: str, ends: Iterable[int | None]
) -> list[Driver]:
    """Return the driver of a rule, none where the rules in force then have no such rule."""
    rule = in_force(data.risk, at).rules.get(code)
    if rule is None:
        return []
    until = None
    for end in ends:
        if end is not None and end > at and (until is None or end < until):
            until = end
    return [Driver(code, rule.points, at, rule.half_life_d, until, subject)]


def _clearing_after(facts: RiskFacts, at: int) -> int | None:
    return _life_after(facts, at, Life.CLEARED)


def _life_after(facts: RiskFacts, at: int, life: Life) -> int | None:
    if not facts.life:
        return None
    return min((each.at for each in facts.life if each.life == life and each.at > at), default=None)


def _of_signals(facts: RiskFacts, data: Monitoring) -> list[Driver]:
    """A signal adds until the next of its indicator: screened every month is not more at risk."""
    dismissed = _dismissals(facts, data)
    found: list[Driver] = []
    following: dict[str, int] = {}
    for signal in reversed(facts.counting):
        ends = (
            following.get(signal.indicator),
            dismissed.get(signal.signal_id),
            _clearing_after(facts, signal.at),
        )
        if following.get(signal.indicator) != signal.at:
            code = f"signal:{signal.indicator}"
            found += _driver(data, code, signal.at, signal.signal_id, ends)
        following[signal.indicator] = signal.at
    return found


def _dismissals(facts: RiskFacts, data: Monitoring) -> dict[str, int]:
    """Return when the lead of a signal was dismissed, by the id of the signal."""
    dismissed: dict[str, int] = {}
    for event in facts.life:
        if event.life == Life.DISMISSED:
            dismissed.setdefault(event.case_id, event.at)
    if not dismissed:
        return {}
    return {
        signal.signal_id: dismissed[group.case_id]
        for group in lead_groups(facts.household, facts.counting, facts.cases, data)
        if group.case_id in dismissed
        for signal in group.signals
    }


def _of_requests(facts: RiskFacts, data: Monitoring) -> list[Driver]:
    found: list[Driver] = []
    following: dict[str, int] = {}
    newest_first = sorted(facts.cases, key=lambda case: (case.submitted_at, case.case_id))[::-1]
    for case in newest_first:
        indicator = data.asked_for.get(case.item)
        if indicator is None:
            continue
        at = case.submitted_at
        ends = (
            following.get(indicator),
            case.closed_at if case.outcome == "resolved" else None,
            _clearing_after(facts, at),
        )
        if following.get(indicator) != at:
            found += _driver(data, f"request:{indicator}", at, case.case_id, ends)
        following[indicator] = at
    return found


def _of_kinds(facts: RiskFacts, data: Monitoring) -> list[Driver]:
    """A kind adds from the signal that says it until the next one that says any."""
    found: list[Driver] = []
    following: int | None = None
    for signal in reversed(facts.signals):
        if signal.kind == "none" or signal.at == following:
            continue
        ends = (following, _clearing_after(facts, signal.at))
        found += _driver(data, f"kind:{signal.kind}", signal.at, signal.signal_id, ends)
        following = signal.at
    return found


def _of_life(facts: RiskFacts, data: Monitoring) -> list[Driver]:
    found: list[Driver] = []
    for event in facts.life:
        if event.life not in _LEAD_RULES:
            continue
        ended_by = Life.RELAPSED if event.life == Life.CLEARED else Life.CLEARED
        ends = (
            _life_after(facts, event.at, ended_by),
            _life_after(facts, event.at, Life(event.life)),
        )
        found += _driver(data, f"life:{event.life}", event.at, event.case_id, ends)
    at = facts.asked_after_dismissal_at
    if at is not None:
        code = "life:asked-after-dismissal"
        found += _driver(data, code, at, "", (_clearing_after(facts, at),))
    return found
