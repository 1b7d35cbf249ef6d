"""Short ways to say what tests need: events, records as a broker delivers them, instants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from schemas.instants import parse_instant
from streams.agents.keeper import CaseKeeper, Effects
from streams.core.case import Engine
from streams.core.replay import default_engine
from streams.state.partition import PartitionState


@cache
def engine() -> Engine:
    """The engine with the shipped catalogue and calendar, built once."""
    return default_engine()


def at(text: str) -> int:
    """An instant at +08:00: ``at("2026-03-02 09:00")``, in milliseconds."""
    return parse_instant(text.replace(" ", "T") + (":00+08:00" if len(text) == 16 else "+08:00"))


def event(case_id: str, event_id: str, kind: str, when: str, **fields: Any) -> dict[str, Any]:
    """A case event; ``when`` as for ``at``; a submission gets what it must have."""
    record = {
        "event_id": event_id,
        "case_id": case_id,
        "type": kind,
        "occurred_at": when.replace(" ", "T") + (":00+08:00" if len(when) == 16 else "+08:00"),
        "schema_version": "1",
    }
    if kind == "submitted":
        record |= {
            "item": "water.drinking",
            "county": "530102",
            "raised_by": "self",
            "channel": "wechat",
        }
    return record | fields


@dataclass(slots=True)
class Delivered:
    """A record as the transport delivers it."""

    value: bytes | None
    key: bytes | None
    offset: int = 0
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    timestamp: int = 0


def delivered(record: dict[str, Any] | bytes, load: str | None = None, **how: Any) -> Delivered:
    """A record with the key and header that a right producer gives it."""
    raw = record if isinstance(record, bytes) else json.dumps(record).encode()
    key = None if isinstance(record, bytes) else str(record.get("case_id", "")).encode()
    headers = [("load", load.encode())] if load else []
    return Delivered(**{"value": raw, "key": key, "headers": headers} | how)


class Partition:
    """One partition's keeper, driven by hand: records in, sweeps at chosen instants."""

    def __init__(self, state: PartitionState | None = None) -> None:
        self.state = PartitionState(0, engine().rules) if state is None else state
        self.keeper = CaseKeeper(engine(), self.state, partitions=1)
        self._offset = self.state.next_offset

    def push(self, now: str, *records: Delivered, seen_s: float = 0.0) -> Effects:
        """Apply records as of an instant."""
        for record in records:
            record.offset, self._offset = self._offset, self._offset + 1
        return self.keeper.apply(records, at(now), seen_s)

    def sweep(self, now: str, at_most: int = 1000) -> Effects:
        """Judge as of an instant."""
        return self.keeper.sweep(at(now), at_most)
