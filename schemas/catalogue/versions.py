"""The versions of an item side by side: one policy holds on every day, and it is clear which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from schemas.catalogue.items import Policy
from schemas.catalogue.model import Item
from schemas.located_yaml import Value

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """One version of an item, the last day it says to hold on (if it says so), and its place."""

    item: Item
    in_force_until: dt.date | None
    place: Value


def check_policies(heads: Iterable[tuple[Policy, Value]]) -> None:
    """Report a policy that two files date differently."""
    dated: dict[str, tuple[Policy, Value]] = {}
    for policy, place in heads:
        first, its_place = dated.setdefault(policy.name, (policy, place))
        if first.in_force_from != policy.in_force_from:
            place.fault(
                f"policy {policy.name!r} is in force from {first.in_force_from} in "
                f"{its_place.place}; give one date, or this policy another name"
            )


def order_versions(versions: Iterable[ReadVersion]) -> dict[str, tuple[Item, ...]]:
    """Return every item's versions, oldest first; overlaps and gaps are reported."""
    by_code: dict[str, list[ReadVersion]] = {}
    for version in versions:
        by_code.setdefault(version.item.code, []).append(version)
    for of_item in by_code.values():
        of_item.sort(key=lambda version: version.item.in_force_from)
        for earlier, later in pairwise(of_item):
            _check_succession(earlier, later)
        _check_last(of_item[-1])
    return {code: tuple(version.item for version in all_) for code, all_ in by_code.items()}


def _check_succession(earlier: ReadVersion, later: ReadVersion) -> None:
    since, until = later.item.in_force_from, earlier.in_force_until
    code, place = later.item.code, earlier.place.place
    if earlier.item.in_force_from == since:
        later.place.fault(
            f"item {code!r} is already defined from {since} in {place}; give the later policy a "
            "later date, or leave one out"
        )
    elif until and until >= since:
        later.place.fault(
            f"from {since} item {code!r} overlaps the version in {place}, in force until {until}; "
            f"end that one on {since - _DAY}"
        )
    elif until and until + _DAY < since:
        later.place.fault(
            f"no version of item {code!r} is in force between {until} ({place}) and {since}; "
            "close the gap"
        )


def _check_last(version: ReadVersion) -> None:
    if version.in_force_until:
        version.place.fault(
            f"nothing says what holds for item {version.item.code!r} after "
            f"{version.in_force_until}; add a later version, or leave 'in_force_until' out"
        )
