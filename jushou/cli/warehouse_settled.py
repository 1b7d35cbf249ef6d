"""Waits until what was sent has come through the stream and is in the warehouse.

Before ``jushou warehouse verify`` compares: a record that is still on its way is no difference.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from jushou.cli import topic_log
from jushou.cli.topic_log import Offsets
from jushou.runtime.progress import committed
from schemas.topics import CASE_EVENTS, CASE_STATES, HOUSEHOLD_EVENTS, SIGNALS
from sinks.clickhouse.blocks import READ_TOPICS

_LOOK_EVERY_S = 0.2
# A group that commits nothing for so long stands still.
_PATIENCE_S = 10.0


class Groups(NamedTuple):
    """The consumer groups of the stream; ``tell`` hears of one that does not get there."""

    worker: str
    households: str
    sink: str
    tell: Callable[[str], None]


class Settling:
    """Waits for groups to pass the ends of a moment; without ``groups`` for nothing.

    ``ends_of_rows``: by topic, the ends up to which the sink has written.
    """

    def __init__(self, bootstrap: str, groups: Groups | None) -> None:
        self.ends_of_rows: dict[str, Offsets] = {}
        self._bootstrap = bootstrap
        self._groups = groups

    def wait_for_leads(self, signals: Offsets) -> None:
        """Wait until these signals are joined into leads."""
        if self._groups is not None:
            self._wait(self._groups.households, "household worker", {SIGNALS.name: signals})

    def wait_for_rows(self, case_events: Offsets) -> None:
        """Wait until what follows from these case events is in the warehouse."""
        groups = self._groups
        if groups is None:
            return
        self._wait(groups.worker, "worker", {CASE_EVENTS.name: case_events})
        for topic in (CASE_STATES.name, HOUSEHOLD_EVENTS.name):
            self._wait(groups.households, "household worker", self._ends((topic,)))
        ends = self._ends(topic.name for topic in READ_TOPICS)
        self._wait(groups.sink, "sink", ends)
        self.ends_of_rows = dict(ends)

    def _ends(self, topics: Iterable[str]) -> dict[str, Offsets]:
        return {topic: topic_log.ends(self._bootstrap, topic) for topic in topics}

    def _wait(self, group: str, who: str, ends: Mapping[str, Offsets]) -> None:
        least, moved_s = None, time.monotonic()
        while True:
            done = committed(self._bootstrap, group, ends)
            left, is_known = _left(done, ends), any(done.values())
            if not left:
                return
            if least is None or left < least:
                least, moved_s = left, time.monotonic()
            elif not is_known or time.monotonic() - moved_s > _PATIENCE_S:
                self._tell(who, left, is_known)
                return
            time.sleep(_LOOK_EVERY_S)

    def _tell(self, who: str, left: int, is_known: bool) -> None:
        if self._groups is not None:
            does = "does none" if is_known else "has never done any"
            self._groups.tell(
                f"the {who} has {left:,} records to do and {does}: differences may be these"
            )


def _left(done: Mapping[str, Offsets], ends: Mapping[str, Offsets]) -> int:
    return sum(
        max(0, end - done[topic].get(partition, 0))
        for topic, wanted in ends.items()
        for partition, end in wanted.items()
    )
