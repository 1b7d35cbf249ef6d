"""The fold once more, watched: what each event did, and why it did not do more.

Part of the core, beside the fold: it runs ``fold.apply`` and compares the case before and after
each event, so that the fold itself need not know that it is watched, and stays as quick as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from schemas.case_event import StoredEvent, precedence
from schemas.case_state import CANCELLED, MET, CaseState, Cycle
from streams.core.carry_over import carry_over, next_carry_over
from streams.core.case import Engine
from streams.core.explanation_notes import Before, Note, NoteCode, refusals
from streams.core.fold import apply
from streams.core.rules import (
    ANY_PAUSE,
    EXTENDED,
    PAUSES,
    RETURNED,
    SUBMITTED,
    TRANSFERRED,
    ClockRule,
    ItemRules,
)


class PauseSpan(NamedTuple):
    """A pause of the case, with the events that opened and closed it."""

    pause: str
    opened: StoredEvent
    closed: StoredEvent | None = None


class Extension(NamedTuple):
    """An ``extended`` that names a cycle's clock; ``refused`` says why it had no effect."""

    event: StoredEvent
    amount: int
    refused: NoteCode | None = None


class Superseded(NamedTuple):
    """A step that had fired at ``at``, before an extension (``event``) or a policy moved it."""

    level: str
    at: int
    event: StoredEvent | None = None
    policy: str | None = None


class CarriedOver(NamedTuple):
    """A cycle that went over from one policy to another, at the instant the other came in force."""

    at: int
    before: str
    after: str
    due_before: int | None
    due_after: int | None


class CycleTrace(Struct):
    """One cycle with the events behind its numbers.

    ``pauses`` are those that its clock honours, as they stood at its end (or stand now).
    ``rule`` is that of the policy that it runs by now.
    """

    cycle: Cycle
    rule: ClockRule
    start: StoredEvent
    end: StoredEvent | None = None
    pauses: list[PauseSpan] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    superseded: list[Superseded] = field(default_factory=list)
    carried: list[CarriedOver] = field(default_factory=list)


class EventTrace(NamedTuple):
    """An event that was applied: what it did, and what it did not do and why."""

    event: StoredEvent
    effects: list[Note]
    refusals: list[Note]


class CaseTrace(Struct):
    """A case folded as of an instant, and how it came to be so.

    ``conflicts`` are the records that lost against another with their identity; ``pending`` the
    events whose time has not come.
    """

    state: CaseState
    rules: ItemRules | None = None
    cycles: list[CycleTrace] = field(default_factory=list)
    events: list[EventTrace] = field(default_factory=list)
    pending: list[StoredEvent] = field(default_factory=list)
    conflicts: list[StoredEvent] = field(default_factory=list)


def trace(engine: Engine, case_id: str, events: Iterable[StoredEvent], as_of: int) -> CaseTrace:
    """Fold a case afresh as of an instant (milliseconds) from its events in any order.

    Duplicates are dropped and conflicts settled here. A case without an item as of then has no
    cycles; its events are then all in ``state.events``.
    """
    counted, conflicts = settle(case_id, events)
    state = CaseState(case_id, events=counted)
    found = CaseTrace(state, conflicts=conflicts)
    found.pending = [event for event in counted if event.at > as_of]
    present = counted[: len(counted) - len(found.pending)]
    named = (event.heading.item for event in present if event.heading is not None)
    state.item = next((item for item in named if item is not None), None)
    if state.item is None:
        return found
    found.rules = engine.rules[state.item]
    watch = _Watch(engine, found, found.rules)
    for event in present:
        watch.carry_over(event.at)
        watch.apply(event)
    watch.carry_over(as_of)
    watch.finish()
    return found


def settle(
    case_id: str, events: Iterable[StoredEvent]
) -> tuple[list[StoredEvent], list[StoredEvent]]:
    """Return the event that counts of each identity, in order, and the others that differ.

    The events may come in any order and repeat; repetitions are dropped.
    """
    by_id: dict[str, list[StoredEvent]] = {}
    for event in events:
        by_id.setdefault(event.event_id, []).append(event)
    counted, conflicts = [], []
    for records in by_id.values():
        if len(records) > 1:
            distinct = {precedence(event, case_id): event for event in records}
            records = [distinct[key] for key in sorted(distinct)]
        counted.append(records[0])
        conflicts += records[1:]
    conflicts.sort(key=lambda event: (event.event_id, precedence(event, case_id)))
    return sorted(counted, key=lambda event: event.order), conflicts


class _Watch:
    def __init__(self, engine: Engine, found: CaseTrace, rules: ItemRules) -> None:
        self.calendars = engine.calendars
        self.found = found
        self.state = found.state
        self.rules = rules
        self.spans: list[PauseSpan] = []
        self.traced: dict[int, CycleTrace] = {}

    def apply(self, event: StoredEvent) -> None:
        """Apply one event and note its effects."""
        before = self._look()
        apply(self.state, event, self.rules, self.calendars)
        self.state.applied += 1
        effects = [
            *self._of_case(event, before),
            *self._of_pauses(event, before),
            *self._of_limits(event, before),
            *self._of_ends(event, before),
            *self._of_starts(event, before),
        ]
        refused = refusals(event, before, self.state, self.rules, effects)
        self._note_refused_extension(event, refused)
        self.found.events.append(EventTrace(event, effects, refused))

    def carry_over(self, until: int) -> None:
        """Apply the policies for open cycles up to an instant, and note what went over."""
        while (at := next_carry_over(self.state, self.rules)) is not None and at <= until:
            before = [(each, each.policy, each.due_at, each.steps) for each in self.state.live]
            carry_over(self.state, self.rules, self.calendars, at)
            for cycle, policy, due, steps in before:
                if cycle.policy != policy:
                    self._note_carried(
                        cycle, CarriedOver(at, policy, cycle.policy, due, cycle.due_at), steps
                    )

    def _note_carried(
        self, cycle: Cycle, carried: CarriedOver, steps: Sequence[int | None]
    ) -> None:
        traced = self.traced[id(cycle)]
        now = {
            step.level: at
            for step, at in zip(
                self.rules.clock(cycle.policy, cycle.clock).steps, cycle.steps, strict=True
            )
        }
        traced.superseded += [
            Superseded(step.level, old, policy=cycle.policy)
            for step, old in zip(traced.rule.steps, steps, strict=True)
            if old is not None and old < carried.at and old != now.get(step.level)
        ]
        traced.carried.append(carried)
        traced.rule = self.rules.clock(cycle.policy, cycle.clock)

    def finish(self) -> None:
        """Give the live cycles the pauses that they honour now."""
        for cycle in self.state.live:
            traced = self.traced[id(cycle)]
            traced.pauses = self._honoured(traced.rule)

    def _look(self) -> Before:
        state = self.state
        return Before(
            live=list(state.live),
            limits=[cycle.limit for cycle in state.live],
            steps=[cycle.steps for cycle in state.live],
            open_pauses=self._open_pauses(),
            is_closed=state.closed_at is not None,
            submitted_at=state.submitted_at,
            bounces=state.bounces,
        )

    def _open_pauses(self) -> frozenset[str]:
        pauses = self.state.pauses
        return frozenset(
            pause for pause in PAUSES if pauses.get(pause) and pauses[pause][-1].closed_at is None
        )

    def _of_case(self, event: StoredEvent, before: Before) -> list[Note]:
        state, notes = self.state, []
        if (
            event.type == SUBMITTED
            and before.submitted_at is None
            and state.submitted_at == event.at
        ):
            notes.append(Note(NoteCode.RECEIVED))
        is_closed = state.closed_at is not None
        if before.is_closed and not is_closed:
            self.spans = []
            notes.append(Note(NoteCode.CASE_REOPENED))
        elif is_closed and not before.is_closed:
            notes.append(Note(NoteCode.CASE_CLOSED))
        if event.type == TRANSFERRED and not before.is_closed:
            notes.append(Note(NoteCode.HANDED_ON))
        if event.type == RETURNED and state.bounces > before.bounces:
            notes.append(Note(NoteCode.BOUNCED))
        return notes

    def _of_pauses(self, event: StoredEvent, before: Before) -> list[Note]:
        now, notes = self._open_pauses(), []
        for pause in PAUSES:
            if pause in now and pause not in before.open_pauses:
                self.spans.append(PauseSpan(pause, event))
                notes.append(Note(NoteCode.PAUSE_OPENED, pause=pause))
            elif pause in before.open_pauses and pause not in now:
                self.spans = [_closed(span, pause, event) for span in self.spans]
                notes.append(Note(NoteCode.PAUSE_CLOSED, pause=pause))
        return notes

    def _of_limits(self, event: StoredEvent, before: Before) -> list[Note]:
        notes = []
        for cycle, limit, steps in zip(before.live, before.limits, before.steps, strict=True):
            if cycle.limit == limit:
                continue
            traced = self.traced[id(cycle)]
            traced.extensions.append(Extension(event, cycle.limit - limit))
            traced.superseded += [
                Superseded(step.level, old, event)
                for step, old, new in zip(traced.rule.steps, steps, cycle.steps, strict=True)
                if old is not None and old < event.at and old != new
            ]
            notes.append(
                Note(NoteCode.EXTENDED, cycle.clock, cycle.ordinal, amount=cycle.limit - limit)
            )
        return notes

    def _of_ends(self, event: StoredEvent, before: Before) -> list[Note]:
        notes = []
        live = {id(cycle) for cycle in self.state.live}
        for cycle in before.live:
            if id(cycle) in live:
                continue
            traced = self.traced[id(cycle)]
            traced.end = event
            traced.pauses = self._honoured(traced.rule)
            code = {CANCELLED: NoteCode.CANCELLED, MET: NoteCode.MET}.get(
                cycle.status, NoteCode.MISSED
            )
            notes.append(Note(code, cycle.clock, cycle.ordinal))
        return notes

    def _of_starts(self, event: StoredEvent, before: Before) -> list[Note]:
        notes = []
        known = {id(cycle) for cycle in before.live}
        for cycle in self.state.live:
            if id(cycle) in known:
                continue
            rule = self.rules.clock(cycle.policy, cycle.clock)
            self.traced[id(cycle)] = CycleTrace(cycle, rule, event)
            self.found.cycles.append(self.traced[id(cycle)])
            notes.append(Note(NoteCode.STARTED, cycle.clock, cycle.ordinal))
        return notes

    def _honoured(self, rule: ClockRule) -> list[PauseSpan]:
        return [span for span in self.spans if rule.honours in (ANY_PAUSE, span.pause)]

    def _note_refused_extension(self, event: StoredEvent, refused: Sequence[Note]) -> None:
        for note in refused if event.type == EXTENDED else ():
            for cycle in self.state.live:
                if (cycle.clock, cycle.ordinal) == (note.clock, note.cycle):
                    traced = self.traced[id(cycle)]
                    traced.extensions.append(Extension(event, note.amount, note.code))


def _closed(span: PauseSpan, pause: str, event: StoredEvent) -> PauseSpan:
    is_open = span.pause == pause and span.closed is None
    return span._replace(closed=event) if is_open else span
