"""Whether this process may still act for its partitions: how old its session in the group is.

A process that stood still for longer than the session timeout (stopped, its machine paused) has
lost its partitions without knowing it. When it goes on, it is in the middle of a batch that is
another's by now, and learns so only by its next heartbeat. So whoever writes for a partition asks
``check`` directly before. What lies in between is the work of one record.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class SessionExpired(Exception):
    """The group may have given the partitions away: nothing more may be written for them."""


class Session:
    """When the group last confirmed that this process is a member; ``now_s`` is monotonic."""

    def __init__(self, timeout_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self.timeout_s = timeout_s
        self._now_s = now_s
        self._confirmed_s = now_s()

    def confirm(self, asked_s: float | None = None) -> None:
        """Note that the group was asked at ``asked_s`` (now without it) and has confirmed."""
        self._confirmed_s = self._now_s() if asked_s is None else asked_s

    def check(self) -> None:
        """Return if nobody else can have the partitions yet; else raise ``SessionExpired``."""
        age_s = self._now_s() - self._confirmed_s
        if age_s > self.timeout_s:
            raise SessionExpired(
                f"the group last confirmed this worker {age_s:.1f} s ago, and gives its partitions "
                f"away after {self.timeout_s:g} s: it stood still, or the brokers did not answer; "
                "it stops without writing, start it again"
            )
