"""How fast a consumer group gets on, seen from outside by the offsets that it commits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from benchmarks.processes import cpu_s, resident_bytes
from jushou.runtime.child_process import ChildProcess
from schemas.topics import CASE_EVENTS

_POLL_S = 0.05


class Sample(NamedTuple):
    """At ``at_s`` (monotonic) ``records`` were committed, and ``cpu_s`` was used by then."""

    at_s: float
    records: int
    cpu_s: float


@dataclass(slots=True)
class Course:
    """The commits of one group, each once; ``ended`` is false when time ran out before the end."""

    samples: list[Sample] = field(default_factory=list)
    ended: bool = False
    resident_bytes: int = 0

    @property
    def events_per_s(self) -> float | None:
        """Records between the first and the last sample per second; none with one sample."""
        return _rate(self.samples)

    @property
    def warm_events_per_s(self) -> float | None:
        """The same over the second half of the records."""
        return _rate(self._second_half())

    @property
    def core_s_per_million(self) -> float | None:
        """Seconds of processor time per million records between the first and the last sample."""
        if len(self.samples) < 2:
            return None
        first, last = self.samples[0], self.samples[-1]
        return (last.cpu_s - first.cpu_s) / (last.records - first.records) * 1e6

    def _second_half(self) -> Sequence[Sample]:
        if len(self.samples) < 3:
            return []
        half = (self.samples[0].records + self.samples[-1].records) / 2
        return [sample for sample in self.samples if sample.records >= half]


def _rate(samples: Sequence[Sample]) -> float | None:
    if len(samples) < 2:
        return None
    first, last = samples[0], samples[-1]
    return (last.records - first.records) / (last.at_s - first.at_s)


def watch(
    bootstrap: str,
    group: str,
    ends: Sequence[int],
    child: ChildProcess,
    limit_s: float,
    begun: Sample | None = None,
) -> Course:
    """Follow a group's commits on the case events until it has committed ``ends``.

    Looks every 50 ms; ``begun`` is a sample of before. After ``limit_s`` seconds it gives up
    waiting; an error when the child ends before.
    """
    course = Course([] if begun is None else [begun])
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    places = [TopicPartition(CASE_EVENTS.name, number) for number in range(len(ends))]
    known = begun.records if begun is not None else 0
    deadline_s = time.monotonic() + limit_s
    try:
        while time.monotonic() < deadline_s and not course.ended:
            if not child.running:
                raise RuntimeError(f"{child.name} ended:\n{child.log_tail(30)}")
            committed = _committed(consumer, places)
            if sum(committed) > known:
                known = sum(committed)
                course.samples.append(Sample(time.monotonic(), known, cpu_s(child.pid or 0)))
                course.resident_bytes = resident_bytes(child.pid or 0)
            course.ended = committed == list(ends)
            time.sleep(_POLL_S)
    finally:
        consumer.close()
    return course


def _committed(consumer: Consumer, places: list[TopicPartition]) -> list[int]:
    """Return the committed offsets; none while the group's coordinator is not yet chosen."""
    try:
        return [max(0, place.offset) for place in consumer.committed(places, timeout=30)]
    except KafkaException:
        return []
