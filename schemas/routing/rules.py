"""The rules of a routing: what keeps a storm from the readers, and what nothing silences.

Stands before the path of an event, read once with the other sections.
"""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from schemas.catalogue.model import Catalogue
from schemas.located_yaml import Fields, Value
from schemas.routing.fields import known, one, read_time
from schemas.routing.model import Rules

LANGUAGES = ("zh", "en")
PROVINCE = "province"
# What each number is at least: with none an hour, or no row in a table, nobody would hear anything.
_NUMBERS = {
    "horizon_h": 1, "gather_s": 0, "at_most_per_hour": 1, "rows_in_a_table": 1,
    "acknowledged_for_h": 1, "repeat_times": 0, "watchdog_every_s": 1,
}  # fmt: skip


def read_rules(
    value: Value, catalogue: Catalogue, endpoints: Collection[str], groups: Collection[str]
) -> Rules | None:
    """Return the rules, or report what is wrong with them."""
    fields = value.fields(
        "language",
        "working_time",
        "never_silenced",
        "provincial",
        "repeat_after_h",
        "watchdog",
        "alarm",
        *_NUMBERS,
    )
    read = {
        name: given.whole(at_least) if (given := fields.need(name)) else None
        for name, at_least in _NUMBERS.items()
    }
    language = one(fields.need("language"), LANGUAGES, "language")
    working = read_time(hours := fields.need("working_time"))
    if hours and working and working.from_min > working.until_min:
        hours.fault("working_time is of one day; from is after until: exchange them")
    repeats: dict[str, int] = {}
    given = fields.need("repeat_after_h")
    for level, key, after_h in given.entries() if given else ():
        if level not in catalogue.levels:
            key.fault(f"unknown level {level!r}; known: {', '.join(catalogue.levels)}")
        repeats[level] = after_h.whole() or 0
    silenced = _of_the_province(fields, "never_silenced", catalogue)
    provincial = _of_the_province(fields, "provincial", catalogue)
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


def _of_the_province(fields: Fields, name: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the levels of a field; what is asked of the province may not be missing there."""
    value = fields.need(name)
    found = known(value, catalogue.levels, "level")
    asked = {
        step.level
        for versions in catalogue.versions.values()
        for version in versions
        for clock in version.clocks.values()
        for step in clock.ladder
        if step.to == PROVINCE
    }
    if value and (missing := sorted(asked - set(found))):
        value.fault(f"{name} holds what goes to the province; add {', '.join(missing)}")
    return found
