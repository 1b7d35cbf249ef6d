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
        self._buckets: dict[int, dict[str, int]] = {}
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
            self._buckets[bucket] = {case_id: instant}
            heapq.heappush(self._order, bucket)
        else:
            cases[case_id] = min(instant, cases.get(case_id, instant))

    def take(self, now: int, at_most: int) -> Iterable[str]:
        """Take up to ``at_most`` cases whose instant lies before ``now``.

        Never one whose instant does not: it would be added again at once, and in a sweep of few
        cases at a time take the place of one that has something to fire.
        """
        ready = self._ready
        while len(ready) < at_most and self._order and (self._order[0] + 1) * TICK_MS <= now:
            ready.extend(self._buckets.pop(heapq.heappop(self._order)))
        if len(ready) < at_most:
            ready.extend(self._take_of_open_tick(now))
        self._ready, taken = ready[at_most:], ready[:at_most]
        return taken

    def _take_of_open_tick(self, now: int) -> list[str]:
        """Take what has passed of the tick that holds ``now``."""
        cases = self._open_tick(now)
        passed = [case_id for case_id, instant in cases.items() if instant < now]
        if passed and len(passed) == len(cases):
            del self._buckets[heapq.heappop(self._order)]
        else:
            for case_id in passed:
                del cases[case_id]
        return passed

    def _open_tick(self, now: int) -> dict[str, int]:
        """Return the cases of the tick that began before ``now`` and has not ended."""
        first = self._order[0] if self._order else now
        is_open = first * TICK_MS < now < (first + 1) * TICK_MS
        return self._buckets[first] if is_open else {}

    def is_ready(self, now: int) -> bool:
        """Say whether ``take`` would give any case."""
        if self._ready or (self._order and (self._order[0] + 1) * TICK_MS <= now):
            return True
        return any(instant < now for instant in self._open_tick(now).values())
