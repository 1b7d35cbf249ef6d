"""Where a household stood at each instant: its place, its kind, its status.

Part of the core: what the facts up to an instant come to is the last of these up to it, so that the
past can be asked for without folding the facts again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import asdict

from schemas.household import KnownSignal, Standing
from schemas.monitoring.model import Monitoring

NO_KIND = "none"


class Place(NamedTuple):
    """Where a fact says that the household was; ``fact`` is the id of the signal or case."""

    at: int
    fact: str
    county: str
    township: str


class Kind(NamedTuple):
    """What a signal says that the household is, and what the rules in force then call it."""

    at: int
    kind: str
    category: str


def kinds_of(signals: Iterable[KnownSignal], data: Monitoring) -> list[Kind]:
    """Return the kinds that signals say, in the order of the signals."""
    return [
        Kind(signal.at, signal.kind, data.category_of(signal.kind, signal.at))
        for signal in signals
        if signal.kind != NO_KIND
    ]


def past(
    places: Sequence[Place], kinds: Sequence[Kind], statuses: Sequence[tuple[int, str]]
) -> list[Standing]:
    """Return where the household stood from each instant on; each argument in order of time."""
    told: dict[int, dict[str, object]] = {}
    for place in places:
        told.setdefault(place.at, {}).update(county=place.county, township=place.township)
    for kind in kinds:
        told.setdefault(kind.at, {}).update(kind=kind.kind, category=kind.category)
    for at, status in statuses:
        told.setdefault(at, {}).update(status=status, status_at=at)
    found: list[Standing] = []
    now = asdict(Standing(0))
    for at in sorted(told):
        changed = now | told[at]
        if changed != now or not found:
            found.append(Standing(**(changed | {"at": at})))
        now = changed
    return found
