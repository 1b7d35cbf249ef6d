"""All that a worker holds of one partition: its cases, their timers, counts and open loads.

Between the agents and the core. Cases are kept as packed bytes, since a million live objects
would make the garbage collector the bottleneck, and are unpacked when touched. Nothing here does
I/O: ``take_changed`` hands out what must be written, the caller writes it before it commits.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas import case_state
from schemas.case_state import CaseState, Fired
from streams.core.groups import GroupKey, groups
from streams.core.judge import next_instant
from streams.core.rules import ItemRules
from streams.state.counts import Counts
from streams.state.loads import OpenLoads
from streams.state.timers import TimerIndex

# Unpacked cases kept between batches; with ten thousand a case whose events follow each other is
# unpacked once, and their memory stays below some 40 MB.
HOT_CASES = 10_000


class PartitionState:
    """The cases of one partition. ``next_offset`` is the first source offset not yet applied.

    ``now`` is the latest instant as of which anything was applied or judged (milliseconds);
    ``escalations_next`` the end of the escalations that the states note.

    ``generation`` counts the rebuilds of the partition; with a case's ``change`` it orders two
    states of the case. ``count_change`` numbers the publications of its counts. ``to_judge`` are
    cases that may have escalations to publish, oldest first; ``published`` those that were
    published before a rebuild, by case.
    """

    def __init__(self, partition: int, rules: dict[str, ItemRules], generation: int = 1) -> None:
        self.partition = partition
        self.generation = generation
        self.now = 0
        self.next_offset = 0
        self.escalations_next = 0
        self.count_change = 0
        self.timers = TimerIndex()
        self.counts = Counts()
        self.loads = OpenLoads()
        self.to_judge: dict[str, None] = {}
        self.published: dict[str, list[Fired]] = {}
        self._rules = rules
        self._packed: dict[str, bytes] = {}
        self._hot: dict[str, CaseState] = {}
        self._groups: dict[str, list[GroupKey]] = {}
        self._before: dict[str, list[GroupKey]] = {}

    def __len__(self) -> int:
        """Return the number of cases whose state was handed out to be written, or restored."""
        return len(self._packed)

    def __contains__(self, case_id: str) -> bool:
        return case_id in self._hot or case_id in self._packed

    def pass_time(self, now: int) -> int:
        """Return ``now``, or the latest instant judged by: a clock set back undoes nothing."""
        self.now = max(self.now, now)
        return self.now

    def touch(self, case_id: str) -> CaseState:
        """Return the state of a case to change it; it will be among the changed ones."""
        state = self._hot.get(case_id)
        if state is None:
            packed = self._packed.get(case_id)
            if packed is None:
                state = CaseState(case_id, self.generation)
                state.fired = self.published.pop(case_id, [])
            else:
                state = case_state.decode(packed)
            self._hot[case_id] = state
        if case_id not in self._before:
            known = self._groups.get(case_id)
            self._before[case_id] = groups(state) if known is None else known
        return state

    def release(self, state: CaseState) -> None:
        """Take back a touch that changed nothing: no state is written, the timer is set anew."""
        del self._before[state.case_id]
        self.schedule(state)

    def peek(self, case_id: str) -> CaseState | None:
        """Return the state of a case to read it, ``None`` if there is no such case."""
        state = self._hot.get(case_id)
        if state is None and case_id in self._packed:
            state = case_state.decode(self._packed[case_id])
        return state

    def cases(self) -> Iterator[CaseState]:
        """Yield every case, to read it."""
        for case_id in list(self._packed.keys() | self._hot.keys()):
            state = self.peek(case_id)
            if state is not None:
                yield state

    def schedule(self, state: CaseState) -> None:
        """Set the timer of a case by its state; one that a load holds back has none."""
        if state.loads:
            return
        rules = self._rules[state.item] if state.item is not None else None
        instant = next_instant(state, rules)
        if instant is not None:
            self.timers.add(state.case_id, instant)

    def take_changed(self) -> list[tuple[str, bytes]]:
        """Return the packed states of the cases touched since the last call, timers set anew."""
        changed = []
        for case_id, before in self._before.items():
            state = self._hot[case_id]
            if state.generation < self.generation:
                state.generation, state.change = self.generation, 0
            state.change += 1
            packed = case_state.encode(state)
            self._packed[case_id] = packed
            after = self._groups[case_id] = groups(state)
            self.counts.move(before, after)
            self.schedule(state)
            changed.append((case_id, packed))
        self._before = {}
        if len(self._hot) > HOT_CASES:
            self._hot, self._groups = {}, {}
        return changed

    def restore(self, case_id: str, packed: bytes) -> None:
        """Take a state from the changelog; a later record of the same case replaces it."""
        self._packed[case_id] = packed

    def note_published(self, published: dict[str, list[Fired]]) -> None:
        """Take in revisions that were published, some perhaps before a crash lost their state.

        A case whose states are lost too finds them when its events are read again.
        """
        for case_id, notes in published.items():
            packed = self._packed.get(case_id)
            if packed is None:
                self.published[case_id] = notes
                continue
            state = case_state.decode(packed)
            if _merge(state.fired, notes):
                state.unjudged = True
                self._packed[case_id] = case_state.encode(state)

    def settle(self, published: dict[GroupKey, int], version: str, seen_s: float) -> None:
        """Derive timers, loads and counts from the restored states (once, after the last).

        Cases whose judgement a crash prevented are judged, and those that another ``version`` of
        the engine folded.
        """
        for packed in self._packed.values():
            state = case_state.decode(packed)
            self.counts.move((), groups(state))
            for load in state.loads:
                self.loads.touch(load, state.case_id, seen_s)
            self.schedule(state)
            if state.unjudged or state.judged_by != version:
                self.to_judge[state.case_id] = None
        self.counts.settle(published)


def _merge(fired: list[Fired], notes: list[Fired]) -> bool:
    """Bring notes up to newer revisions; say whether any was newer."""
    places = {
        (note.clock, note.start_event_id, note.level): place for place, note in enumerate(fired)
    }
    newer = False
    for note in notes:
        place = places.get((note.clock, note.start_event_id, note.level))
        if place is None:
            fired.append(note)
        elif note.revision > fired[place].revision:
            fired[place] = note
        else:
            continue
        newer = True
    return newer
