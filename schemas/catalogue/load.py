"""From the files of the catalogue to its frozen types, or to all their faults at once.

Stands before the path of an event: every process loads the catalogue at start and stops if it
cannot work. A folder holds one policy or several below it; each ``*.yaml`` is the file of one
department, and one ``general.yaml`` holds what all share. A later policy is another folder (or
file) with a later ``in_force_from`` that holds only the items that it changes, whole; its head
says with ``applies_to: open`` that it governs the clocks that are live on that day too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from schemas.catalogue.clocks import OVERALL, read_clock
from schemas.catalogue.items import OfEveryItem, Policy, read_item
from schemas.catalogue.model import AppliesTo, Catalogue, Item
from schemas.catalogue.quotas import read_quota
from schemas.catalogue.versions import ReadVersion, check_policies, order_versions
from schemas.catalogue.vocabulary import (
    GENERAL_FIELDS,
    Vocabulary,
    read_sources,
    read_vocabulary,
)
from schemas.located_yaml import Faults, Fields, Value, read_yaml

SHIPPED = Path(__file__).parent
_GENERAL = "general.yaml"
# Stands in for a head that has a fault, so that the items below it are checked all the same.
_UNKNOWN = Policy("", dt.date.min, None, "")
_DEPARTMENT_FIELDS = (
    "policy",
    "in_force_from",
    "in_force_until",
    "applies_to",
    "department",
    "events",
    "sources",
    "items",
)


def load_catalogue(folders: Sequence[Path] | None = None) -> Catalogue:
    """Return the catalogue of ``folders``, or the shipped one.

    Raises ``Misconfigured`` with every fault of every file, each as ``file:line: message``. The
    shipped catalogue is read once per process.
    """
    return _shipped() if folders is None else _load(folders)


@cache
def _shipped() -> Catalogue:
    return _load([SHIPPED])


def _load(folders: Sequence[Path]) -> Catalogue:
    faults = Faults()
    trees = [tree for path in _files(folders, faults) if (tree := read_yaml(path, faults))]
    generals = [tree.fields(*GENERAL_FIELDS) for tree in trees if tree.path.name == _GENERAL]
    departments = [tree.fields(*_DEPARTMENT_FIELDS) for tree in trees if tree.path.name != _GENERAL]
    for second in generals[1:]:
        second.value.fault(f"{_GENERAL} is already given in {generals[0].value.place}; leave one")
    if not generals:
        if not len(faults):
            faults.add(folders[0] if folders else SHIPPED, 1, f"there is no {_GENERAL} below it")
        faults.raise_if_any()
    words = read_vocabulary(generals[0], departments)
    general = _read_general(generals[0], words)
    heads = [_read_head(fields, words) for fields in [generals[0], *departments]]
    check_policies([head for head in heads if head])
    if general is None:
        faults.raise_if_any()
        raise AssertionError("a general file without a supervision clock must have a fault")
    versions = [
        version
        for fields, head in zip(departments, heads[1:], strict=True)
        for version in _read_items(fields, head[0] if head else None, words, general)
    ]
    ordered = order_versions(versions)
    faults.raise_if_any()
    return Catalogue(
        versions=MappingProxyType(ordered),
        types=MappingProxyType(words.types),
        departments=MappingProxyType(words.departments),
        levels=MappingProxyType(words.levels),
        recipients=MappingProxyType(words.recipients),
        pauses=MappingProxyType(words.pauses),
        general=words.general,
        terminal=words.terminal,
    )


def _files(folders: Sequence[Path], faults: Faults) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        below = sorted(folder.rglob("*.y*ml")) if folder.is_dir() else []
        if not below:
            faults.add(folder, 1, "is not a folder with *.yaml files")
        for path in below:
            if path.suffix == ".yml":
                faults.add(path, 1, "would be left out; name it *.yaml")
        found += [path for path in below if path.suffix == ".yaml" and path not in found]
    return found


def _read_general(fields: Fields, words: Vocabulary) -> OfEveryItem | None:
    given = fields.need("overall")
    overall = read_clock(OVERALL, given, words, words.sources) if given else None
    rules = fields.get("quotas")
    quotas = [
        read_quota(name, value, words, words.sources)
        for name, _, value in (rules.entries() if rules else ())
    ]
    if overall is None:
        return None
    return OfEveryItem(overall.clock, tuple(read.quota for read in quotas if read))


def _read_head(fields: Fields, words: Vocabulary) -> tuple[Policy, Value] | None:
    """Return what the head of a file says, and the place of its date."""
    before = len(fields.value.faults)
    policy, since = fields.need("policy"), fields.need("in_force_from")
    name, first_day = (policy.text() if policy else None), (since.date() if since else None)
    last_day, department, applies_to = None, "", AppliesTo.NEW
    if fields.value.path.name != _GENERAL:
        until, given = fields.get("in_force_until"), fields.need("department")
        last_day = until.date() if until else None
        department = (given.text() if given else None) or ""
        applies_to = _read_applies_to(fields.get("applies_to"))
        if given and department and department not in words.departments:
            given.fault(f"unknown department {department!r}; known: {', '.join(words.departments)}")
        if until and last_day and first_day and last_day < first_day:
            until.fault(f"{last_day} is before the policy is in force ({first_day})")
    if name is None or first_day is None or since is None or len(fields.value.faults) > before:
        return None
    return Policy(name, first_day, last_day, department, applies_to), since


def _read_applies_to(value: Value | None) -> AppliesTo:
    """Return whose clocks the file's policy governs: without a word those that start under it."""
    given = value.text() if value else None
    if value is None or given is None:
        return AppliesTo.NEW
    if given in list(AppliesTo):
        return AppliesTo(given)
    value.fault(
        f"unknown {given!r}; write new (clocks that start under the policy) or open (live ones too)"
    )
    return AppliesTo.NEW


def _read_items(
    fields: Fields, policy: Policy | None, words: Vocabulary, general: OfEveryItem
) -> list[ReadVersion]:
    """Return the items of a department's file; under a faulty head they are only checked."""
    sources = words.sources | read_sources(fields.get("sources"))
    items = fields.need("items")
    read = []
    for code, key, value in items.entries() if items else ():
        item = read_item(code, value, policy or _UNKNOWN, words, sources, general)
        if item and policy:
            read.append(ReadVersion(item, policy.in_force_until, key))
    return read


def newest_items(catalogue: Catalogue) -> list[Item]:
    """Return every item as its newest policy has it, in the order of the files."""
    return [versions[-1] for versions in catalogue.versions.values()]
