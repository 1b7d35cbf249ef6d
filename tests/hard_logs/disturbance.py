"""What arrival does to records: duplicates, contradictions, disorder, other spellings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from random import Random
from typing import TypeVar

from tests.hard_logs.instants import spelled
from tests.hard_logs.vocabulary import ALL_TYPES, UNKNOWN_TYPES
from tests.reference.catalogue import CLOCKS
from tests.reference.instants import DAY_MS, HOUR_MS, to_ms
from tests.reference.reading import Record

T = TypeVar("T")
# Any record can be turned into one of these and stay a good one; `submitted` needs more fields.
OTHER_TYPES = sorted({*ALL_TYPES, *UNKNOWN_TYPES} - {"submitted"})


def disturbed(rng: Random, records: list[Record]) -> list[Record]:
    """With duplicates and records that contradict one of the same identity."""
    out = list(records)
    for record in records:
        if rng.random() < 0.12:
            out.append(dict(reversed(list(record.items()))))
        if rng.random() < 0.12:
            out.append(contradicted(rng, record))
    return out


def contradicted(rng: Random, record: Record) -> Record:
    """Another record of the same identity that differs in one thing or another."""
    shift_ms = rng.choice([-1, 1, 0, 0, DAY_MS, -DAY_MS, 3 * HOUR_MS, 400 * DAY_MS])
    other_type = rng.choice(OTHER_TYPES)
    other_attributes = rng.choice([None, {}, {"confirmed": True}, {"round": 3}, {"offers": 16}])
    changes: list[Record] = [
        {"occurred_at": spelled(rng, to_ms(record["occurred_at"]) + shift_ms)},
        {"type": other_type},
        {"type": other_type, "attributes": other_attributes},
        {"attributes": other_attributes},
        {"attributes": {**(record.get("attributes") or {}), "by": "5wd", "x": "ü"}},
        {"x_revision": rng.choice([1, 1.0, "1", None])},
        {"sequence": rng.choice([0, 1, None])},
        {"item": rng.choice(sorted(CLOCKS))},
    ]
    return {**record, **rng.choice(changes)}


def lines_of(log: Iterable[Record], seed: int = 0) -> list[bytes]:
    """The records as JSON lines, each in one of the spellings of the same object."""
    rng = Random(seed)
    lines = []
    for record in log:
        keys = shuffled(rng, list(record))
        spaced = rng.choice([(",", ":"), (", ", ": ")])
        text = json.dumps(
            {key: record[key] for key in keys},
            ensure_ascii=rng.random() < 0.5,
            separators=spaced,
        )
        lines.append(text.encode())
    return lines


def shuffled(rng: Random, values: list[T]) -> list[T]:
    """A shuffled copy."""
    copy = list(values)
    rng.shuffle(copy)
    return copy
