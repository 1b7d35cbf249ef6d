"""The time by which a worker fires: its own clock, bounded by the broker's.

A worker whose clock runs ahead would fire early, and blame a county for what is not yet late. So
a heartbeat is sent to a topic that the broker stamps, and what the own clock is ahead of the
stamp is taken off. A clock that runs behind is only late.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress

from confluent_kafka import KafkaError, Message, Producer
from prometheus_client import Gauge

from schemas.probe import ProbeAnswer, encode_answer
from schemas.topics import HEARTBEATS

_log = logging.getLogger(__name__)
# Above this no clock is trusted enough to blame somebody by: firing stops, with an alarm.
MAX_AHEAD_MS = 2_000
HEARTBEAT_EVERY_S = 5.0
_AHEAD = Gauge("jushou_clock_ahead_seconds", "how far the worker's clock is ahead of the broker's")


class BrokerClock:
    """Tells the time in milliseconds; ``as_of`` freezes it (tests, audits)."""

    def __init__(self, bootstrap: str, as_of: int | None = None) -> None:
        self.as_of = as_of
        self._ahead_ms = 0
        self._next_beat_s = 0.0
        self._producer = None if as_of is not None else Producer({"bootstrap.servers": bootstrap})

    def now(self) -> int:
        """Return the instant by which to judge, in milliseconds since 1970 UTC."""
        if self.as_of is not None:
            return self.as_of
        return int(time.time() * 1000) - self._ahead_ms

    @property
    def may_fire(self) -> bool:
        """Say whether the clock agrees well enough with the broker's to fire by it."""
        return self._ahead_ms <= MAX_AHEAD_MS

    def beat(self) -> None:
        """Send a heartbeat if it is time, and take in the answers. Never blocks."""
        if self._producer is None:
            return
        self._producer.poll(0)
        if time.monotonic() < self._next_beat_s:
            return
        self._next_beat_s = time.monotonic() + HEARTBEAT_EVERY_S
        sent_at = int(time.time() * 1000)

        def stamped(fault: KafkaError | None, message: Message) -> None:
            if fault is None:
                self.compare(sent_at, message.timestamp()[1])

        self._producer.produce(HEARTBEATS.name, value=b"", on_delivery=stamped)

    def answer(self, probe: ProbeAnswer) -> None:
        """Tell the watchdog that a partition fires what is due. Never blocks."""
        if self._producer is not None:
            with suppress(BufferError):
                self._producer.produce(HEARTBEATS.name, value=encode_answer(probe))

    def compare(self, sent_at: int, stamped_at: int) -> None:
        """Take in one stamp: it is earlier than the sending only if the own clock is ahead."""
        self._ahead_ms = max(0, sent_at - stamped_at)
        _AHEAD.set(self._ahead_ms / 1000)
        if not self.may_fire:
            _log.error(
                "the clock is %d ms ahead of the broker's: nothing fires until it is set right",
                self._ahead_ms,
            )
