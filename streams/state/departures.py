"""When the closed cases of a partition leave its memory, for ``streams.state.archive``.

Like ``streams.state.timers`` an index into the future that is checked against the state when its
time has come: nothing is ever taken out of it before.
"""

from __future__ import annotations

import heapq

from schemas.instants import HOUR_MS


class Departures:
    """Case ids by the hour from which they may leave, each with its packed state as of then."""

    def __init__(self) -> None:
        self._hours: dict[int, dict[str, bytes]] = {}
        self._order: list[int] = []

    def add(self, case_id: str, packed: bytes, instant: int) -> None:
        """Let a case come up from the hour on that holds ``instant`` (milliseconds)."""
        hour = instant // HOUR_MS
        cases = self._hours.get(hour)
        if cases is None:
            self._hours[hour] = {case_id: packed}
            heapq.heappush(self._order, hour)
        else:
            cases[case_id] = packed

    def take(self, now: int, at_most: int) -> list[tuple[str, bytes]]:
        """Take up to ``at_most`` cases whose hour has begun as of ``now``, with their states."""
        taken: list[tuple[str, bytes]] = []
        while self._order and self._order[0] * HOUR_MS <= now and len(taken) < at_most:
            cases = self._hours[self._order[0]]
            while cases and len(taken) < at_most:
                taken.append(cases.popitem())
            if not cases:
                del self._hours[heapq.heappop(self._order)]
        return taken
