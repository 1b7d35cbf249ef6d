"""Rows of ``households`` from the records of ``jushou.household-states.v1``: one per household.

Life, drivers and trail are columns of arrays in the row, so that a newer state replaces them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from schemas import household
from schemas.household import HouseholdState, HouseholdSummary, Life, LifeEvent
from sinks.clickhouse.block import Row, version
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Words,
    arrays,
    flags,
    float64,
    instants,
    int64,
    nullable,
    uint16,
    uint32,
    uint64,
)
from sinks.record import Record

TABLE = "households"
COLUMNS: Mapping[str, MakesColumn] = {
    "household": Strings,
    "version": uint64,
    "county": Words,
    "township": Words,
    "kind": Words,
    "category": Words,
    "status": Words,
    "status_at": nullable(instants),
    "first_signal_at": nullable(instants),
    "first_found_at": nullable(instants),
    "first_found_indicator": Words,
    "first_found_by": Words,
    "first_request_at": nullable(instants),
    "first_request_item": Words,
    "first_request_indicator": Words,
    "first_direction": Words,
    "lead_time_s": nullable(int64),
    "indicators": arrays(Words),
    "dismissed_then_asked": flags,
    "asked_after_dismissal_at": nullable(instants),
    "first_verified_at": nullable(instants),
    "dismissed_at": nullable(instants),
    "verified_at": nullable(instants),
    "assisted_at": nullable(instants),
    "cleared_at": nullable(instants),
    "relapsed_at": nullable(instants),
    "times_dismissed": uint32,
    "times_verified": uint32,
    "times_assisted": uint32,
    "times_cleared": uint32,
    "times_relapsed": uint32,
    "signals": uint32,
    "below_threshold": uint32,
    "leads": uint32,
    "requests": uint32,
    "open_cases": uint32,
    "risk_index": float64,
    "risk_level": Words,
    "risk_at": nullable(instants),
    "drivers.code": arrays(Words),
    "drivers.points": arrays(float64),
    "drivers.at": arrays(instants),
    "drivers.half_life_d": arrays(float64),
    "drivers.until": arrays(nullable(instants)),
    "drivers.subject": arrays(Strings),
    "trail.at": arrays(instants),
    "trail.index": arrays(float64),
    "trail.level": arrays(Words),
    "levels.level": arrays(Words),
    "levels.points_from": arrays(float64),
    "levels.since": arrays(instants),
    "life.at": arrays(instants),
    "life.event": arrays(Words),
    "life.case_id": arrays(Strings),
    "clearings.cleared_at": arrays(instants),
    "clearings.relapsed_at": arrays(nullable(instants)),
    "later_leads.window_at": arrays(instants),
    "later_leads.at": arrays(instants),
    "later_leads.signal_id": arrays(Strings),
    "later_leads.case_id": arrays(Strings),
    "past.at": arrays(instants),
    "past.county": arrays(Words),
    "past.township": arrays(Words),
    "past.kind": arrays(Words),
    "past.category": arrays(Words),
    "past.status": arrays(Words),
    "past.status_at": arrays(nullable(instants)),
    "indicators_at": arrays(instants),
    "rules": Words,
    "source_partition": uint16,
}
NAMES = tuple(COLUMNS)
# Groups of columns of arrays that have the names of the fields of what they hold.
_FIELDS = {
    group: [name.removeprefix(group) for name in COLUMNS if name.startswith(group)]
    for group in ("trail.", "levels.", "later_leads.", "past.")
}
TOMBSTONE = "tombstone"
REPLACED = "replaced-in-block"


class Heading(Struct, array_like=True, gc=False):
    """The first fields of a state: whose it is and how new; the rest is not looked at."""

    household: str
    generation: int = 0
    change: int = 0


_decode_heading = msgspec.msgpack.Decoder(Heading).decode


def rows(records: Sequence[Record], partition: int) -> tuple[list[Row], Counter[str]]:
    """Return the row of the newest state of each household among the records.

    Raises ``msgspec.DecodeError`` for a record that is no state.
    """
    newest: dict[str, tuple[int, bytes]] = {}
    skipped: Counter[str] = Counter()
    for record in records:
        if record.value is None:
            skipped[TOMBSTONE] += 1
            continue
        heading = _decode_heading(record.value)
        rank = version(heading.generation, heading.change)
        before = newest.get(heading.household)
        if before is not None:
            skipped[REPLACED] += 1
        if before is None or before[0] <= rank:
            newest[heading.household] = rank, record.value
    states = [household.decode(value) for _, value in newest.values()]
    return [household_row(state, partition) for state in states], skipped


def household_row(state: HouseholdState, partition: int) -> Row:
    """Return the row of a household."""
    summary = state.summary
    risk = summary.trail[-1] if summary.trail else None
    return (
        state.household,
        version(state.generation, state.change),
        summary.county,
        summary.township,
        summary.kind,
        summary.category,
        summary.status,
        summary.status_at,
        summary.first_signal_at,
        summary.first_found_at,
        summary.first_found_indicator,
        summary.first_found_by,
        summary.first_request_at,
        summary.first_request_item,
        summary.first_request_indicator,
        summary.first_direction,
        summary.lead_time_s,
        summary.indicators,
        summary.asked_after_dismissal_at is not None,
        summary.asked_after_dismissal_at,
        *_life(summary.life),
        summary.signals,
        summary.below_threshold,
        summary.leads,
        summary.requests,
        summary.open_cases,
        0.0 if risk is None else risk.index,
        _lowest(summary) if risk is None else risk.level,
        None if risk is None else risk.at,
        *_drivers(summary),
        *_arrays("trail.", summary.trail),
        *_arrays("levels.", summary.levels),
        [event.at for event in summary.life],
        [event.life for event in summary.life],
        [event.case_id for event in summary.life],
        *_clearings(summary.life),
        *_arrays("later_leads.", summary.later_leads),
        *_arrays("past.", summary.past),
        summary.indicators_at,
        summary.rules,
        partition,
    )


def _lowest(summary: HouseholdSummary) -> str:
    """Return the level of a household of which nothing adds to the risk."""
    return summary.levels[0].level if summary.levels else ""


_COUNTED = (Life.DISMISSED, Life.VERIFIED, Life.ASSISTED, Life.CLEARED, Life.RELAPSED)


def _life(life: Sequence[LifeEvent]) -> Row:
    """Return the first confirmation, the last instant of each event, and how often each was."""
    at: dict[str, list[int]] = {each: [] for each in _COUNTED}
    for event in life:
        if event.life in at:
            at[event.life].append(event.at)
    verified = at[Life.VERIFIED]
    last = [max(at[each], default=None) for each in _COUNTED]
    return (min(verified, default=None), *last, *(len(at[each]) for each in _COUNTED))


def _drivers(summary: HouseholdSummary) -> Iterable[list[object]]:
    drivers = summary.drivers
    return (
        [driver.code for driver in drivers],
        [driver.points for driver in drivers],
        [driver.at for driver in drivers],
        [driver.half_life_d or 0.0 for driver in drivers],
        [driver.until for driver in drivers],
        [driver.subject for driver in drivers],
    )


def _arrays(group: str, of: Sequence[Struct]) -> list[list[object]]:
    """Return an array for each column of a group."""
    return [[getattr(each, name) for each in of] for name in _FIELDS[group]]


def _clearings(life: Sequence[LifeEvent]) -> tuple[list[int], list[int | None]]:
    """Return when the household was cleared, and when it fell back after each, if it did."""
    cleared: list[int] = []
    relapsed: list[int | None] = []
    for event in life:
        if event.life == Life.CLEARED:
            cleared.append(event.at)
            relapsed.append(None)
        elif event.life == Life.RELAPSED and relapsed and relapsed[-1] is None:
            relapsed[-1] = event.at
    return cleared, relapsed
