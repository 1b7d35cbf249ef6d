"""Which cases are closed, from their states: nobody is reminded of a case that is done.

Beside the feed, with a consumer of its own: a flood of states (a rebuild) must not delay an
escalation. Decoding runs in the thread that reads.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaException

from schemas import case_state
from schemas.instants import DAY_MS
from sinks.notify.acting import case_closed, case_open
from sinks.notify.feed import leave
from sinks.notify.outbox import Outbox

# A closing may be read here before its escalation is taken in by the feed; a week is far longer
# than the two are ever apart, and keeps the history of closed cases out of the outbox.
_RECENT_MS = 7 * DAY_MS
_AT_ONCE = 500


class Seen(NamedTuple):
    """A case and when it was closed, ``None`` while it is open."""

    case_id: str
    closed_ms: int | None


class CaseWatch:
    """A consumer of the case states."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        self._consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": f"{group}-cases",
            "group.instance.id": f"{group}-cases", "enable.auto.commit": False,
            "enable.auto.offset.store": False, "auto.offset.reset": "earliest",
        })  # fmt: skip
        self._consumer.subscribe([topic])

    async def look(self, outbox: Outbox, now_ms: int) -> int:
        """Note what changed; return how many records were read."""
        seen, read = await asyncio.to_thread(self._read)
        if seen:
            with outbox.transaction():
                for each in seen:
                    note(outbox, each, now_ms)
        if read:
            with suppress(KafkaException):
                self._consumer.commit(asynchronous=True)
        return read

    def _read(self) -> tuple[list[Seen], int]:
        messages = self._consumer.consume(_AT_ONCE, 1.0)
        seen = []
        for message in messages:
            raw = message.value()
            if message.error() is not None or raw is None:
                continue
            self._consumer.store_offsets(message)
            try:
                state = case_state.decode(raw)
            except msgspec.DecodeError:
                continue  # the warehouse's sink sets it aside; here it only stops no reminder
            seen.append(Seen(state.case_id, state.closed_at))
        return seen, len(seen)

    async def close(self) -> None:
        """Leave the group."""
        await leave(self._consumer)


def note(outbox: Outbox, seen: Seen, now_ms: int) -> None:
    """Keep a closing that may end reminders, and forget it when the case is reopened."""
    if seen.closed_ms is None:
        case_open(outbox, seen.case_id)
    elif seen.closed_ms > now_ms - _RECENT_MS or _known(outbox, seen.case_id):
        case_closed(outbox, seen.case_id)


def _known(outbox: Outbox, case_id: str) -> bool:
    found = outbox.rows.execute(
        "SELECT 1 FROM delivery WHERE case_id = ? LIMIT 1", (case_id,)
    ).fetchone()
    return found is not None
