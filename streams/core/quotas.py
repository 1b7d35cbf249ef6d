"""Rules that are counts, not times: each event that breaks one is a violation, never fatal.

Part of the core. Counts run over all events of a case that had their effect or would have had
one, open or closed, and are never reset.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.case_event import StoredEvent
from schemas.case_state import Violation
from schemas.catalogue.model import Quota
from streams.core.rules import ItemRules, holds


def violations(events: Sequence[StoredEvent], rules: ItemRules) -> list[Violation]:
    """Return the violations of a case's applied events, in their order."""
    by_type, relaxing = rules.by_type, rules.relaxing
    known, kinds = [], set()
    for event in events:
        can = by_type.get(event.type)
        if can is not None and (can.counts or relaxing):
            known.append(event)
            kinds.add(event.type)
    found: list[Violation] = []
    for quota in rules.quotas:
        if not kinds.isdisjoint(quota.events):
            found += _broken(quota, known)
    return found


def _broken(quota: Quota, known: Sequence[StoredEvent]) -> list[Violation]:
    at_most = quota.at_most
    relaxed = quota.relaxed_where
    if relaxed is not None and any(holds(relaxed, event.attributes) for event in known):
        at_most = quota.relaxed_to
    count, broken = 0, []
    for event in known:
        if event.type not in quota.events:
            continue
        amount = _amount(quota, event)
        count = amount if quota.measure in ("each", "required") else count + amount
        if count > (at_most or 0):
            broken.append(Violation(quota.rule, event.event_id))
    return broken


def _amount(quota: Quota, event: StoredEvent) -> int:
    if quota.measure == "events":
        return 1
    value = (event.attributes or {}).get(quota.attribute or "")
    if quota.measure == "required":
        blank = value is None or (isinstance(value, str) and not value.strip())
        return int(blank)
    return int(value or 0)
