"""The rules of a routing: what keeps a storm from the readers, and what nothing silences.

Stands before the path of an event, read once with the other sections.
"""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from schemas.catalogue.model import Catalogue
from schemas.located_yaml import Value
from schemas.routing.fields import known, one, read_time
from schemas.routing.model import Rules

LANGUAGES = ("zh", "en")


def read_rules(
    value: Value, catalogue: Catalogue, endpoints: Collection[str], groups: Collection[str]
) -> Rules | None:
    """Return the rules, or report what is wrong with them."""
    numbers = (
        "horizon_h", "gather_s", "at_most_per_hour", "rows_in_a_table", "acknowledged_for_h",
        "repeat_times", "watchdog_every_s",
    )  # fmt: skip
    fields = value.fields(
        "language",
        "working_time",
        "never_silenced",
        "provincial",
        "repeat_after_h",
        "watchdog",
        "alarm",
        *numbers,
    )
    read = {name: given.whole() if (given := fields.need(name)) else None for name in numbers}
    language = one(fields.need("language"), LANGUAGES, "language")
    working = read_time(fields.need("working_time"))
    repeats: dict[str, int] = {}
    given = fields.need("repeat_after_h")
    for level, key, hours in given.entries() if given else ():
        if level not in catalogue.levels:
            key.fault(f"unknown level {level!r}; known: {', '.join(catalogue.levels)}")
        repeats[level] = hours.whole() or 0
    silenced = known(fields.need("never_silenced"), catalogue.levels, "level")
    provincial = known(fields.need("provincial"), catalogue.levels, "level")
    if language is None or working is None or None in read.values():
        return None
    return Rules(
        language=language,
        working_time=working,
        never_silenced=frozenset(silenced),
        provincial=frozenset(provincial),
        watchdog=one(fields.get("watchdog"), endpoints, "endpoint"),
        alarm=one(fields.get("alarm"), groups, "group"),
        repeat_after_h=MappingProxyType(repeats),
        **{name: number for name, number in read.items() if number is not None},
    )
