"""The rules that are counts, not times: over all events of the case, open or closed."""

from __future__ import annotations

from tests.reference.order import attributes_of
from tests.reference.reading import Record


def broken_rules(item: str, events: list[Record]) -> list[tuple[str, Record]]:
    """(rule, event) for every event at which a rule is broken."""
    broken = [("reason-required", event) for event in events if lacks_reason(event)]
    if item == "employment.job":
        broken += job_counts(events)
    if item == "employment.training":
        broken += training_counts(events)
    return broken


def lacks_reason(event: Record) -> bool:
    """A `rejected` whose reason is missing, null or blank."""
    reason = attributes_of(event).get("reason")
    is_blank = isinstance(reason, str) and not reason.strip()
    return event["type"] == "rejected" and (reason is None or is_blank)


def job_counts(events: list[Record]) -> list[tuple[str, Record]]:
    """At most 3 rounds, 15 offers in each, 45 offers in all; a round is one `recommended`."""
    broken = []
    rounds = 0
    offers = 0
    for event in events:
        if event["type"] == "recommended":
            here = attributes_of(event).get("offers") or 0
            rounds += 1
            offers += here
            if rounds > 3:
                broken.append(("rounds", event))
            if here > 15:
                broken.append(("offers-per-round", event))
            if offers > 45:
                broken.append(("offers", event))
    return broken


def training_counts(events: list[Record]) -> list[tuple[str, Record]]:
    """At most 2 rounds, 3 where any event of the case says `zero_employment: true`."""
    says_so = any(attributes_of(event).get("zero_employment") is True for event in events)
    rounds = [event for event in events if event["type"] in ("organised", "mobilised")]
    return [("rounds", event) for event in rounds[3 if says_so else 2 :]]
