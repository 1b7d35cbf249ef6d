"""Absolute counts of one partition, and which of them have changed since they were published."""

from __future__ import annotations

from collections.abc import Sequence

from streams.core.groups import GroupKey


class Counts:
    """Counts by group.

    ``changed`` holds the groups whose published count is out of date, each with its count as it is
    now; a group that was never published and has come to none again is not to be published at all.
    """

    def __init__(self) -> None:
        # As published, or as they are being published.
        self._counts: dict[GroupKey, int] = {}
        self.changed: dict[GroupKey, int] = {}

    def move(self, before: Sequence[GroupKey], after: Sequence[GroupKey]) -> None:
        """Take a case out of the groups that it was in and put it into those that it is in."""
        if before == after:
            return
        for group in before:
            if group not in after:
                self._add(group, -1)
        for group in after:
            if group not in before:
                self._add(group, 1)

    def _add(self, group: GroupKey, cases: int) -> None:
        count = self.changed.get(group)
        if count is None:
            count = self._counts.get(group, 0)
        self.changed[group] = count + cases

    def take_changed(self, at_most: int | None = None) -> list[tuple[GroupKey, int]]:
        """Return changed groups with their counts; a group of none is forgotten after it."""
        changed = self.changed
        if at_most is None or len(changed) <= at_most:
            taken, self.changed = changed, {}
        else:
            taken = dict(changed.popitem() for _ in range(at_most))
        counts = self._counts
        found: list[tuple[GroupKey, int]] = []
        for group, count in taken.items():
            if count:
                counts[group] = count
            elif group in counts:
                del counts[group]
            else:
                continue
            found.append((group, count))
        return found

    def settle(self, published: dict[GroupKey, int]) -> None:
        """Keep as changed only what differs from what was published before (after a restore)."""
        counts = self._counts
        counts.update(self.changed)
        changed = {group: count for group, count in counts.items() if published.get(group) != count}
        changed |= {group: 0 for group, count in published.items() if count and group not in counts}
        # The keys of what was published hold texts of their own, and are let go.
        for group in changed:
            if count := published.get(group, 0):
                counts[group] = count
            else:
                counts.pop(group, None)
        self.changed = changed
