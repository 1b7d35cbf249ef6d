"""A policy tried on history: the cases as one catalogue and calendar judge them.

Part of the core, beside the stream: nothing here is recorded or published. To whom a new policy
applies, its files say (``streams.core.carry_over``); a trial may say otherwise, for the newest
policy of each item.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from schemas.case_event import StoredEvent
from schemas.case_state import CaseState
from schemas.catalogue.model import AppliesTo, Catalogue
from streams.core.calendar import Calendars
from streams.core.case import Engine
from streams.core.explanation_trace import settle
from streams.core.rules import ItemRules, build_rules


class Trial:
    """Judges cases by one catalogue and calendar.

    ``open_too`` says whether the newest policy of each item governs live cycles too; without it
    the catalogue's files say so. A trial holds no state of a case. A case of an item that the
    catalogue lacks has no verdicts.
    """

    def __init__(
        self, catalogue: Catalogue, calendars: Calendars, *, open_too: bool | None = None
    ) -> None:
        if open_too is not None:
            newest = AppliesTo.OPEN if open_too else AppliesTo.NEW
            catalogue = applied_to(catalogue, newest)
        self.engine = Engine(build_rules(catalogue), calendars, catalogue)

    def judge(
        self, case_id: str, events: Iterable[StoredEvent], as_of: int
    ) -> tuple[CaseState, ItemRules | None]:
        """Return a case as of an instant (milliseconds), from its events in any order."""
        counted, _ = settle(case_id, events)
        state = CaseState(case_id, events=counted)
        item = next(
            (
                event.heading.item
                for event in counted
                if event.at <= as_of and event.heading is not None and event.heading.item
            ),
            None,
        )
        rules = None if item is None else self.engine.rules.get(item)
        if rules is not None:
            self.engine.refold(state, as_of)
        return state, rules


def applied_to(catalogue: Catalogue, whom: AppliesTo) -> Catalogue:
    """Return a catalogue with the newest policy of each item applied to other clocks."""
    versions = {
        code: (*versions[:-1], replace(versions[-1], applies_to=whom))
        for code, versions in catalogue.versions.items()
    }
    return replace(catalogue, versions=versions)


def up_to_policy(catalogue: Catalogue, policy: str) -> Catalogue:
    """Return a catalogue as it was when ``policy`` was its newest one.

    Raises ``KeyError`` for a policy that it does not have.
    """
    dates = [
        version.in_force_from
        for versions in catalogue.versions.values()
        for version in versions
        if version.policy == policy
    ]
    if not dates:
        raise KeyError(policy)
    kept = {
        code: tuple(version for version in versions if version.in_force_from <= dates[0])
        for code, versions in catalogue.versions.items()
    }
    return replace(catalogue, versions={code: kept[code] for code in kept if kept[code]})


def in_force_from(old: Catalogue, new: Catalogue, day: dt.date) -> Catalogue:
    """Return ``old`` with the newest versions of ``new`` in force from ``day`` instead.

    An item that only ``new`` has is in it from the beginning.
    """
    versions = dict(old.versions)
    for code, of_new in new.versions.items():
        before = tuple(v for v in old.versions.get(code, ()) if v.in_force_from < day)
        names = {version.policy for version in before}
        policy = of_new[-1].policy
        while policy in names:
            policy += "′"
        versions[code] = (*before, replace(of_new[-1], policy=policy, in_force_from=day))
    return replace(new, versions=versions)
