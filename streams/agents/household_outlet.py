"""Writes what the household worker decided, in the order that a crash cannot hurt.

Leads are acknowledged by the broker before the states that note them, and states before the
checkpoint and the offsets. A crash in between repeats leads under the same ids, which a case takes
once; it never loses one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence

from confluent_kafka import KafkaError, Message, Producer

from schemas import bulk_load
from schemas.bulk_load import LOAD_CLOSED, LOAD_HEADER, LOAD_OPENED, LoadBracket
from schemas.checkpoint import KEY
from schemas.dead_letter import dead_letter_headers
from schemas.errors import Unavailable
from schemas.household import (
    HouseholdCheckpoint,
    HouseholdEvent,
    encode_checkpoint,
    encode_event,
)
from schemas.instants import render_instant
from schemas.partitioning import partition_of
from schemas.topics import (
    CASE_EVENTS,
    DEAD_LETTERS,
    HOUSEHOLD_CHECKPOINTS,
    HOUSEHOLD_EVENTS,
    HOUSEHOLD_STATES,
    SIGNALS,
)
from streams.agents.household_keeper import LEADS, HouseholdEffects, HouseholdKeeper
from streams.core.household import Lead

DELIVERY_TIMEOUT_S = 120
Headers = list[tuple[str, str | bytes | None]]


class HouseholdOutlet:
    """One producer for all that a household worker writes; not for two tasks at once."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self._partitions = partitions
        self._fault: KafkaError | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 20,
                "batch.num.messages": 10_000,
                "batch.size": 1_000_000,
                "queue.buffering.max.messages": 1_000_000,
                "message.max.bytes": 8_000_000,
                "delivery.timeout.ms": DELIVERY_TIMEOUT_S * 1000,
                "delivery.report.only.error": True,
                "on_delivery": self._delivered,
            }
        )

    def _delivered(self, fault: KafkaError | None, _message: Message) -> None:
        if fault is not None:
            self._fault = fault

    async def write(self, effects: HouseholdEffects, keeper: HouseholdKeeper) -> None:
        """Have the effects of one batch acknowledged, in their order.

        Raises ``Unavailable`` when the broker does not take a record: the worker stops, and what
        was not committed is done again.
        """
        for letter in effects.dead_letters:
            headers = dead_letter_headers(
                letter.fault, SIGNALS.name, keeper.partition, letter.offset
            )
            self._send(DEAD_LETTERS.name, letter.key, letter.value, -1, [*headers, *letter.headers])
        self._publish(effects.leads, [])
        if effects.dead_letters or effects.leads:
            await self.flush()
        for load, leads in effects.of_loads.items():
            await self._publish_load(f"{load}.leads-{keeper.partition}", leads)
        for key, packed in effects.states:
            self._send(HOUSEHOLD_STATES.name, key.encode(), packed, keeper.partition)
        if effects.states:
            await self.flush()

    def _publish(self, leads: Sequence[Lead], headers: Headers) -> None:
        for lead in leads:
            key = lead.case_id.encode()
            place = partition_of(key, self._partitions)
            self._send(CASE_EVENTS.name, key, lead.record, place, headers)
        LEADS.inc(len(leads))

    async def _publish_load(self, load: str, leads: Sequence[Lead]) -> None:
        """Publish leads as a bracketed load, each step acknowledged before the next."""
        await self._bracket(LOAD_OPENED, load)
        self._publish(leads, [(LOAD_HEADER, load.encode())])
        await self.flush()
        await self._bracket(LOAD_CLOSED, load)

    async def _bracket(self, kind: str, load: str) -> None:
        at = render_instant(time.time_ns() // 1_000_000)
        record = bulk_load.encode(LoadBracket(type=kind, load=load, at=at))  # type: ignore[arg-type]
        for partition in range(self._partitions):
            self._send(CASE_EVENTS.name, load.encode(), record, partition)
        await self.flush()

    async def rekey(self, events: Iterable[HouseholdEvent]) -> None:
        """Have what cases say acknowledged, on the partitions of their households."""
        for event in events:
            key = f"{event.household}/{event.case_id}".encode()
            place = partition_of(event.household.encode(), self._partitions)
            self._send(HOUSEHOLD_EVENTS.name, key, encode_event(event), place)
        await self.flush()

    def checkpoint(self, keeper: HouseholdKeeper) -> None:
        """Note how far the states are written; called after they were, and not waited for."""
        record = HouseholdCheckpoint(keeper.generation, dict(keeper.positions), len(keeper))
        value = encode_checkpoint(record)
        self._send(HOUSEHOLD_CHECKPOINTS.name, KEY, value, keeper.partition)

    def _send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int = -1,
        headers: Sequence[tuple[str, str | bytes | None]] = (),
    ) -> None:
        given = list(headers)
        try:
            self._producer.produce(topic, value, key, partition, headers=given)
        except BufferError:
            self._producer.poll(1.0)
            self._producer.produce(topic, value, key, partition, headers=given)

    async def flush(self) -> None:
        """Wait until the broker has acknowledged all that was sent."""
        loop = asyncio.get_running_loop()
        left = await loop.run_in_executor(None, self._producer.flush, DELIVERY_TIMEOUT_S + 5)
        if self._fault is not None or left:
            fault = self._fault or "time ran out"
            raise Unavailable(f"Kafka did not take {max(left, 1)} record(s): {fault}")
