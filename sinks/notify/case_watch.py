"""Which clocks have ended, from the states of cases: nobody is reminded of what is done.

Not which cases are closed: care goes on after its contract ended the ten days, and a case that is
reopened begins a clock of its own.

Beside the feed, with a consumer of its own: a flood of states (a rebuild) must not delay an
escalation. Decoding runs in the thread that reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaException

from schemas import case_state
from schemas.case_state import CaseState
from schemas.escalation import escalation_id
from schemas.instants import DAY_MS
from sinks.notify.acting import clock_ended, clock_runs
from sinks.notify.feed import leave
from sinks.notify.outbox import Outbox

# An end may be read here before its escalation is taken in by the feed; a week is far longer than
# the two are ever apart, and keeps the history of cases out of the outbox.
_RECENT_MS = 7 * DAY_MS
_AT_ONCE = 500


class Seen(NamedTuple):
    """An escalation that was fired, and when its clock ended, ``None`` while that runs."""

    escalation_id: str
    ended_ms: int | None


class CaseWatch:
    """A consumer of the case states; of ``levels``, those that are reminded of, it takes note."""

    def __init__(self, bootstrap: str, group: str, topic: str, levels: Container[str]) -> None:
        self._levels = levels
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
        seen, read = list[Seen](), 0
        for message in messages:
            raw = message.value()
            if message.error() is not None or raw is None:
                continue
            self._consumer.store_offsets(message)
            read += 1
            try:
                state = case_state.decode(raw)
            except msgspec.DecodeError:
                continue  # the warehouse's sink sets it aside; here it only stops no reminder
            seen += seen_in(state, self._levels)
        return seen, read

    async def close(self) -> None:
        """Leave the group."""
        await leave(self._consumer)


def seen_in(state: CaseState, levels: Container[str]) -> Iterator[Seen]:
    """Yield the escalations of ``levels`` that were fired of a case."""
    ends = {(each.clock, each.start_event_id): each.stopped_at for each in state.ended}
    running = {(each.clock, each.start_event_id) for each in state.live}
    for fired in state.fired:
        cycle = (fired.clock, fired.start_event_id)
        if fired.level in levels and (cycle in running or ends.get(cycle) is not None):
            yield Seen(escalation_id(state.case_id, *cycle, fired.level), ends.get(cycle))


def note(outbox: Outbox, seen: Seen, now_ms: int) -> None:
    """Keep an end that may end reminders, and forget it when the clock turns out to run."""
    if seen.ended_ms is None:
        clock_runs(outbox, seen.escalation_id)
    elif seen.ended_ms > now_ms - _RECENT_MS or _known(outbox, seen.escalation_id):
        clock_ended(outbox, seen.escalation_id)


def _known(outbox: Outbox, escalation_id: str) -> bool:
    found = outbox.rows.execute(
        "SELECT 1 FROM delivery WHERE escalation_id = ? LIMIT 1", (escalation_id,)
    ).fetchone()
    return found is not None
