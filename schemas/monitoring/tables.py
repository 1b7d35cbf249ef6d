"""Reads indicators, categories, thresholds and lead windows; each reports all its faults."""

from __future__ import annotations

import re
from types import MappingProxyType

from schemas.catalogue.model import Text
from schemas.catalogue.terms import read_text
from schemas.located_yaml import Fields, Value
from schemas.monitoring.dated import (
    KINDS,
    Sources,
    Words,
    is_region,
    number,
    read_sources,
    read_versions,
    source_of,
)
from schemas.monitoring.model import (
    DEFAULT,
    MONTH,
    Categories,
    Category,
    Indicator,
    LeadWindow,
    Threshold,
    Thresholds,
)

_COMPARE = ("at-least", "at-most")
_DAYS = re.compile(r"([1-9][0-9]{0,2})d")


def read_indicators(tree: Value, words: Words) -> dict[str, Indicator]:
    """Return the indicators by code; one that the signal knows and the file lacks is reported."""
    top = tree.fields("sources", "indicators")
    sources = read_sources(top.get("sources"))
    table = top.need("indicators")
    found: dict[str, Indicator] = {}
    asked: dict[str, str] = {}
    for code, key, given in table.entries() if table else ():
        indicator = _indicator(code, given, sources, words, asked)
        if words.knows(code, key):
            found[code] = indicator
    missing = [code for code in words.indicators if code not in found]
    if table and missing and table.is_mapping:
        table.fault(f"missing: {', '.join(missing)}; add them")
    return found


def _indicator(
    code: str, value: Value, sources: Sources, words: Words, asked: dict[str, str]
) -> Indicator:
    fields = value.fields("name", "unit", "compare", "asked_by", "source")
    name, unit = fields.need("name"), fields.need("unit")
    compare, items = fields.get("compare"), fields.need("asked_by")
    how = (compare.text() if compare else None) or _COMPARE[0]
    if compare and how not in _COMPARE:
        compare.fault(f"unknown {how!r}; write {' or '.join(_COMPARE)}")
    asked_by = []
    for item, place in items.texts() if items else ():
        if item not in words.items:
            place.fault(f"unknown item {item!r}; `jushou catalogue` lists them")
        elif asked.setdefault(item, code) != code:
            place.fault(f"{item!r} already asks about {asked[item]!r}; leave one")
        asked_by.append(item)
    return Indicator(
        code,
        read_text(name) if name else Text("", ""),
        read_text(unit) if unit else Text("", ""),
        how == "at-most",
        tuple(asked_by),
        source_of(fields.need("source"), sources),
    )


def read_categories(tree: Value) -> tuple[Categories, ...]:
    """Return the versions of the categories."""
    top = tree.fields("sources", "versions")
    sources = read_sources(top.get("sources"))

    def read(name: str, since: int, fields: Fields) -> Categories:
        kinds = fields.need("kinds")
        by_kind = kinds.fields(*KINDS) if kinds else None
        found = {
            kind: _category(given)
            for kind in KINDS
            if by_kind and (given := by_kind.need(kind)) is not None
        }
        source = source_of(fields.need("source"), sources)
        return Categories(name, since, MappingProxyType(found), source)

    return read_versions(top.need("versions"), ("source", "kinds"), read)


def _category(value: Value) -> Category:
    fields = value.fields("code", "zh", "en")
    given = [fields.need(name) for name in ("code", "zh", "en")]
    code, zh, en = ((each.text() or "") if each else "" for each in given)
    return Category(code, Text(zh, en))


def read_thresholds(tree: Value, words: Words) -> tuple[Thresholds, ...]:
    """Return the versions of the thresholds; the default must have every indicator."""
    top = tree.fields("sources", "versions")
    sources = read_sources(top.get("sources"))

    def read(name: str, since: int, fields: Fields) -> Thresholds:
        default, regions = fields.need(DEFAULT), fields.get("regions")
        by_region = {DEFAULT: _thresholds(default, sources, words)}
        missing = [code for code in words.indicators if code not in by_region[DEFAULT]]
        if default and missing and default.is_mapping:
            default.fault(f"missing: {', '.join(missing)}; add a threshold for each")
        for code, key, given in regions.entries() if regions else ():
            table = _thresholds(given, sources, words)
            if is_region(code, key):
                by_region[code] = table
        return Thresholds(name, since, MappingProxyType(by_region))

    return read_versions(top.need("versions"), (DEFAULT, "regions"), read)


def _thresholds(value: Value | None, sources: Sources, words: Words) -> dict[str, Threshold]:
    found = {}
    for code, key, given in value.entries() if value else ():
        fields = given.fields("value", "source", *KINDS)
        own = {kind: _amount(fields.get(kind)) for kind in KINDS if fields.get(kind)}
        threshold = Threshold(
            _amount(fields.need("value")),
            MappingProxyType(own),
            source_of(fields.need("source"), sources),
        )
        if words.knows(code, key):
            found[code] = threshold
    return found


def _amount(value: Value | None) -> float:
    amount = number(value)
    if value is not None and amount < 0:
        value.fault("a threshold is not below 0")
    return amount


def read_windows(tree: Value) -> tuple[LeadWindow, ...]:
    """Return the versions of the lead windows."""
    top = tree.fields("sources", "versions")
    sources = read_sources(top.get("sources"))

    def read(name: str, since: int, fields: Fields) -> LeadWindow:
        window = fields.need("window")
        written = window.text() if window else None
        days = _DAYS.fullmatch(written or "")
        if window and written and written != MONTH and not days:
            window.fault(f"expected month, or a number of days such as 30d, not {written!r}")
        source = source_of(fields.need("source"), sources)
        return LeadWindow(name, since, int(days[1]) if days else None, source)

    return read_versions(top.need("versions"), ("window", "source"), read)
