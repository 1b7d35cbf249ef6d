"""Events at an even rate, as live traffic brings them, beside whatever else is measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from confluent_kafka import Producer

from schemas.topics import CASE_EVENTS

_FLOW_STEP_S = 0.02


class Flow(threading.Thread):
    """Sends events at an even rate until it is stopped; ``per_s`` is the rate it reached."""

    def __init__(self, bootstrap: str, events: Iterator[tuple[str, bytes]], per_s: int) -> None:
        super().__init__(name="flow", daemon=True)
        self._events = events
        self._wanted_per_s = per_s
        self._stopped = threading.Event()
        self._sent = 0
        self._took_s = 1.0
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 5,
                "queue.buffering.max.messages": 1_000_000,
            }
        )

    def run(self) -> None:
        """Catch up with the clock every 20 ms."""
        begun_s = time.monotonic()
        while not self._stopped.wait(_FLOW_STEP_S):
            due = int((time.monotonic() - begun_s) * self._wanted_per_s)
            while self._sent < due:
                case_id, raw = next(self._events)
                self._producer.produce(CASE_EVENTS.name, raw, case_id.encode())
                self._sent += 1
            self._producer.poll(0)
        self._took_s = time.monotonic() - begun_s
        self._producer.flush(30)

    @property
    def sent(self) -> int:
        """Events sent so far."""
        return self._sent

    @property
    def per_s(self) -> float:
        """Events sent per second."""
        return self._sent / self._took_s

    def stop(self) -> None:
        """End when what was sent is acknowledged."""
        self._stopped.set()
        self.join(60)
