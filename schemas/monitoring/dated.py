"""What the readers of monitoring files share: dated versions, sources, numbers, known words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from schemas.catalogue.model import Certainty, Source, Text
from schemas.catalogue.terms import read_source
from schemas.instants import day_of_date, start_of_day
from schemas.located_yaml import Fields, Value
from schemas.monitoring.model import DEFAULT, Dated
from schemas.regions.load import regions

KINDS = ("unstable", "marginal", "sudden")
Sources = Mapping[str, Source]
V = TypeVar("V", bound=Dated)
# Stands in for a source with a fault, so that what names it is checked all the same.
_UNKNOWN = Source(Certainty.ASSUMED, Text("", ""))


@dataclass(frozen=True, slots=True)
class Words:
    """The words that the files may use: indicators of the signal, items of the catalogue."""

    indicators: tuple[str, ...]
    items: frozenset[str]

    def knows(self, indicator: str, place: Value) -> bool:
        """Say whether an indicator exists; report it if not."""
        if indicator in self.indicators:
            return True
        place.fault(f"unknown indicator {indicator!r}; known: {', '.join(self.indicators)}")
        return False


def read_sources(value: Value | None) -> dict[str, Source]:
    """Return the named sources of a file."""
    return {name: read_source(given) for name, _, given in value.entries()} if value else {}


def source_of(value: Value | None, sources: Sources) -> Source:
    """Return the named source; one that the file does not have is reported."""
    name = value.text() if value else None
    if value is None or name is None:
        return _UNKNOWN
    if name not in sources:
        value.fault(f"unknown source {name!r}; name it under 'sources' of this file")
    return sources.get(name, _UNKNOWN)


def number(value: Value | None) -> float:
    """Return a number, 0 where it is none and reported."""
    given = value.scalar() if value else None
    if value is None or given is None:
        return 0.0
    if isinstance(given, bool) or not isinstance(given, int | float):
        value.fault(f"expected a number, not {given!r}")
        return 0.0
    return float(given)


def positive(value: Value | None) -> float:
    """Return a number above 0; else it is reported and reads as 1."""
    before = len(value.faults) if value else 0
    found = number(value)
    if value is not None and found <= 0 and len(value.faults) == before:
        value.fault("expected a number above 0")
    return found if found > 0 else 1.0


def is_region(code: str, place: Value) -> bool:
    """Say whether a code is ``default``, a county or a prefecture; report it if not."""
    if code == DEFAULT or code in regions():
        return True
    place.fault(f"unknown region {code!r}; write the 6 digits of a county or prefecture of Yunnan")
    return False


def read_versions(
    value: Value | None, known: tuple[str, ...], read: Callable[[str, int, Fields], V | None]
) -> tuple[V, ...]:
    """Return the versions of a table in the order of the day from which they are in force."""
    found: dict[dt.date, V] = {}
    for name, key, given in value.entries() if value else ():
        fields = given.fields("in_force_from", *known)
        since = fields.need("in_force_from")
        day = since.date() if since else None
        at = start_of_day(day_of_date(day)) if day else 0
        version = read(name, at, fields)
        if day in found and since:
            since.fault(f"another version is in force from {day} already; leave one")
        elif version is not None and day is not None:
            found[day] = version
        del key
    if value is not None and not found and not len(value.faults):
        value.fault("there is no version; add one")
    return tuple(found[day] for day in sorted(found))
