"""Rows of ``households`` from the records of ``jushou.household-states.v1``: one per household.

Life, drivers and trail are columns of arrays in the row, so that a newer state replaces them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from schemas import household
from schemas.household import HouseholdState, HouseholdSummary, Life, LifeEvent
from sinks.clickhouse.block import Row, version
from sinks.record import Record

TABLE = "households"
NAMES = (
    "household", "version", "county", "township", "kind", "category", "status", "status_at",
    "first_signal_at", "first_found_at", "first_found_indicator", "first_found_by",
    "first_request_at", "first_request_item", "first_request_indicator", "first_direction",
    "lead_time_s", "indicators", "dismissed_then_asked", "asked_after_dismissal_at",
    "first_verified_at", "dismissed_at", "verified_at", "assisted_at", "cleared_at", "relapsed_at",
    "times_dismissed", "times_verified", "times_assisted", "times_cleared", "times_relapsed",
    "signals", "below_threshold", "leads", "requests", "open_cases",
    "risk_index", "risk_level", "risk_at",
    "drivers.code", "drivers.points", "drivers.at", "drivers.half_life_d", "drivers.until",
    "drivers.subject", "trail.at", "trail.index", "trail.level", "levels.level",
    "levels.points_from", "levels.since", "life.at", "life.event", "life.case_id",
    "clearings.cleared_at", "clearings.relapsed_at", "rules", "source_partition",
)  # fmt: skip
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
        [point.at for point in summary.trail],
        [point.index for point in summary.trail],
        [point.level for point in summary.trail],
        [each.level for each in summary.levels],
        [each.points_from for each in summary.levels],
        [each.since for each in summary.levels],
        [event.at for event in summary.life],
        [event.life for event in summary.life],
        [event.case_id for event in summary.life],
        *_clearings(summary.life),
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
