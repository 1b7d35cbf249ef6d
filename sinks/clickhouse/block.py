"""What is inserted at once: rows of one table from ranges of offsets, as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sinks.clickhouse.native import Column

MAX_INT32 = 2**31 - 1
MAX_UINT32 = 2**32 - 1
MAX_INT64 = 2**63 - 1
_CHANGES_PER_GENERATION = 2**40

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of ``rows`` values for ``table``; ``skipped`` counts records without a row by reason.

    ``token`` names the ranges of offsets that the rows come from: the same ranges give the same
    token and the same rows, so that ClickHouse can drop a block that was sent twice.
    """

    table: str
    columns: Mapping[str, Column]
    rows: int
    token: str
    skipped: Counter[str] = field(default_factory=Counter)


def version(generation: int, change: int) -> int:
    """Return one number that orders (generation, change), the generation first.

    There is room for 2^24 generations of 2^40 changes.
    """
    return generation * _CHANGES_PER_GENERATION + min(change, _CHANGES_PER_GENERATION - 1)


def clamp(value: int, least: int, most: int) -> int:
    """Return the number nearest to ``value`` that the column can hold."""
    return least if value < least else most if value > most else value
