"""The timers of one partition: which cases must be looked at after an instant.

Not stored: derived from case states, and rebuilt from them. A bucket holds the cases whose next
instant lies within one tick; a heap orders the buckets. Entries are never removed when a case's
deadline moves: a case that comes up too early is validated against its state and scheduled again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

# One bucket spans a quarter of a second: four times finer than the second within which a spread
# deadline has to be out, and coarse enough that deadlines at one midnight share a bucket.
TICK_MS = 250


class TimerIndex:
    """Case ids by the bucket of their next instant. Adding is O(1) but for a new bucket."""

    def __init__(self) -> None:
        self._buckets: dict[int, set[str]] = {}
        self._order: list[int] = []
        self._ready: list[str] = []

    def __len__(self) -> int:
        """Return the number of entries, outdated ones included."""
        return len(self._ready) + sum(map(len, self._buckets.values()))

    def add(self, case_id: str, instant: int) -> None:
        """Let a case come up once ``instant`` (milliseconds) has passed."""
        bucket = instant // TICK_MS
        cases = self._buckets.get(bucket)
        if cases is None:
            self._buckets[bucket] = {case_id}
            heapq.heappush(self._order, bucket)
        else:
            cases.add(case_id)

    def take(self, now: int, at_most: int) -> Iterable[str]:
        """Take up to ``at_most`` cases whose instant may lie before ``now``.

        Some may lie up to one tick after it; the caller validates and adds those again.
        """
        ready = self._ready
        while len(ready) < at_most and self._order and self._order[0] * TICK_MS < now:
            ready.extend(self._buckets.pop(heapq.heappop(self._order)))
        self._ready, taken = ready[at_most:], ready[:at_most]
        return taken

    def is_ready(self, now: int) -> bool:
        """Say whether ``take`` would give cases whose whole tick lies before ``now``."""
        return bool(self._ready) or bool(self._order and (self._order[0] + 1) * TICK_MS <= now)
