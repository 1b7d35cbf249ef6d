"""Why a household stands where it stands: direction, life and risk, in words that can be checked.

Part of the core; beside the path of a signal, for ``jushou household``. Everything is as of an
instant and from the facts that had happened by then.
"""

from __future__ import annotations

from msgspec import Struct

from schemas.catalogue.model import Text
from schemas.household import Driver, HouseholdState, HouseholdSummary, KnownSignal
from schemas.instants import render_instant
from schemas.monitoring.model import Monitoring, in_force
from streams.core.household import facts_of, summary_as_of
from streams.core.risk import adds, index_at, level_of, levels_at, levels_of


class Words(Struct):
    """A text for people, in both languages."""

    zh: str
    en: str


class DriverAccount(Struct):
    """One driver at the instant: what it added at first and what is left of it now."""

    code: str
    text: Words
    at: str
    points: float
    half_life_d: float | None
    adds: float
    subject: str


class SignalAccount(Struct):
    """One signal, what it was held against, and whether it counts."""

    signal_id: str
    at: str
    source: str
    indicator: str
    text: Words
    unit: Words
    value: float | None
    threshold: float | None
    counts: bool


class LifeAccount(Struct):
    """One event of the life."""

    at: str
    event: str
    case_id: str


class HouseholdAccount(Struct):
    """All of it; ``index`` is 0 to 100, ``ended`` are drivers that add nothing any more."""

    household: str
    as_of: str
    county: str
    kind: str
    category: str
    category_text: Words
    status: str
    status_at: str | None
    direction: str
    first_found_at: str | None
    first_found_by: str
    first_request_at: str | None
    first_request_item: str
    lead_time_s: int | None
    asked_after_dismissal_at: str | None
    index: float
    level: str
    level_text: Words
    levels: list[tuple[str, float]]
    drivers: list[DriverAccount]
    ended: list[DriverAccount]
    signals: list[SignalAccount]
    life: list[LifeAccount]
    rules: str
    source: Words


def account_for(state: HouseholdState, data: Monitoring, as_of: int) -> HouseholdAccount:
    """Return the account of a household as of an instant (milliseconds)."""
    summary = summary_as_of(state, data, as_of)
    rules = in_force(data.risk, as_of)
    levels = levels_at(summary.levels or levels_of(summary.county, data), as_of)
    index = index_at(summary.drivers, as_of)
    told = [_driver(driver, data, as_of) for driver in summary.drivers]
    level = level_of(index, levels)
    return HouseholdAccount(
        household=state.household,
        as_of=render_instant(as_of),
        county=summary.county,
        kind=summary.kind,
        category=summary.category,
        category_text=_category(summary, data),
        status=summary.status,
        status_at=_text(summary.status_at),
        direction=summary.first_direction,
        first_found_at=_text(summary.first_found_at),
        first_found_by=summary.first_found_by,
        first_request_at=_text(summary.first_request_at),
        first_request_item=summary.first_request_item,
        lead_time_s=summary.lead_time_s,
        asked_after_dismissal_at=_text(summary.asked_after_dismissal_at),
        index=index,
        level=level,
        level_text=_words(rules.names[level]),
        levels=[(each.level, each.points_from) for each in levels],
        drivers=sorted((each for each in told if each.adds), key=lambda each: -abs(each.adds)),
        ended=[each for each in told if not each.adds],
        signals=[_signal(each, data) for each in facts_of(state, as_of).signals],
        life=_life(summary),
        rules=summary.rules,
        source=Words(
            f"{rules.source.text.zh}（{rules.source.certainty}）",
            f"{rules.source.text.en} ({rules.source.certainty})",
        ),
    )


def _category(summary: HouseholdSummary, data: Monitoring) -> Words:
    """Return what the kind is called by the categories under which it was last said."""
    for version in reversed(data.categories):
        found = version.kinds.get(summary.kind)
        if found is not None and found.code == summary.category:
            return _words(found.text)
    return Words("", "")


def _life(summary: HouseholdSummary) -> list[LifeAccount]:
    return [LifeAccount(render_instant(each.at), each.life, each.case_id) for each in summary.life]


def _driver(driver: Driver, data: Monitoring, as_of: int) -> DriverAccount:
    return DriverAccount(
        driver.code,
        describe(driver.code, data, driver.at),
        render_instant(driver.at),
        driver.points,
        driver.half_life_d,
        round(adds(driver, as_of), 2),
        driver.subject,
    )


def describe(code: str, data: Monitoring, at: int) -> Words:
    """Return a driver's code in the words of what was in force at the instant of its fact."""
    group, _, name = code.partition(":")
    if group == "life":
        return _words(in_force(data.risk, at).rules[code].text)
    if group == "kind":
        category = in_force(data.categories, at).kinds[name]
        return Words(f"监测对象：{category.text.zh}", f"Monitored as: {category.text.en}")
    text = data.indicators[name].text
    if group == "signal":
        return Words(f"政府发现：{text.zh}", f"Found by the government: {text.en}")
    return Words(f"自己求助：{text.zh}", f"Asked for help: {text.en}")


def _signal(signal: KnownSignal, data: Monitoring) -> SignalAccount:
    judgement, indicator = data.judge(signal), data.indicators[signal.indicator]
    return SignalAccount(
        signal.signal_id,
        render_instant(signal.at),
        signal.source,
        signal.indicator,
        _words(indicator.text),
        _words(indicator.unit),
        signal.value,
        judgement.threshold,
        judgement.counts,
    )


def _words(text: Text) -> Words:
    return Words(text.zh, text.en)


def _text(instant: int | None) -> str | None:
    return None if instant is None else render_instant(instant)
