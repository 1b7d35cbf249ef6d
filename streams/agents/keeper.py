"""Keeps the cases of one partition: applies batches of records, and sweeps what time has changed.

Between the Faust agent, which reads and commits, and the core, which decides. Synchronous and
without I/O: both calls return the ``Effects`` that the caller must have written, in their order,
before it goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client import Counter as Metric

from schemas import bulk_load
from schemas import probe as probes
from schemas.bulk_load import LOAD_HEADER, LOAD_OPENED, LoadBracket
from schemas.case_event import StoredEvent, decode
from schemas.case_state import CaseState
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.escalation import Escalation
from schemas.instants import DAY_MS
from schemas.partitioning import partition_of
from schemas.probe import ProbeAnswer
from streams.core.announcement import announce
from streams.core.case import Added, Engine
from streams.core.judge import judge
from streams.state.partition import PartitionState

EVENTS = Metric("jushou_case_events_total", "case events read, by what became of them", ["outcome"])
REVISIONS = Metric(
    "jushou_escalation_revisions_total", "revisions published", ["level", "state", "cause"]
)


# A case and its packed state, as it is to be written.
StateRecord = tuple[str, bytes]


class Record(Protocol):
    """A record as the transport delivers it; ``timestamp`` in milliseconds."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes]]
    timestamp: int


@dataclass(slots=True)
class DeadLetter:
    """A record to set aside, with its own key and bytes."""

    key: bytes | None
    value: bytes | None
    offset: int
    fault: InvalidRecord
    headers: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class Effects:
    """What a batch or a sweep leads to: to be written in this order, then committed."""

    dead_letters: list[DeadLetter] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)
    states: list[StateRecord] = field(default_factory=list)


@dataclass(slots=True)
class _Batch:
    """What holds for all records of a batch, and what became of them, by outcome."""

    now: int
    seen_s: float
    effects: Effects
    outcomes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        """Note what became of a record."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


class CaseKeeper:
    """The case agent's work on one partition, of ``partitions`` in all."""

    def __init__(self, engine: Engine, state: PartitionState, partitions: int) -> None:
        self.engine = engine
        self.state = state
        self.partitions = partitions
        # When the newest probe was sent (ms) that no sweep has answered yet.
        self.probed_ms: int | None = None

    def apply(
        self,
        records: Iterable[Record],
        now: int,
        seen_s: float,
        write: Callable[[StateRecord], None] | None = None,
    ) -> Effects:
        """Apply records as of ``now`` (milliseconds): case by case, those of each in their order.

        All of a case at once, since what it is made of then is in the processor's cache: one event
        of each of thousands of cases in turn takes twice as long. Cases do not depend on each
        other, but on the brackets of loads, which have their place among all records.

        Bad records become dead letters and their neighbours go on. Nothing fires here: cases
        that may have something to fire are noted for the next sweep. ``write`` is given each state
        as soon as it stands, so that it can be under way while the next cases are applied; without
        it they are among the effects.
        """
        now = self.state.pass_time(now)
        effects = Effects()
        batch = _Batch(now, seen_s, effects)
        write = write or effects.states.append
        runs: dict[bytes | None, list[Record]] = {}
        last: Record | None = None
        for record in records:
            last = record
            raw = record.value or b""
            bracket = self._bracket_in(raw) if _may_be_bracket(raw) else None
            if bracket is not None:
                self._apply_runs(runs, batch, write)
                runs = {}
                self._heed(bracket, min(now, record.timestamp), seen_s)
                batch.count("bracket")
                continue
            key = record.key
            run = runs.get(key)
            if run is None:
                runs[key] = [record]
            else:
                run.append(record)
        self._apply_runs(runs, batch, write)
        if last is not None:
            self.state.next_offset = last.offset + 1
        for outcome, count in batch.outcomes.items():
            EVENTS.labels(outcome).inc(count)
        effects.dead_letters.sort(key=lambda letter: letter.offset)
        effects.states += self.state.take_changed()
        return effects

    def _bracket_in(self, raw: bytes) -> LoadBracket | None:
        """Return the bracket of a load that a record is, if it is one."""
        try:
            bracket = bulk_load.decode(raw)
        except Exception:  # noqa: BLE001 - any other record is judged by the event's own fault
            return None
        try:
            decode(raw, self.engine.rules)
        except InvalidRecord:
            return bracket
        return None

    def _heed(self, bracket: LoadBracket, closed_at: int, seen_s: float) -> None:
        asked_ms = probes.sent_at_ms(bracket.load)
        if asked_ms is not None:
            self.probed_ms = asked_ms
        elif bracket.type == LOAD_OPENED:
            self.state.loads.open(bracket.load, seen_s)
        else:
            self.close_load(bracket.load, closed_at)

    def _apply_runs(
        self,
        runs: Mapping[bytes | None, list[Record]],
        batch: _Batch,
        write: Callable[[StateRecord], None],
    ) -> None:
        for key, run in runs.items():
            state = self._apply_run(key, run, batch)
            if state is not None:
                write((state.case_id, self.state.pack(state)))

    def _apply_run(
        self, key: bytes | None, run: Iterable[Record], batch: _Batch
    ) -> CaseState | None:
        """Apply records of one key; return their case, ``None`` if none of them is of one."""
        case_id, now, is_changed = _case_id(key), batch.now, False
        state: CaseState | None = None
        for record in run:
            raw = record.value or b""
            try:
                of_case, event = decode(raw, self.engine.rules)
                if of_case != case_id:
                    raise _wrong_key()
                if state is None or event.at > now + DAY_MS:
                    state = self._touch(case_id, key, event, now)
            except InvalidRecord as fault:
                batch.count("dead-letter")
                batch.effects.dead_letters.append(_dead_letter(record, fault))
                continue
            if record.headers:
                self._hold(state, record, batch.seen_s)
            added = self.engine.add(state, event, now)
            batch.count(added)
            state.source_offset = record.offset
            if added is not Added.DUPLICATE:
                is_changed = True
                if state.item is None or state.held or state.set_aside:
                    self._note(state, event, raw, batch.effects)
        if state is not None and is_changed:
            self._have_judged(state)
        return state

    def _touch(self, case_id: str, key: bytes | None, event: StoredEvent, now: int) -> CaseState:
        """Return the case that an event is of; refuse an event that is not to have an effect."""
        state = self.state.touch_known(case_id)
        if state is None:
            self._check_place(key or b"")
        if event.at > now + DAY_MS:
            raise InvalidRecord(
                DeadLetterReason.TOO_FAR_AHEAD,
                "occurred_at is more than 24 hours ahead; correct the clock of the source",
            )
        return self.state.touch_new(case_id) if state is None else state

    def _check_place(self, key: bytes) -> None:
        belongs = partition_of(key, self.partitions)
        if belongs != self.state.partition:
            raise InvalidRecord(
                DeadLetterReason.WRONG_PARTITION,
                f"read from partition {self.state.partition}, belongs to {belongs}; "
                "set partitioner=murmur2_random in the producer",
            )

    def _have_judged(self, state: CaseState) -> None:
        """Have the next sweep judge a case that has changed, if something may have to be told."""
        if state.fired:
            state.unjudged = True
        if state.unjudged and not state.loads:
            self.state.to_judge[state.case_id] = None

    def close_load(self, load: str, closed_at: int) -> None:
        """Let go the cases that a load held; what is past due at ``closed_at`` is known late."""
        for case_id in self.state.loads.close(load):
            state = self.state.touch(case_id)
            if load in state.loads:
                state.loads.remove(load)
            if not state.loads:
                if state.judged_by != self.engine.version:
                    # Its timer is set by the state, before the next sweep would fold it again.
                    self.engine.refold(state, max(self.state.now, closed_at))
                state.known_late_until = closed_at
                state.unjudged = True
                self.state.to_judge[case_id] = None

    def _hold(self, state: CaseState, record: Record, seen_s: float) -> None:
        for name, value in record.headers:
            if name != LOAD_HEADER:
                continue
            load = value.decode("utf-8", "replace")
            if self.state.loads.touch(load, state.case_id, seen_s) and load not in state.loads:
                state.loads.append(load)

    def _note(self, state: CaseState, event: StoredEvent, raw: bytes, effects: Effects) -> None:
        """Keep the bytes of events that wait for the item, and set aside those that it has not."""
        if state.item is None:
            state.held[event.event_id] = raw
        elif state.held:
            held, state.held = state.held, {}
            held[event.event_id] = raw
            for event_id, original in held.items():
                self._set_aside(state, event_id, original, effects)
        else:
            self._set_aside(state, event.event_id, raw, effects)

    def _set_aside(self, state: CaseState, event_id: str, raw: bytes, effects: Effects) -> None:
        if event_id not in state.set_aside:
            return
        fault = InvalidRecord(
            DeadLetterReason.UNKNOWN_TYPE,
            f"item {state.item} has no event of this type; `jushou catalogue` lists them",
        )
        letter = DeadLetter(state.case_id.encode(), raw, state.source_offset, fault)
        effects.dead_letters.append(letter)

    def sweep(self, now: int, at_most: int) -> Effects:
        """Judge up to ``at_most`` cases as of ``now``: those whose timer ran out, and those noted.

        Only to be called when all that was sent before ``now`` has been applied.
        """
        now = self.state.pass_time(now)
        effects = Effects()
        chosen = dict.fromkeys(self.state.timers.take(now, at_most))
        while self.state.to_judge and len(chosen) < at_most:
            case_id = next(iter(self.state.to_judge))
            del self.state.to_judge[case_id]
            chosen[case_id] = None
        for case_id in chosen:
            self._judge(case_id, now, effects)
        effects.states += self.state.take_changed()
        for labels, count in Counter(map(_labels, effects.escalations)).items():
            REVISIONS.labels(*labels).inc(count)
        return effects

    def _judge(self, case_id: str, now: int, effects: Effects) -> None:
        if case_id not in self.state:
            return
        state = self.state.touch(case_id)
        if state.loads:
            self.state.release(state)
            return
        if state.judged_by != self.engine.version:
            self.engine.refold(state, now)
            moved = True
        else:
            moved = self.engine.advance(state, now) or state.unjudged
        rules = self.engine.rules[state.item] if state.item is not None else None
        changes = judge(state, rules, self.engine.calendars, now)
        for change in changes:
            version = self.engine.calendars.version
            effects.escalations.append(announce(state, change, self.engine.rules, version))
        if moved or changes:
            effects.states.append((case_id, self.state.pack(state)))
        else:
            self.state.release(state)

    def take_probe(self) -> ProbeAnswer | None:
        """Return the answer to the newest probe, once; to be sent after a sweep as of later."""
        asked_ms, self.probed_ms = self.probed_ms, None
        return None if asked_ms is None else ProbeAnswer(self.state.partition, asked_ms)

    def has_work(self, now: int) -> bool:
        """Say whether another sweep as of ``now`` would find a case to judge."""
        return bool(self.state.to_judge) or self.state.timers.is_ready(now)


def _may_be_bracket(raw: bytes) -> bool:
    """Say whether the letters of a bracket's type are in a record; JSON can write them in two ways.

    By ``find``: ``in`` first tries whether the letters are a number, and words an error.
    """
    return raw.find(b"load-") >= 0 or raw.find(b"\\") >= 0


def _case_id(key: bytes | None) -> str | None:
    """Return the case that a record's key names, ``None`` where it can name none."""
    try:
        return None if key is None else key.decode()
    except UnicodeDecodeError:
        return None


def _wrong_key() -> InvalidRecord:
    return InvalidRecord(
        DeadLetterReason.WRONG_KEY, "the record's key must be its case_id in UTF-8"
    )


def _dead_letter(record: Record, fault: InvalidRecord) -> DeadLetter:
    return DeadLetter(record.key, record.value, record.offset, fault, list(record.headers))


def _labels(escalation: Escalation) -> tuple[str, str, str]:
    return escalation.level, escalation.state, escalation.cause
