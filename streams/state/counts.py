"""Absolute counts of one partition, and which of them have changed since they were published."""

from __future__ import annotations

from collections.abc import Sequence

from streams.core.groups import GroupKey


class Counts:
    """Counts by group. ``changed`` holds the groups whose published count is out of date."""

    def __init__(self) -> None:
        self._counts: dict[GroupKey, int] = {}
        self.changed: set[GroupKey] = set()

    def move(self, before: Sequence[GroupKey], after: Sequence[GroupKey]) -> None:
        """Take a case out of the groups that it was in and put it into those that it is in."""
        if before == after:
            return
        counts, changed = self._counts, self.changed
        for group in before:
            if group not in after:
                counts[group] = counts.get(group, 0) - 1
                changed.add(group)
        for group in after:
            if group not in before:
                counts[group] = counts.get(group, 0) + 1
                changed.add(group)

    def take_changed(self, at_most: int | None = None) -> list[tuple[GroupKey, int]]:
        """Return changed groups with their counts; a group of none is forgotten after it."""
        changed = self.changed
        if at_most is None or len(changed) <= at_most:
            taken, self.changed = list(changed), set()
        else:
            taken = [changed.pop() for _ in range(at_most)]
        counts = [(group, self._counts.get(group, 0)) for group in taken]
        for group, count in counts:
            if count == 0:
                self._counts.pop(group, None)
        return counts

    def settle(self, published: dict[GroupKey, int]) -> None:
        """Keep as changed only what differs from what was published before (after a restore)."""
        self.changed = {
            group
            for group in self._counts.keys() | published.keys()
            if self._counts.get(group, 0) != published.get(group, 0)
        }
