"""The first stage of the household worker: states of cases, keyed again by household.

It keeps no state that matters: what a case says is absolute, so repeating it is harmless. What was
said last is remembered, within bounds, only to save writes: most changes of a case say nothing new
of its household.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from schemas import case_state
from schemas.household import HouseholdEvent, encode_event
from streams.agents.keeper import Record
from streams.core.household_facts import household_event

_REMEMBERED = 500_000


class Rekeyer:
    """Tells what the states of a batch say that is new."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def events(self, records: Iterable[Record]) -> list[HouseholdEvent]:
        """Return what the newest state of each case says, where it is not what it said last.

        Raises ``msgspec.DecodeError`` for a record that is no state.
        """
        newest = {record.key: record.value for record in records if record.value is not None}
        found = []
        for value in newest.values():
            event = household_event(case_state.decode(value))
            if event is not None and self._is_new(event):
                found.append(event)
        return found

    def forget(self) -> None:
        """Forget what was said: after a rebalance another worker may have said it."""
        self._said = {}

    def _is_new(self, event: HouseholdEvent) -> bool:
        # Collisions of 64 bits within one case: one in 10^19.
        said = hash(encode_event(msgspec.structs.replace(event, version=0)))
        if self._said.get(event.case_id) == said:
            return False
        if len(self._said) >= _REMEMBERED:
            self._said = {}
        self._said[event.case_id] = said
        return True
