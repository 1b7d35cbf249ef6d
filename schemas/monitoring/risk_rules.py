"""Reads the rules of the risk index, or reports all their faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from schemas.catalogue.model import Text
from schemas.catalogue.terms import read_texts
from schemas.located_yaml import Fields, Value
from schemas.monitoring.dated import (
    KINDS,
    Words,
    is_region,
    number,
    positive,
    read_sources,
    read_versions,
    source_of,
)
from schemas.monitoring.model import DEFAULT, RiskRule, RiskRules

LIFE_RULES = ("verified", "assisted", "cleared", "relapsed", "asked-after-dismissal")
_FIELDS = ("source", "signals", "requests", "kinds", "life", "levels", "names")
Levels = tuple[tuple[str, float], ...]


def read_risk(tree: Value, words: Words) -> tuple[RiskRules, ...]:
    """Return the versions of the risk rules."""
    top = tree.fields("sources", "versions")
    sources = read_sources(top.get("sources"))

    def read(name: str, since: int, fields: Fields) -> RiskRules:
        names = read_texts(fields.need("names"))
        rules = {
            **_rules("signal", fields.need("signals"), words.indicators),
            **_rules("request", fields.need("requests"), words.indicators),
            **_rules("kind", fields.need("kinds"), KINDS),
            **_rules("life", fields.need("life"), LIFE_RULES, named=True),
        }
        return RiskRules(
            name,
            since,
            MappingProxyType(rules),
            MappingProxyType(_levels_by_region(fields.need("levels"), names)),
            MappingProxyType(names),
            source_of(fields.need("source"), sources),
        )

    return read_versions(top.need("versions"), _FIELDS, read)


def _rules(
    group: str, value: Value | None, known: Iterable[str], named: bool = False
) -> dict[str, RiskRule]:
    allowed = tuple(known)
    found = {}
    for name, key, given in value.entries() if value else ():
        texts = ("zh", "en") if named else ()
        fields = given.fields("points", "half_life_d", *texts)
        rule = RiskRule(
            number(fields.need("points")),
            positive(half_life) if (half_life := fields.get("half_life_d")) else None,
            Text(*(_text(fields, each) for each in texts)) if named else Text("", ""),
        )
        if name not in allowed:
            key.fault(f"unknown {group} {name!r}; known: {', '.join(allowed)}")
        found[f"{group}:{name}"] = rule
    return found


def _text(fields: Fields, language: str) -> str:
    given = fields.need(language)
    return (given.text() or "") if given else ""


def _levels_by_region(value: Value | None, names: Mapping[str, Text]) -> dict[str, Levels]:
    if value is None:
        return {}
    fields = value.fields(DEFAULT, "regions")
    default, regions = fields.need(DEFAULT), fields.get("regions")
    found = {DEFAULT: _levels(default, names) if default else ()}
    for code, key, given in regions.entries() if regions else ():
        levels = _levels(given, names)
        if is_region(code, key):
            found[code] = levels
    return found


def _levels(value: Value, names: Mapping[str, Text]) -> Levels:
    found: list[tuple[str, float]] = []
    for name, key, given in value.entries():
        points = number(given)
        if name not in names:
            key.fault(f"level {name!r} has no name; add it under 'names'")
        if not found and points != 0:
            given.fault("the first level begins at 0")
        if found and points <= found[-1][1]:
            given.fault(f"{name!r} does not begin above {found[-1][0]!r} ({found[-1][1]:g})")
        found.append((name, points))
    return tuple(found)
