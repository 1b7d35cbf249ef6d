"""Identity and order: which records are events of a case, in which order, and of which item."""

from __future__ import annotations

from typing import Any

from tests.reference.catalogue import types_of
from tests.reference.instants import to_ms
from tests.reference.reading import Record, canonical


def settle(records: list[Record]) -> tuple[list[Record], list[Record]]:
    """(one record per identity, the records that lost to a differing one)."""
    by_identity: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        identity = (record["case_id"], record["event_id"])
        by_identity.setdefault(identity, {})[canonical(record)] = record
    kept: list[Record] = []
    lost: list[Record] = []
    for differing in by_identity.values():
        ranked = sorted(differing.values(), key=rank)
        kept.append(ranked[0])
        lost.extend(ranked[1:])
    return kept, lost


def rank(record: Record) -> tuple[int, str, str, str]:
    """Of differing records with one identity the one with the smallest rank counts."""
    return (
        to_ms(record["occurred_at"]),
        record["type"],
        canonical(attributes_of(record)),
        canonical(record),
    )


def conflicts(records: list[Record]) -> list[Record]:
    """The records that differ from the one that counts for their identity."""
    return settle(records)[1]


def attributes_of(record: Record) -> dict[str, Any]:
    """No attributes and null are `{}`."""
    return record.get("attributes") or {}


def place(record: Record) -> tuple[int, int, str]:
    """(`occurred_at`, `sequence` or 0, `event_id` by code point)."""
    return (to_ms(record["occurred_at"]), record.get("sequence") or 0, record["event_id"])


def cases(records: list[Record], as_of_ms: int) -> dict[str, tuple[str, list[Record]]]:
    """Per case whose item is known: the item, and its events of known type in order."""
    kept, _ = settle(records)
    by_case: dict[str, list[Record]] = {}
    for record in kept:
        if to_ms(record["occurred_at"]) <= as_of_ms:
            by_case.setdefault(record["case_id"], []).append(record)
    judged = {}
    for case_id, events in by_case.items():
        events.sort(key=place)
        items = [event["item"] for event in events if event.get("item") is not None]
        if items:
            known = types_of(items[0])
            judged[case_id] = (items[0], [event for event in events if event["type"] in known])
    return judged
