"""From the files of the routing to its frozen types, or to all their faults at once.

Stands before the path of an event: ``jushou notify`` and ``jushou route`` load it at start and
stop if it cannot work. A folder holds ``*.yaml`` files; each may have any of the sections, and a
section may be spread over several files. What a folder does not have comes from the shipped one:
endpoints, groups and texts of the words by name, people and rosters none; routes and rules as a
whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from schemas.action import Side
from schemas.calendars.load import load_calendar
from schemas.catalogue.load import load_catalogue
from schemas.catalogue.model import Catalogue
from schemas.located_yaml import Faults, Value, read_yaml
from schemas.regions.load import regions
from schemas.routing.check import check
from schemas.routing.endpoints import read_endpoint
from schemas.routing.fields import (
    known,
    one,
    read_absences,
    read_addresses,
    read_name,
    read_shifts,
    read_time,
)
from schemas.routing.model import Endpoint, Group, Person, Roster, Route, Routing
from schemas.routing.rules import LANGUAGES, read_rules
from schemas.routing.words import read_words

SHIPPED = Path(__file__).with_name("default")
_SECTIONS = (
    "allowed_hosts", "endpoints", "people", "rosters", "groups", "routes", "rules", "words",
)  # fmt: skip
PER = ("county", "prefecture", "department")
# Names are parts of a recipient's name, "group/place@endpoint" or "person/name@endpoint".
_NAME = re.compile(r"(?!person$)[\w-]+")
_T = TypeVar("_T")


class Sections:
    """The named values of each section over all files, an own folder's before the shipped."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.named: dict[str, dict[str, Value]] = {name: {} for name in _SECTIONS}
        self.whole: dict[str, Value] = {}
        self.hosts: dict[str, Value] = {}
        # By language, an own folder's words before the shipped: single texts may be replaced.
        self.words: dict[str, list[Value]] = {}

    def add_folder(self, folder: Path) -> None:
        """Take in the files of a folder; a name that an earlier folder gave stays as it is."""
        here: dict[str, dict[str, Value]] = {name: {} for name in _SECTIONS}
        whole: dict[str, Value] = {}
        paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
        if not paths:
            self.faults.add(folder, 1, "is not a folder with *.yaml files")
        for path in paths:
            tree = read_yaml(path, self.faults)
            fields = tree.fields(*_SECTIONS) if tree else None
            for section in _SECTIONS if fields else ():
                if given := fields.get(section) if fields else None:
                    self._take(section, given, here[section], whole)
        for section, values in here.items():
            self.named[section] = values | self.named[section]
        for language, value in here["words"].items():
            self.words.setdefault(language, []).append(value)
        self.whole = whole | self.whole

    def _take(
        self, section: str, given: Value, here: dict[str, Value], whole: dict[str, Value]
    ) -> None:
        if section == "allowed_hosts":
            self.hosts |= dict(given.texts())
        elif section in ("routes", "rules"):
            if section in whole:
                given.fault(f"{section} already stand in {whole[section].place}; leave one")
            whole.setdefault(section, given)
        else:
            for name, key, value in given.entries():
                if not _NAME.fullmatch(name):
                    key.fault(f"{name!r} is no name; use letters, digits, - and _ (not 'person')")
                if name in here:
                    key.fault(f"{name!r} already stands in {here[name].place}; leave one out")
                here.setdefault(name, value)


@cache
def shipped_routing() -> Routing:
    """Return the shipped routing, which needs nobody configured; read once per process."""
    return load_routing()


def load_routing(folder: Path | None = None, catalogue: Catalogue | None = None) -> Routing:
    """Return the routing of ``folder`` over the shipped one, or the shipped one alone.

    Raises ``Misconfigured`` with every fault of every file, each as ``file:line: message``.
    """
    faults = Faults()
    sections = Sections(faults)
    if folder is not None:
        sections.add_folder(folder)
    sections.add_folder(SHIPPED)
    found = _read(sections, catalogue or load_catalogue())
    faults.raise_if_any()
    assert found is not None, "what could not be read must have a fault"
    check(found, sections.named, sections.whole["routes"], faults)
    faults.raise_if_any()
    return found


def _read(sections: Sections, catalogue: Catalogue) -> Routing | None:
    named = sections.named
    endpoints = _each(named["endpoints"], lambda n, v: read_endpoint(n, v, sections.hosts))
    people = _each(named["people"], lambda n, v: _person(n, v, endpoints, named))
    rosters = _each(named["rosters"], lambda n, v: _roster(n, v, named["people"]))
    groups = _each(named["groups"], lambda n, v: _group(n, v, endpoints, named))
    routes = [
        _route(number, value, named["groups"], catalogue)
        for number, value in enumerate(sections.whole["routes"].items(), 1)
    ]
    rules = read_rules(sections.whole["rules"], catalogue, named["endpoints"], named["groups"])
    words = read_words(sections.words, catalogue)
    if rules is None:
        return None
    return Routing(
        endpoints=MappingProxyType(endpoints),
        allowed_hosts=frozenset(host.lower() for host in sections.hosts),
        people=MappingProxyType(people),
        rosters=MappingProxyType(rosters),
        groups=MappingProxyType(groups),
        routes=tuple(routes),
        rules=rules,
        words=words,
        catalogue=catalogue,
        regions=regions(),
        calendar=load_calendar(),
    )


def _each(values: dict[str, Value], read: Callable[[str, Value], _T | None]) -> dict[str, _T]:
    read_all = ((name, read(name, value)) for name, value in values.items())
    return {name: found for name, found in read_all if found is not None}


def _person(
    name: str, value: Value, endpoints: dict[str, Endpoint], named: dict[str, dict[str, Value]]
) -> Person:
    fields = value.fields("name", "reached_by", "language", "quiet", "away")
    return Person(
        name,
        read_name(fields),
        read_addresses(fields.need("reached_by"), endpoints, named["endpoints"]),
        one(fields.get("language"), LANGUAGES, "language"),
        read_time(fields.get("quiet")),
        read_absences(fields.get("away"), named["people"]),
    )


def _roster(name: str, value: Value, people: Collection[str]) -> Roster:
    fields = value.fields("shifts", "otherwise")
    return Roster(
        name,
        read_shifts(fields.need("shifts"), people),
        known(fields.need("otherwise"), people, "person"),
    )


def _group(
    name: str, value: Value, endpoints: dict[str, Endpoint], named: dict[str, dict[str, Value]]
) -> Group:
    fields = value.fields(
        "name", "per", "reached_by", "members", "roster", "fallback", "quiet", "side"
    )
    group = Group(
        name,
        read_name(fields),
        known(fields.get("per"), PER, "part"),
        read_addresses(fields.get("reached_by"), endpoints, named["endpoints"]),
        known(fields.get("members"), named["people"], "person"),
        one(fields.get("roster"), named["rosters"], "roster"),
        one(fields.get("fallback"), named["groups"], "group"),
        read_time(fields.get("quiet")),
        Side(one(fields.get("side"), [side.value for side in Side], "side") or Side.OWNER),
    )
    if not any(fields.get(way) for way in ("reached_by", "members", "roster")):
        value.fault_of_name(f"{name!r} reaches nobody; give reached_by, members or a roster")
    return group


def _route(number: int, value: Value, groups: Collection[str], catalogue: Catalogue) -> Route:
    fields = value.fields(
        "name", "to", "levels", "items", "departments", "regions", "send_to", "goes_on"
    )
    units = {*regions().counties, *regions().prefectures}
    goes_on, name = fields.get("goes_on"), fields.get("name")
    return Route(
        name=(name.text() if name else None) or str(number),
        send_to=known(fields.need("send_to"), groups, "group"),
        to=frozenset(known(fields.get("to"), catalogue.recipients, "recipient")),
        levels=frozenset(known(fields.get("levels"), catalogue.levels, "level")),
        items=frozenset(known(fields.get("items"), catalogue.versions, "item")),
        departments=frozenset(
            known(fields.get("departments"), catalogue.departments, "department")
        ),
        regions=frozenset(known(fields.get("regions"), units, "county or prefecture")),
        goes_on=bool(goes_on.flag()) if goes_on else False,
    )
