"""The first stage of the household worker: states of cases, keyed again by household.

It keeps no state that matters: what a case says is absolute, so repeating it is harmless. What was
said last is remembered, within bounds, to save writes: most changes of a case say nothing new of
its household. A case that turns out to be another household's is told to the one that it was of:
known from its submissions, and, where a record was replaced by another of the same id, from what
was remembered. (Not after a restart in between: then that household keeps the case.)
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from schemas import case_state
from schemas.case_state import CaseState
from schemas.household import HouseholdEvent, encode_event
from streams.agents.keeper import Record
from streams.core.household_facts import gone_event, household_event, named_households

_REMEMBERED = 500_000


class Rekeyer:
    """Tells what the states of a batch say that is new."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[int, str]] = {}

    def events(self, records: Iterable[Record]) -> list[HouseholdEvent]:
        """Return what the newest state of each case says, where it is not what it said last.

        Raises ``msgspec.DecodeError`` for a record that is no state.
        """
        newest = {record.key: record.value for record in records if record.value is not None}
        found: list[HouseholdEvent] = []
        for value in newest.values():
            found += self._new(case_state.decode(value))
        return found

    def forget(self) -> None:
        """Forget what was said: after a rebalance another worker may have said it."""
        self._said = {}

    def _new(self, state: CaseState) -> list[HouseholdEvent]:
        event = household_event(state)
        name = "" if event is None else event.household
        before = self._said.get(state.case_id, (0, ""))
        others = (named_households(state) | {before[1]}) - {name, ""}
        events = [gone_event(state, other) for other in sorted(others)]
        if event is not None:
            events.append(event)
        # Collisions of 64 bits within one case: one in 10^19.
        said = hash(tuple(encode_event(replace(each, version=0)) for each in events))
        if not events or before[0] == said:
            return []
        if len(self._said) >= _REMEMBERED:
            self._said = {}
        self._said[state.case_id] = said, name
        return events
