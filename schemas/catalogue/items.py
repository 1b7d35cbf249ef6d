"""The items of one catalogue file: clocks, count rules, and whether each can work as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from schemas.catalogue.clocks import OVERALL, ReadClock, read_clock
from schemas.catalogue.model import AppliesTo, Clock, Item, Quota, Source, Text
from schemas.catalogue.quotas import ReadQuota, read_quota
from schemas.catalogue.terms import read_text
from schemas.catalogue.vocabulary import Vocabulary
from schemas.located_yaml import Fields, Value

ITEM_FIELDS = (
    "name",
    "supervised",
    "supervision_also_ends_with",
    "events_from_outside",
    "clocks",
    "quotas",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the head of a file says: whose rules, from which day to which (inclusive), for whom."""

    name: str
    in_force_from: dt.date
    in_force_until: dt.date | None
    department: str
    applies_to: AppliesTo = AppliesTo.NEW


@dataclass(frozen=True, slots=True)
class OfEveryItem:
    """The supervision clock and the count rules that ``general.yaml`` gives to the items."""

    overall: Clock
    quotas: tuple[Quota, ...]


def read_item(
    code: str,
    value: Value,
    policy: Policy,
    words: Vocabulary,
    sources: Mapping[str, Source],
    general: OfEveryItem,
) -> Item | None:
    """Return one item with its supervision clock last, or ``None`` if it has faults."""
    before = len(value.faults)
    fields = value.fields(*ITEM_FIELDS)
    name = fields.need("name")
    text = read_text(name) if name else Text("", "")
    clocks = _read_clocks(fields.need("clocks"), words, sources)
    quotas = _read_quotas(fields.get("quotas"), words, sources, general)
    outside = _declared(fields.get("events_from_outside"), words)
    overall = _overall(fields, clocks, words, general)
    if len(value.faults) > before:
        return None
    _check_reachable(clocks, quotas, words.general | set(outside))
    named = {read.clock.name: read.clock for read in clocks}
    if overall:
        named[OVERALL] = overall
    rules = tuple(read.quota for read in quotas) + general.quotas
    return Item(
        code=code,
        text=text,
        department=policy.department,
        clocks=MappingProxyType(named),
        quotas=rules,
        types=_types(named.values(), rules, words.general | set(outside)),
        supervised=OVERALL in named,
        policy=policy.name,
        in_force_from=policy.in_force_from,
        applies_to=policy.applies_to,
    )


def _types(
    clocks: Iterable[Clock], quotas: Iterable[Quota], others: Iterable[str]
) -> frozenset[str]:
    started = {start.event for clock in clocks for start in clock.starts}
    stopped = {event for clock in clocks for event in clock.stops}
    counted = {event for quota in quotas for event in quota.events}
    return frozenset(others) | started | stopped | counted


def _read_clocks(
    value: Value | None, words: Vocabulary, sources: Mapping[str, Source]
) -> list[ReadClock]:
    entries = value.entries() if value else ()
    read = [read_clock(name, given, words, sources) for name, _, given in entries]
    return [clock for clock in read if clock]


def _read_quotas(
    value: Value | None,
    words: Vocabulary,
    sources: Mapping[str, Source],
    general: OfEveryItem,
) -> list[ReadQuota]:
    taken = {quota.rule for quota in general.quotas}
    read = []
    for name, key, given in value.entries() if value else ():
        if name in taken:
            key.fault(f"every item already has the rule {name!r}; give this one another name")
        read.append(read_quota(name, given, words, sources))
    return [quota for quota in read if quota]


def _declared(value: Value | None, words: Vocabulary) -> list[str]:
    pairs = value.texts() if value else []
    return [name for name, place in pairs if words.event(name, place)]


def _overall(
    fields: Fields, clocks: Iterable[ReadClock], words: Vocabulary, general: OfEveryItem
) -> Clock | None:
    """Return the supervision clock that the item takes over from ``general.yaml``, if it does."""
    supervised, also = fields.get("supervised"), fields.get("supervision_also_ends_with")
    takes_over = bool(supervised.flag()) if supervised else False
    if takes_over and any(read.clock.name == OVERALL for read in clocks):
        fields.key("supervised").fault(
            "the item has an 'overall' clock of its own; leave 'supervised' out"
        )
    if also and not takes_over:
        fields.key("supervision_also_ends_with").fault("the item is not 'supervised: true'")
    stops = frozenset(_declared(also, words))
    return replace(general.overall, stops=general.overall.stops | stops) if takes_over else None


def _check_reachable(
    clocks: list[ReadClock], quotas: list[ReadQuota], occurring: frozenset[str] | set[str]
) -> None:
    """Report every clock or rule whose event can never occur in the item.

    Events occur that every item has, that come from outside, and that end a clock which can
    start. What only follows from a reported fault is not reported again.
    """
    known = _grown(set(occurring), clocks)
    ended_by = {event for read in clocks for event in read.stops}
    for roots_only in (True, False):
        for read in clocks:
            for event, place in read.starts.items():
                if event not in known and not (roots_only and event in ended_by):
                    place.fault(
                        f"{event!r} never occurs in this item, so {read.clock.name!r} never starts "
                        "by it and its stop is never reached: no clock that can start ends with "
                        "it; correct it, or name it under 'events_from_outside'"
                    )
        known = _grown(known | {e for read in clocks for e in read.starts} - ended_by, clocks)
    for quota in quotas:
        for event, place in quota.events.items():
            if event not in known | ended_by:
                place.fault(f"{event!r} never occurs in this item, so {quota.quota.rule!r} is idle")


def _grown(known: set[str], clocks: list[ReadClock]) -> set[str]:
    """Return the events that can occur, given those that do."""
    while True:
        reached = {
            event for read in clocks if not known.isdisjoint(read.starts) for event in read.stops
        }
        if reached <= known:
            return known
        known = known | reached
