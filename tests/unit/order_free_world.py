"""What outlives a worker, and a worker of one partition that writes to it as the real one does.

``Broker`` holds what was acknowledged; ``Worker`` reads the log from its checkpoint, sweeps, has
effects written in their order, and can crash after any record of them. Loss and recovery follow
``streams.worker``: no checkpoint or no states means a rebuild with a new generation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from schemas import bulk_load, case_state
from schemas.bulk_load import LoadBracket
from schemas.case_state import CaseState, Fired
from schemas.errors import DeadLetterReason
from schemas.escalation import Escalation, EscalationState
from schemas.instants import parse_instant, render_instant
from streams.agents.keeper import CaseKeeper, DeadLetter, Effects
from streams.core.groups import GroupKey, groups
from streams.state.partition import PartitionState
from streams.state.restore import _note as noted
from tests.builders import Delivered, delivered, engine

# More than any log of these tests has cases with something to judge at one instant.
SLICES = 50
_copy = msgspec.json.Decoder(Escalation).decode


class Crashed(Exception):
    """The worker is gone; what it had not written is lost."""


@dataclass(slots=True)
class Broker:
    """The topics of one partition. ``next_offset`` is the checkpoint's, null where none is."""

    log: list[Delivered] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    states: dict[str, bytes] = field(default_factory=dict)
    counts: dict[GroupKey, int] = field(default_factory=dict)
    next_offset: int | None = None
    escalations_next: int = 0
    now: int = 0
    generation: int = 0

    def send(self, *records: Delivered) -> None:
        """Append records to the log."""
        for record in records:
            record.offset = len(self.log)
            self.log.append(record)

    def send_lines(self, lines: Iterable[bytes], load: str | None = None) -> None:
        """Append lines of a log, keyed by their case."""
        for line in lines:
            key = str(msgspec.json.decode(line)["case_id"]).encode()
            self.send(delivered(line, load, key=key))

    def send_bracket(self, kind: str, load: str, at_ms: int) -> None:
        """Append the record that opens or closes a load."""
        bracket = LoadBracket(type=kind, load=load, at=render_instant(at_ms))
        self.send(delivered(bulk_load.encode(bracket), timestamp=at_ms, key=None))

    def published(self, first: int) -> dict[str, list[Fired]]:
        """The newest revisions of escalations from an offset on, by case, as a start reads them."""
        newest: dict[str, Escalation] = {}
        for one in self.escalations[first:]:
            known = newest.get(one.escalation_id)
            if known is None or known.revision <= one.revision:
                newest[one.escalation_id] = one
        fired: dict[str, list[Fired]] = {}
        for one in newest.values():
            fired.setdefault(one.case_id, []).append(noted(one))
        return fired


class Worker:
    """A worker of the only partition. ``crash_after`` is how many records it still writes."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.crash_after: int | None = None
        self.start()

    def start(self) -> None:
        """Come up with nothing in memory, from what the broker holds."""
        state = PartitionState(0, engine().rules)
        if self.broker.next_offset is None:
            state.generation = self.broker.generation + 1
            self.broker.states = {}
            published = self.broker.published(0)
        else:
            state.generation = self.broker.generation
            state.next_offset = self.broker.next_offset
            state.now = self.broker.now
            state.escalations_next = self.broker.escalations_next
            published = self.broker.published(self.broker.escalations_next)
            for case_id, packed in self.broker.states.items():
                state.restore(case_id, packed)
        state.note_published(published)
        state.settle(self.broker.counts, engine().version, 0.0)
        self.state = state
        self.keeper = CaseKeeper(engine(), state, partitions=1)

    def lose_states(self) -> None:
        """Come up after the changelog was lost: all is read again."""
        self.broker.next_offset = None
        self.start()

    def read(self, now_ms: int, at_most: int | None = None) -> Effects:
        """Apply what the log holds and was not read, or the first ``at_most`` of it."""
        first = self.state.next_offset
        last = len(self.broker.log) if at_most is None else first + at_most
        effects = self.keeper.apply(self.broker.log[first:last], now_ms, 0.0)
        self._write(effects)
        return effects

    def sweep(self, now_ms: int, at_most: int = 2_000) -> list[Effects]:
        """Sweep as the real one does: in slices of ``at_most`` cases, until no work is left."""
        slices = []
        while not slices or self.keeper.has_work(now_ms):
            assert len(slices) < SLICES, f"there is no end of work as of {now_ms}"
            slices.append(self.keeper.sweep(now_ms, at_most))
            for escalation in slices[-1].escalations:
                fires = escalation.state is EscalationState.FIRED
                assert not fires or parse_instant(escalation.at) < now_ms
            self._write(slices[-1])
        return slices

    def publish_counts(self) -> None:
        """Write the counts that changed."""
        for group, count in self.state.counts.take_changed():
            self.broker.counts[group] = count
            if count == 0:
                del self.broker.counts[group]

    def _write(self, effects: Effects) -> None:
        self.broker.dead_letters += effects.dead_letters
        for escalation in effects.escalations:
            self._survive()
            self.broker.escalations.append(_copy(msgspec.json.encode(escalation)))
        if effects.escalations:
            self.state.escalations_next = len(self.broker.escalations)
        for case_id, packed in effects.states:
            self._survive()
            self.broker.states[case_id] = packed
        self._survive()
        self.broker.next_offset = self.state.next_offset
        self.broker.generation = self.state.generation
        self.broker.escalations_next = self.state.escalations_next
        self.broker.now = self.state.now

    def _survive(self) -> None:
        if self.crash_after is None:
            return
        if self.crash_after == 0:
            self.crash_after = None
            raise Crashed
        self.crash_after -= 1


def recounted(states: Iterable[CaseState]) -> Counter[GroupKey]:
    """The counts, made anew from the states of all cases."""
    return Counter(group for state in states for group in groups(state))


def written(broker: Broker) -> list[CaseState]:
    """The states as somebody else reads them."""
    return [case_state.decode(packed) for packed in broker.states.values()]


def unexpected_letters(broker: Broker) -> list[str]:
    """Dead letters of good records, other than those of a type that the item does not have."""
    return [
        letter.fault.detail
        for letter in broker.dead_letters
        if letter.fault.reason is not DeadLetterReason.UNKNOWN_TYPE
    ]
