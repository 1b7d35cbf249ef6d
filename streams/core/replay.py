"""A log of events, judged as of an instant without a broker: the core alone.

``jushou replay``, the what-if of a policy and the tests go through here, by the same core as the
stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from schemas.case_event import StoredEvent, decode
from schemas.case_state import CaseState
from schemas.catalogue.load import load_catalogue
from schemas.errors import InvalidRecord
from schemas.escalation import escalation_id
from schemas.instants import render_instant
from streams.core.calendar import build_calendars
from streams.core.case import Added, Engine
from streams.core.rules import build_rules
from streams.core.verdicts import standing, verdicts

# What a case is made of is in the processor's cache while its events are added one after the other.
# Enough lines that cases have several events each among them; read they take some 100 MB.
_LINES_AT_ONCE = 200_000


def default_engine() -> Engine:
    """Return the engine with the shipped catalogue and the newest calendar of the build."""
    catalogue = load_catalogue()
    return Engine(build_rules(catalogue), build_calendars(), catalogue)


class Replay:
    """The cases of a log as of one instant (milliseconds). ``faults`` are its bad lines."""

    def __init__(self, engine: Engine, as_of: int) -> None:
        self.engine = engine
        self.as_of = as_of
        self.cases: dict[str, CaseState] = {}
        self.faults: list[tuple[int, InvalidRecord]] = []
        self.conflicts: list[tuple[int, str, str]] = []

    def read(self, lines: Iterable[bytes]) -> None:
        """Add the events of JSON lines; blank lines are passed over, bad ones noted."""
        numbered = enumerate(lines, start=1)
        while self._read_some(islice(numbered, _LINES_AT_ONCE)):
            pass

    def _read_some(self, lines: Iterable[tuple[int, bytes]]) -> bool:
        """Add the events of some lines, case by case; say whether there were any lines."""
        rules = self.engine.rules
        found: dict[str, list[tuple[int, StoredEvent]]] = {}
        number = 0
        for number, line in lines:
            try:
                case_id, event = decode(line, rules)
            except InvalidRecord as fault:
                if line.strip():
                    self.faults.append((number, fault))
                continue
            of_case = found.get(case_id)
            if of_case is None:
                found[case_id] = [(number, event)]
            else:
                of_case.append((number, event))
        for case_id, events in found.items():
            self._add(case_id, events)
        self.conflicts.sort()
        return number > 0

    def _add(self, case_id: str, events: Iterable[tuple[int, StoredEvent]]) -> None:
        state = self.cases.get(case_id)
        if state is None:
            state = self.cases[case_id] = CaseState(case_id)
        add, as_of, conflict = self.engine.add, self.as_of, Added.CONFLICT
        for number, event in events:
            if add(state, event, as_of) is conflict:
                self.conflicts.append((number, case_id, event.event_id))

    def settled(self) -> Iterator[CaseState]:
        """Yield every case as of the instant: policies that no event came after included."""
        for state in self.cases.values():
            self.engine.advance(state, self.as_of)
            yield state

    def verdicts(self) -> Iterator[dict[str, Any]]:
        """Yield the verdict of every cycle, in the shape of the replay contract."""
        for state in self.settled():
            for verdict in verdicts(state, self.as_of):
                row = verdict._asdict()
                for name in ("started_at", "due_at", "stopped_at", "breached_at"):
                    row[name] = None if row[name] is None else render_instant(row[name])
                yield row

    def escalations(self) -> Iterator[dict[str, Any]]:
        """Yield the escalations that stand as fired."""
        for state in self.settled():
            if state.item is None:
                continue
            for hit in standing(state, self.engine.rules[state.item], self.as_of):
                cycle = hit.cycle
                names = (state.case_id, cycle.clock, cycle.start_event_id, hit.step.level)
                yield {
                    "escalation_id": escalation_id(*names),
                    "case_id": state.case_id,
                    "clock": cycle.clock,
                    "start_event_id": cycle.start_event_id,
                    "level": hit.step.level,
                    "to": hit.step.to,
                    "at": render_instant(hit.at),
                }

    def violations(self) -> Iterator[dict[str, Any]]:
        """Yield the count rules that were broken, by rule and event."""
        for state in self.cases.values():
            for violation in state.violations:
                yield {
                    "case_id": state.case_id,
                    "rule": violation.rule,
                    "event_id": violation.event_id,
                }
