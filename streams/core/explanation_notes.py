"""What an event did to its case, and the reasons for which it did not do more, as codes.

Part of the core, beside the fold (``streams.core.explanation_trace``). The reasons follow the
same clauses as ``streams.core.fold``, in the same order; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from schemas.case_event import StoredEvent
from schemas.case_state import CaseState, Cycle
from schemas.instants import day_of
from streams.core.rules import (
    CLOSES_PAUSE,
    EXTENDED,
    OPENS_PAUSE,
    REOPENED,
    SUBMITTED,
    TERMINAL,
    ItemRules,
)

_AMOUNT = re.compile(r"0*([0-9]+)(h|d|wd)")


class NoteCode(StrEnum):
    """The effects of an event (first), and the reasons for which it had none."""

    RECEIVED = "received"
    STARTED = "started"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"
    PAUSE_OPENED = "pause-opened"
    PAUSE_CLOSED = "pause-closed"
    EXTENDED = "extended"
    CASE_CLOSED = "case-closed"
    CASE_REOPENED = "case-reopened"
    HANDED_ON = "handed-on"
    BOUNCED = "bounced"

    TYPE_NOT_OF_ITEM = "type-not-of-item"
    CASE_IS_CLOSED = "case-is-closed"
    SUBMITTED_BEFORE = "submitted-before"
    OTHER_ITEM_IGNORED = "other-item-ignored"
    PAUSE_ALREADY_OPEN = "pause-already-open"
    PAUSE_NOT_OPEN = "pause-not-open"
    EXTENSION_NAMES_NO_CLOCK = "extension-names-no-clock"
    EXTENSION_OF_NO_LIVE_CLOCK = "extension-of-no-live-clock"
    EXTENSION_WITHOUT_AMOUNT = "extension-without-amount"
    EXTENSION_NOT_ALLOWED = "extension-not-allowed"
    EXTENSION_IN_ANOTHER_UNIT = "extension-in-another-unit"
    EXTENSION_OVER_THE_LIMIT = "extension-over-the-limit"
    EXTENSION_AFTER_THE_BREACH = "extension-after-the-breach"
    CLOCK_ALREADY_LIVE = "clock-already-live"
    CONDITION_NOT_MET = "condition-not-met"
    NOTHING_TO_STOP = "nothing-to-stop"
    TOUCHES_NO_CLOCK = "touches-no-clock"


class Note(NamedTuple):
    """One effect, or one reason; ``amount`` is in the unit of the clock."""

    code: NoteCode
    clock: str | None = None
    cycle: int | None = None
    pause: str | None = None
    amount: int = 0


class Before(NamedTuple):
    """A case as it was before an event: its live cycles with their limits and steps, and more."""

    live: list[Cycle]
    limits: list[int]
    steps: list[tuple[int | None, ...]]
    open_pauses: frozenset[str]
    is_closed: bool
    submitted_at: int | None
    bounces: int


def refusals(
    event: StoredEvent,
    before: Before,
    state: CaseState,
    rules: ItemRules,
    effects: Sequence[Note],
) -> list[Note]:
    """Return why an event had no effect, or not all that its type can have.

    ``before`` and ``state`` are the case before and after it. An event with neither an effect nor
    a reason of its own touches no clock, and that is then the reason.
    """
    kind = event.type
    if kind not in rules.types:
        return [Note(NoteCode.TYPE_NOT_OF_ITEM)]
    found: list[Note] = []
    if event.heading is not None and event.heading.item not in (None, state.item):
        found.append(Note(NoteCode.OTHER_ITEM_IGNORED))
    if kind == SUBMITTED and before.submitted_at is not None:
        found.append(Note(NoteCode.SUBMITTED_BEFORE))
    elif before.is_closed and kind != REOPENED:
        found.append(Note(NoteCode.CASE_IS_CLOSED))
    else:
        found += _of_pause(kind, before)
        if kind == EXTENDED and not any(note.code is NoteCode.EXTENDED for note in effects):
            found.append(refused_extension(event, before, rules))
        found += _of_stops(kind, rules, effects)
        if kind not in TERMINAL:
            found += _of_starts(event, state, rules, effects)
    if not effects and not found:
        found.append(Note(NoteCode.TOUCHES_NO_CLOCK))
    return found


def _of_pause(kind: str, before: Before) -> list[Note]:
    if kind in OPENS_PAUSE and OPENS_PAUSE[kind] in before.open_pauses:
        return [Note(NoteCode.PAUSE_ALREADY_OPEN, pause=OPENS_PAUSE[kind])]
    if kind in CLOSES_PAUSE and CLOSES_PAUSE[kind] not in before.open_pauses:
        return [Note(NoteCode.PAUSE_NOT_OPEN, pause=CLOSES_PAUSE[kind])]
    return []


def refused_extension(event: StoredEvent, before: Before, rules: ItemRules) -> Note:
    """Return the first clause that an extension without effect fails."""
    attributes = event.attributes or {}
    name = attributes.get("clock")
    if not isinstance(name, str):
        return Note(NoteCode.EXTENSION_NAMES_NO_CLOCK)
    cycle = next((cycle for cycle in before.live if cycle.clock == name), None)
    if cycle is None:
        known = any(name in policy.clocks for policy in rules.policies)
        return Note(NoteCode.EXTENSION_OF_NO_LIVE_CLOCK, name if known else None)
    rule = rules.clock(cycle.policy, cycle.clock)
    by = _AMOUNT.fullmatch(attributes.get("by") or "")
    amount = int(by.group(1)[:9]) if by is not None else 0
    most = rule.extendable_by
    if by is None:
        code = NoteCode.EXTENSION_WITHOUT_AMOUNT
    elif most is None:
        code = NoteCode.EXTENSION_NOT_ALLOWED
    elif by.group(2) != most.unit:
        code = NoteCode.EXTENSION_IN_ANOTHER_UNIT
    elif cycle.extended + amount > most.amount:
        code = NoteCode.EXTENSION_OVER_THE_LIMIT
    else:
        code = NoteCode.EXTENSION_AFTER_THE_BREACH
    return Note(code, name, cycle.ordinal, amount=amount)


def _of_stops(kind: str, rules: ItemRules, effects: Sequence[Note]) -> list[Note]:
    """An event that could stop clocks, and did nothing else, says that none of them was live."""
    if kind in TERMINAL or kind not in rules.stops or effects:
        return []
    return [Note(NoteCode.NOTHING_TO_STOP)]


def _of_starts(
    event: StoredEvent, state: CaseState, rules: ItemRules, effects: Sequence[Note]
) -> list[Note]:
    started = {note.clock for note in effects if note.code is NoteCode.STARTED}
    found = []
    for start in rules.in_force(day_of(event.at)).starts.get(event.type, ()):
        name = start.clock.name
        if name in started:
            continue
        if not start.matches(event.attributes):
            found.append(Note(NoteCode.CONDITION_NOT_MET, name))
        else:
            live = next(cycle for cycle in state.live if cycle.clock == name)
            found.append(Note(NoteCode.CLOCK_ALREADY_LIVE, name, live.ordinal))
    return found
