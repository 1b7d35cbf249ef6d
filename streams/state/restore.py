"""Restores a partition from its changelog, or says that it must be rebuilt from the input.

Runs before an assigned partition resumes. Reads the compacted states, the checkpoint, the
published counts and, for a rebuild, the escalations that were published: a rebuilt case then
publishes only what differs from them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas import checkpoint as checkpoints
from schemas.aggregate import Aggregate
from schemas.case_state import Fired
from schemas.checkpoint import Checkpoint
from schemas.errors import Unavailable
from schemas.escalation import Escalation, EscalationState
from schemas.instants import parse_instant
from schemas.topics import AGGREGATES, CASE_STATES, CHECKPOINTS, ESCALATIONS
from streams.core.groups import GroupKey
from streams.state.archive import Archive

_log = logging.getLogger(__name__)
# A broker that gives nothing for this long, while it says that there is more, does not answer.
SILENCE_S = 60.0
_BATCH = 20_000
_WAIT_S = 0.05
_TELL_EVERY = 200_000
# States that are held until their cases are told apart: records of a case that follow each other
# are looked at once, and a write to the archive is worth its transaction.
_SORTED_AT_ONCE = 20_000

_aggregate = msgspec.json.Decoder(Aggregate).decode
_escalation = msgspec.json.Decoder(Escalation).decode


class Read(NamedTuple):
    """A record as it was read back; neither key nor value is ever null in these topics."""

    topic: str
    partition: int
    key: bytes
    value: bytes


@dataclass(slots=True)
class Restored:
    """What was found of one partition; ``checkpoint`` is null where none was ever written.

    With an ``archive`` the cases that were closed long ago are there, and ``states`` are the rest.
    """

    partition: int
    archive: Archive | None = None
    states: dict[str, bytes] = field(default_factory=dict)
    counts: dict[GroupKey, int] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    generation: int = 0
    count_change: int = 0
    fired: dict[str, list[Fired]] = field(default_factory=dict)
    _unsorted: dict[str, bytes] = field(default_factory=dict)

    def take_state(self, case_id: str, packed: bytes) -> None:
        """Take a state, newer than all before of the same case; ``sort`` after the last.

        With an archive the checkpoint must be known: its ``now`` says which cases are closed
        long enough, and without one states are of no use.
        """
        if self.archive is None:
            self.states[case_id] = packed
        elif self.checkpoint is not None:
            self._unsorted[case_id] = packed
            if len(self._unsorted) >= _SORTED_AT_ONCE:
                self.sort()

    def sort(self) -> None:
        """Move the states taken since the last time to where they belong."""
        if self.archive is None or self.checkpoint is None:
            return
        leaving = {}
        for case_id, packed in self._unsorted.items():
            known = self.archive.find(case_id)
            if known is not None:
                self.archive.forget(known[0])
            if self.archive.is_for(packed, self.checkpoint.now):
                leaving[case_id] = packed
                self.states.pop(case_id, None)
            else:
                self.states[case_id] = packed
        self.archive.put(leaving)
        self._unsorted = {}

    @property
    def cases(self) -> int:
        """Return the number of cases found."""
        return len(self.states) + (0 if self.archive is None else len(self.archive))

    @property
    def is_whole(self) -> bool:
        """Say whether the states are all those that the checkpoint speaks of."""
        return self.checkpoint is not None and self.cases >= self.checkpoint.cases

    @property
    def escalations_next(self) -> int:
        """Return where the escalations begin that the states may not note."""
        return self.checkpoint.escalations_next if self.checkpoint and self.is_whole else 0


_Taker = Callable[[Restored, Read], None]


def restore(
    bootstrap: str,
    partitions: Iterable[int],
    archive_of: Callable[[int], Archive] | None = None,
) -> dict[int, Restored]:
    """Read back partitions, each with an archive of its own if one is to be had for it.

    Blocking: run it in a thread. Raises ``Unavailable`` when the broker stops answering.
    """
    found = {number: Restored(number) for number in partitions}
    if archive_of is not None:
        for number, one in found.items():
            one.archive = archive_of(number)
    _read(bootstrap, found, {CHECKPOINTS.name: _take_checkpoint})
    _read(bootstrap, found, {CASE_STATES.name: _take_state, AGGREGATES.name: _take_count})
    for one in found.values():
        one.sort()
    read_back_escalations(bootstrap, found.values())
    return found


def _read(bootstrap: str, found: Mapping[int, Restored], takers: Mapping[str, _Taker]) -> None:
    wanted = {(topic, partition): 0 for topic in takers for partition in found}
    for message in records_of(bootstrap, wanted):
        takers[message.topic](found[message.partition], message)


def _take_state(found: Restored, message: Read) -> None:
    found.take_state(message.key.decode(), message.value)


def _take_checkpoint(found: Restored, message: Read) -> None:
    found.checkpoint = checkpoints.decode(message.value)
    found.generation = max(found.generation, found.checkpoint.generation)


def _take_count(found: Restored, message: Read) -> None:
    aggregate = _aggregate(message.value)
    found.generation = max(found.generation, aggregate.generation)
    found.count_change = max(found.count_change, aggregate.change)
    group = msgspec.structs.astuple(aggregate.group)
    if aggregate.count:
        found.counts[group] = aggregate.count
    else:
        found.counts.pop(group, None)


def read_back_escalations(bootstrap: str, partitions: Iterable[Restored]) -> None:
    """Note the last published revision of the escalations of partitions, by case.

    Of a whole partition only those that its states may not note; of one to rebuild all.
    """
    found = {one.partition: one for one in partitions}
    newest: dict[str, tuple[int, Escalation]] = {}
    starts = {(ESCALATIONS.name, number): one.escalations_next for number, one in found.items()}
    for message in records_of(bootstrap, starts):
        escalation = _escalation(message.value)
        known = newest.get(escalation.escalation_id)
        if known is None or known[1].revision <= escalation.revision:
            newest[escalation.escalation_id] = (message.partition, escalation)
    for partition, escalation in newest.values():
        found[partition].fired.setdefault(escalation.case_id, []).append(_note(escalation))


def _note(escalation: Escalation) -> Fired:
    return Fired(
        clock=escalation.clock,
        start_event_id=escalation.start_event_id,
        level=escalation.level,
        revision=escalation.revision,
        standing=escalation.state is EscalationState.FIRED,
        at=parse_instant(escalation.at),
        due_at=None if escalation.due_at is None else parse_instant(escalation.due_at),
        limit=int(escalation.limit.rstrip("hwd")),
        known_late=escalation.known_late,
        cycle=escalation.cycle,
        policy=escalation.policy,
        item=escalation.item,
        calendar=escalation.calendar,
        cause=escalation.cause,
    )


def records_of(bootstrap: str, wanted: Mapping[tuple[str, int], int]) -> Iterator[Read]:
    """Yield the records of (topic, partition)s, each from an offset to its end as of now."""
    if not wanted:
        return
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            # No group is joined: partitions are assigned by hand and nothing is committed.
            "group.id": "jushou-restore",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            # An end is told when a fetch comes back empty: by default after half a second each.
            "fetch.wait.max.ms": 10,
            "fetch.message.max.bytes": 16 * 1024 * 1024,
            "queued.min.messages": 200_000,
        }
    )
    try:
        consumer.assign([TopicPartition(*place, offset) for place, offset in wanted.items()])
        yield from _until_ended(consumer, set(wanted))
    finally:
        consumer.close()


def _until_ended(consumer: Consumer, unread: set[tuple[str, int]]) -> Iterator[Read]:
    heard_s, count = time.monotonic(), 0
    while unread:
        messages = consumer.consume(_BATCH, _WAIT_S)
        if messages:
            heard_s = time.monotonic()
        elif time.monotonic() - heard_s > SILENCE_S:
            raise Unavailable(f"restore: the broker gave nothing for {SILENCE_S:.0f} s; is it up?")
        for message in messages:
            fault = message.error()
            place = (message.topic() or "", message.partition() or 0)
            if fault is None:
                yield Read(*place, message.key() or b"", message.value() or b"")
            elif fault.code() == KafkaError._PARTITION_EOF:
                unread.discard(place)
            else:
                raise KafkaException(fault)
        if count // _TELL_EVERY != (count := count + len(messages)) // _TELL_EVERY:
            _log.info("restoring: %d records read", count)
