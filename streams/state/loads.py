"""The bulk loads that are open on one partition, and the cases that they hold back."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class OpenLoad:
    """A load: the cases it touched, and when its last record was read (monotonic seconds)."""

    last_seen_s: float
    cases: set[str] = field(default_factory=set)


class OpenLoads:
    """Open loads by id. A record that carries an unknown id opens its load."""

    def __init__(self) -> None:
        self._open: dict[str, OpenLoad] = {}
        self._closed: set[str] = set()

    def __len__(self) -> int:
        """Return how many loads are open."""
        return len(self._open)

    def open(self, load: str, seen_s: float) -> None:
        """Open a load, or note that it is alive; one that was closed is opened again."""
        self._closed.discard(load)
        known = self._open.setdefault(load, OpenLoad(seen_s))
        known.last_seen_s = seen_s

    def touch(self, load: str, case_id: str, seen_s: float) -> bool:
        """Let a load hold a case; say whether it does (a closed load holds nothing)."""
        known = self._open.get(load)
        if known is None:
            if load in self._closed:
                return False
            known = self._open[load] = OpenLoad(seen_s)
        known.last_seen_s = seen_s
        known.cases.add(case_id)
        return True

    def close(self, load: str) -> set[str]:
        """Close a load and return the cases that it held."""
        self._closed.add(load)
        known = self._open.pop(load, None)
        return known.cases if known is not None else set()

    def silent_since(self, instant_s: float) -> list[str]:
        """Return the loads of which nothing was read since a monotonic instant."""
        return [load for load, known in self._open.items() if known.last_seen_s < instant_s]
