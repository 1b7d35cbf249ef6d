"""All that a worker holds of one partition: its cases, their timers, counts and open loads.

Between the agents and the core. Cases are kept as packed bytes, since a million live objects
would make the garbage collector the bottleneck, and are unpacked when touched. Those that were
closed long ago leave for the ``Archive``, a file beside it, and come back when they change; whoever
asks for a case is not told where it was. But for that file nothing here does I/O: ``take_changed``
hands out what must be written, the caller writes it before it commits.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas import case_state
from schemas.case_state import CaseState, Fired
from schemas.errors import Misconfigured
from streams.core.announcement import unknown_rules
from streams.core.groups import GroupKey, groups
from streams.core.judge import next_instant
from streams.core.rules import ItemRules
from streams.state.archive import Archive
from streams.state.counts import Counts
from streams.state.departures import Departures
from streams.state.loads import OpenLoads
from streams.state.timers import TimerIndex


class PartitionState:
    """The cases of one partition. ``next_offset`` is the first source offset not yet applied.

    ``now`` is the latest instant as of which anything was applied or judged (milliseconds);
    ``escalations_next`` the end of the escalations that the states note.

    ``generation`` counts the rebuilds of the partition; with a case's ``change`` it orders two
    states of the case. ``count_change`` numbers the publications of its counts. ``to_judge`` are
    cases that may have escalations to publish, oldest first; ``published`` those that were
    published before a rebuild, by case. Without an ``archive`` no case ever leaves memory.
    """

    def __init__(
        self,
        partition: int,
        rules: dict[str, ItemRules],
        generation: int = 1,
        archive: Archive | None = None,
    ) -> None:
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
        # Cases that are unpacked to be changed, and the groups that each was counted in.
        self._touched: dict[str, CaseState] = {}
        self._before: dict[str, tuple[GroupKey, ...]] = {}
        self._archive = archive
        self._departures = Departures()
        # Rows of the archive whose cases are among ``_touched``.
        self._fetched: dict[str, int] = {}

    def __len__(self) -> int:
        """Return the number of cases whose state was handed out to be written, or restored."""
        return len(self._packed) + self.archived

    @property
    def archived(self) -> int:
        """Return how many of the cases are kept outside of memory."""
        return 0 if self._archive is None else len(self._archive)

    def __contains__(self, case_id: str) -> bool:
        if case_id in self._touched or case_id in self._packed:
            return True
        return self._archive is not None and case_id in self._archive

    def pass_time(self, now: int) -> int:
        """Return ``now``, or the latest instant judged by: a clock set back undoes nothing."""
        self.now = max(self.now, now)
        return self.now

    def touch(self, case_id: str) -> CaseState:
        """Return the state of a case to change it; it is among the changed ones until packed."""
        return self.touch_known(case_id) or self.touch_new(case_id)

    def touch_known(self, case_id: str) -> CaseState | None:
        """Touch a case; ``None`` if there is no such case."""
        state = self._touched.get(case_id)
        if state is None:
            row, state = self._find(case_id)
            if state is None:
                return None
            if row is not None:
                self._fetched[case_id] = row
            self._touched[case_id] = state
            self._before[case_id] = groups(state)
        return state

    def touch_new(self, case_id: str) -> CaseState:
        """Touch a case that nothing was known of."""
        state = self._touched[case_id] = CaseState(case_id, self.generation)
        if self.published:
            state.fired = self.published.pop(case_id, [])
        self._before[case_id] = ()
        return state

    def _find(self, case_id: str) -> tuple[int | None, CaseState | None]:
        """Return a copy of a case and its row in the archive, if that is where it is."""
        packed = self._packed.get(case_id)
        if packed is not None:
            return None, case_state.decode(packed)
        found = self._archive.find(case_id) if self._archive is not None else None
        return found or (None, None)

    def release(self, state: CaseState) -> None:
        """Take back a touch that changed nothing: no state is written, the timer is set anew."""
        del self._touched[state.case_id], self._before[state.case_id]
        self._fetched.pop(state.case_id, None)
        self.schedule(state)

    def peek(self, case_id: str) -> CaseState | None:
        """Return the state of a case to read it, ``None`` if there is no such case."""
        return self._touched.get(case_id) or self._find(case_id)[1]

    def cases(self) -> Iterator[CaseState]:
        """Yield every case, to read it."""
        for case_id in [*self._packed, *(self._touched.keys() - self._packed.keys())]:
            state = self.peek(case_id)
            if state is not None:
                yield state
        if self._archive is not None:
            # What is unpacked may be newer than its row, and was given already.
            yield from (one for one in self._archive.states() if one.case_id not in self._touched)

    def schedule(self, state: CaseState) -> None:
        """Set the timer of a case by its state; one that a load holds back has none."""
        if state.loads:
            return
        rules = self._rules[state.item] if state.item is not None else None
        instant = next_instant(state, rules)
        if instant is not None:
            self.timers.add(state.case_id, instant)

    def take_changed(self) -> list[tuple[str, bytes]]:
        """Pack all touched cases and return them, to be written."""
        return [(case_id, self.pack(state)) for case_id, state in [*self._touched.items()]]

    def pack(self, state: CaseState) -> bytes:
        """Keep a touched case as it now stands, its timer set anew; return what is to be written.

        It is not to be changed any more unless it is touched again.
        """
        case_id = state.case_id
        del self._touched[case_id]
        if state.generation < self.generation:
            state.generation, state.change = self.generation, 0
        state.change += 1
        packed = self._packed[case_id] = case_state.encode(state)
        self.counts.move(self._before.pop(case_id), groups(state))
        if state.live or state.applied != len(state.events):
            self.schedule(state)
        elif state.closed_at is not None:
            self._let_leave(state, packed)
        if case_id in self._fetched and self._archive is not None:
            # It is in memory again, and may be archived anew.
            self._archive.forget(self._fetched.pop(case_id))
        return packed

    def _let_leave(self, state: CaseState, packed: bytes) -> None:
        instant = self._archive.leaves_at(state) if self._archive is not None else None
        if instant is not None:
            self._departures.add(state.case_id, packed, instant)

    def archive_closed(self, at_most: int) -> int:
        """Move up to ``at_most`` cases that were closed long ago out of memory; say how many.

        To be called when all that was changed was taken, and best when it was also written: a
        case that has changed since it was noted stays, and was noted again if it is to leave.
        """
        if self._archive is None:
            return 0
        known = self._packed
        leaving = {
            case_id: packed
            for case_id, packed in self._departures.take(self.now, at_most)
            if known.get(case_id) is packed
        }
        if leaving:
            self._archive.put(leaving)
        for case_id in leaving:
            del known[case_id]
        return len(leaving)

    def close(self) -> None:
        """Let go of the archive's file; no case can be asked for after it."""
        if self._archive is not None:
            self._archive.close()

    def restore(self, case_id: str, packed: bytes) -> None:
        """Take a state from the changelog; a later record of the same case replaces it."""
        self._packed[case_id] = packed

    def note_published(self, published: dict[str, list[Fired]]) -> None:
        """Take in revisions that were published, some perhaps before a crash lost their state.

        A case whose states are lost too finds them when its events are read again.
        """
        for case_id, notes in published.items():
            row, state = self._find(case_id)
            if state is None:
                self.published[case_id] = notes
            elif _merge(state.fired, notes):
                state.unjudged = True
                self._packed[case_id] = case_state.encode(state)
                if row is not None and self._archive is not None:
                    self._archive.forget(row)
                # Written with the next batch or sweep: whatever is published after it moves the
                # checkpoint past these revisions, and another crash would then forget them.
                self.touch(case_id)

    def settle(self, published: dict[GroupKey, int], version: str, seen_s: float) -> None:
        """Derive timers, loads and counts from the restored states (once, after the last).

        Cases whose judgement a crash prevented are judged, and those that another ``version`` of
        the engine folded. Raises ``Misconfigured`` where the catalogue no longer has what a case
        stands by.
        """
        unknown: dict[str, None] = {}
        for state in self.cases():
            self.counts.move((), groups(state))
            for load in state.loads:
                self.loads.touch(load, state.case_id, seen_s)
            is_current = state.judged_by == version
            if is_current:
                # Of the others the cycles may name policies, or steps, that are no more.
                self.schedule(state)
            else:
                unknown |= dict.fromkeys(unknown_rules(state, self._rules))
            packed = self._packed.get(state.case_id)
            if state.closed_at is not None and packed is not None:
                self._let_leave(state, packed)
            if state.unjudged or not is_current:
                self.to_judge[state.case_id] = None
        if unknown:
            raise Misconfigured(unknown)
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
