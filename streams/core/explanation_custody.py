"""Custody as an explanation shows it: holders by name, instants as text.

Part of the core, beside the explanation (``streams.core.custody`` has the reckoning).
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.case_event import StoredEvent
from schemas.catalogue.model import Text
from schemas.instants import render_instant
from schemas.regions.townships import townships
from streams.core.custody import Bounce, Held, Holder, Level, custody
from streams.core.explanation_account import (
    BounceAccount,
    CustodyAccount,
    CustodyInterval,
    HolderAccount,
    HolderTime,
)
from streams.core.explanation_words import Names, county_name
from streams.core.rules import ItemRules


def custody_account(
    events: Sequence[StoredEvent], rules: ItemRules, names: Names, as_of: int
) -> CustodyAccount:
    """Return who had the case when, as of an instant (milliseconds)."""
    found = custody(events, rules, as_of)
    return CustodyAccount(
        intervals=[_interval(held, names, as_of) for held in found.held],
        bounces=[_bounce(bounce, names) for bounce in found.bounces],
        totals=[
            HolderTime(
                _holder(total.holder, names),
                total.held_ms,
                total.unaccepted_ms,
                total.intervals,
                total.bounces,
            )
            for total in found.totals
        ],
    )


def _holder(holder: Holder, names: Names) -> HolderAccount:
    department, county = names.department(holder.department), county_name(holder.county)
    if holder.level is Level.TOWNSHIP:
        name = _township(holder.township, county)
    else:
        name = Text(f"{county.zh}{department.zh}", f"{department.en}, {county.en}")
    return HolderAccount(holder.level, holder.department, holder.county, holder.township, name)


def _township(code: str | None, county: Text) -> Text:
    """Return the name of a township; its code where it is of none that is known."""
    known = townships().get(code or "")
    if known is not None:
        return Text(f"{county.zh}{known.zh}", f"{known.en}, {county.en}")
    told = Text(code or "（未写明）", code or "(not named)")
    return Text(f"{county.zh}乡镇{told.zh}", f"Township {told.en}, {county.en}")


def _interval(held: Held, names: Names, as_of: int) -> CustodyInterval:
    return CustodyInterval(
        holder=_holder(held.holder, names),
        since=render_instant(held.since),
        until=None if held.until is None else render_instant(held.until),
        duration_ms=(as_of if held.until is None else held.until) - held.since,
        accepted_at=None if held.accepted_at is None else render_instant(held.accepted_at),
        by=names.event(held.by),
        ended_by=None if held.ended_by is None else names.event(held.ended_by),
    )


def _bounce(bounce: Bounce, names: Names) -> BounceAccount:
    return BounceAccount(
        names.event(bounce.event),
        None if bounce.holder is None else _holder(bounce.holder, names),
        None if bounce.back_to is None else _holder(bounce.back_to, names),
    )
