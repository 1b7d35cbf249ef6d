"""Absolute counts that the worker keeps for the page, one per group and partition.

Published on ``jushou.aggregates.v1`` (JSON) when they change; the warehouse keeps the newest per
group and partition and sums over partitions. They are absolute, so a replay cannot add twice.
"Late" is never counted: it is derived when asked, from ``due_at``, so that a page is right even
when nothing arrives.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

SCHEMA_VERSION = "1"


class Measure(StrEnum):
    """What a count counts, and which of the dimensions it has.

    ``received``: cases, by ``day`` submitted, county, item, raised_by, channel.
    ``closed``: cases, by ``day`` closed, county, item, raised_by, ``status`` (the outcome).
    ``open``: open cases, by county, item, department, raised_by, ``due_at`` (the earliest due of
    its running clocks) and ``supervised_from`` (due of ``overall``).
    Clocks are not counted: nearly every one would be a group of its own. Questions about them go
    to the verdicts in the warehouse.
    """

    RECEIVED = "received"
    CLOSED = "closed"
    OPEN = "open"


class Group(Struct, frozen=True, array_like=True):
    """The dimensions of one count; those that a measure does not have are null.

    ``day`` is a Shanghai day ``YYYY-MM-DD``; ``due_at`` and ``supervised_from`` are milliseconds
    since 1970 UTC, rounded up to the minute, null where no clock runs towards a due instant.
    """

    measure: str
    day: str | None = None
    county: str | None = None
    item: str | None = None
    department: str | None = None
    raised_by: str | None = None
    channel: str | None = None
    clock: str | None = None
    status: str | None = None
    due_at: int | None = None
    supervised_from: int | None = None


class Aggregate(Struct, kw_only=True):
    """One count. (``generation``, ``change``) orders two counts of one group and partition."""

    group: Group
    partition: int
    count: int
    generation: int
    change: int
    schema_version: str = SCHEMA_VERSION
