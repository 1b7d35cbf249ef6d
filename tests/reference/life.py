"""Life of a cycle: one case's events applied one by one.

For each event, in this order: reopening; pauses and resumes; extensions; stops; the terminal
rule; starts.
"""

from __future__ import annotations

from typing import Any

from tests.reference.catalogue import CLOCKS, Clock
from tests.reference.due import Cycle, Pause, due_ms
from tests.reference.instants import to_ms
from tests.reference.order import attributes_of
from tests.reference.reading import Record

PAUSES = {
    "supplement_requested": ("supplement", "open"),
    "supplement_provided": ("supplement", "close"),
    "suspended": ("suspension", "open"),
    "resumed": ("suspension", "close"),
}
TERMINAL = ["resolved", "rejected", "withdrawn"]


class Case:
    """One case while its events are walked."""

    def __init__(self, item: str) -> None:
        self.clocks = CLOCKS[item]
        self.pauses: list[Pause] = []
        self.cycles: list[Cycle] = []
        self.is_closed = False
        self.was_submitted = False

    def apply(self, event: Record) -> None:
        """All that one event does."""
        at_ms = to_ms(event["occurred_at"])
        is_first_submitted = event["type"] == "submitted" and not self.was_submitted
        self.was_submitted = self.was_submitted or is_first_submitted
        if self.is_closed and event["type"] != "reopened":
            return
        if self.is_closed:
            self.reopen(at_ms)
        self.pause_or_resume(event["type"], at_ms)
        if event["type"] == "extended":
            self.extend(attributes_of(event), at_ms)
        self.stop(event, at_ms)
        if event["type"] in TERMINAL:
            self.close(at_ms)
        elif event["type"] != "submitted" or is_first_submitted:
            self.start(event, at_ms)

    def reopen(self, at_ms: int) -> None:
        """Opens the closed case again and clears the pauses."""
        self.is_closed = False
        for pause in self.pauses:
            if pause.to_ms is None:
                pause.to_ms = at_ms

    def pause_or_resume(self, kind: str, at_ms: int) -> None:
        """Asking twice is asking once; a resume without a pause is nothing."""
        if kind not in PAUSES:
            return
        of, what = PAUSES[kind]
        is_open = [pause for pause in self.pauses if pause.kind == of and pause.to_ms is None]
        if what == "open" and not is_open:
            self.pauses.append(Pause(of, at_ms))
        if what == "close" and is_open:
            is_open[0].to_ms = at_ms

    def extend(self, attributes: dict[str, Any], at_ms: int) -> None:
        """Adds `by` to the live cycle of an extendable clock, or does nothing, whole."""
        by = attributes.get("by")
        for clock in self.clocks:
            if clock.name != attributes.get("clock") or by is None or clock.extendable == 0:
                continue
            # Ten digits are past any limit, and any number of digits can be written.
            amount = int(by.rstrip("hdw").lstrip("0")[:10])
            unit = by.lstrip("0123456789")
            for cycle in self.live(clock):
                total = cycle.extended_by + amount
                if unit == clock.unit and total <= clock.extendable:
                    cycle.pauses = self.honoured_by(clock)
                    ends_ms = due_ms(cycle)
                    if ends_ms is None or at_ms <= ends_ms:
                        cycle.extended_by = total

    def stop(self, event: Record, at_ms: int) -> None:
        """Ends the oldest live cycle of each clock that the event stops."""
        for clock in self.clocks:
            live = self.live(clock)
            if event["type"] in clock.stops and live:
                self.end(live[0], at_ms)
                live[0].stop_event_id = event["event_id"]

    def close(self, at_ms: int) -> None:
        """The terminal rule: live cycles that were not stopped are cancelled."""
        self.is_closed = True
        for cycle in self.cycles:
            if cycle.ended_ms is None:
                self.end(cycle, at_ms)
                cycle.cancelled = True

    def start(self, event: Record, at_ms: int) -> None:
        """Opens a cycle of each clock that the event starts, unless one is live."""
        for clock in self.clocks:
            if is_start(clock, event) and (clock.each or not self.live(clock)):
                ordinal = 1 + len([cycle for cycle in self.cycles if cycle.clock == clock])
                self.cycles.append(Cycle(clock, ordinal, event["event_id"], at_ms))

    def end(self, cycle: Cycle, at_ms: int) -> None:
        """What happens to the pauses of the case after this changes nothing in the cycle."""
        cycle.ended_ms = at_ms
        cycle.pauses = self.honoured_by(cycle.clock)

    def live(self, clock: Clock) -> list[Cycle]:
        """Oldest first."""
        return [cycle for cycle in self.cycles if cycle.clock == clock and cycle.ended_ms is None]

    def honoured_by(self, clock: Clock) -> list[Pause]:
        """A copy of the pauses that the clock honours."""
        return [
            Pause(pause.kind, pause.from_ms, pause.to_ms)
            for pause in self.pauses
            if pause.kind in clock.honours
        ]


def cycles_of(item: str, events: list[Record]) -> list[Cycle]:
    """Every cycle of the case in order of start, as it stands once the events are applied."""
    case = Case(item)
    for event in events:
        case.apply(event)
    for cycle in case.cycles:
        if cycle.ended_ms is None:
            cycle.pauses = case.honoured_by(cycle.clock)
    return case.cycles


def is_start(clock: Clock, event: Record) -> bool:
    """Whether the event is a start of the clock, its condition included."""
    attributes = attributes_of(event)
    for kind, condition in clock.starts:
        if kind == event["type"] and all(
            any(is_same(attributes.get(name), wanted) for wanted in any_of)
            for name, any_of in condition.items()
        ):
            return True
    return False


def is_same(got: Any, wanted: Any) -> bool:
    """Compared by JSON type and value; a missing attribute (`None`) is the same as nothing."""
    if isinstance(got, bool) or isinstance(wanted, bool):
        return got is wanted
    if isinstance(wanted, int):
        return isinstance(got, int | float) and got == wanted
    return isinstance(got, str) and got == wanted
