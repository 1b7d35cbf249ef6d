"""The state of a case: what the worker restores from, and what the warehouse reads verdicts from.

Published on ``jushou.case-states.v1`` as MessagePack arrays, fields in the order of the classes
below (``encode``, ``decode``); fields are only ever added at the end. All instants are integers
of milliseconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from schemas.case_event import StoredEvent

FORMAT = 1

LIVE = "live"
MET = "met"
MISSED = "missed"
CANCELLED = "cancelled"


class Interval(Struct, array_like=True, gc=False):
    """A pause of the case from ``opened_at`` until ``closed_at`` (null while it is open)."""

    opened_at: int
    closed_at: int | None = None


class Cycle(Struct, array_like=True, gc=False):
    """One run of one clock.

    ``limit`` is the amount that counts now, extensions included (``extended`` of them), in the
    unit of the clock. ``due_at`` is null while the clock is paused and not yet due. ``steps`` are
    the instants of the clock's ladder, null where a step is not to be reached as things stand.
    ``region`` is the prefecture whose holidays count, null for the national calendar alone.
    ``status`` is ``live``, ``met``, ``missed`` or ``cancelled``; a live cycle is breached once
    ``due_at`` has passed, an ended one if ``due_at < stopped_at``.
    """

    clock: str
    start_event_id: str
    ordinal: int
    started_at: int
    policy: str
    limit: int
    extended: int = 0
    due_at: int | None = None
    provisional: bool = False
    status: str = LIVE
    stopped_at: int | None = None
    stop_event_id: str | None = None
    steps: tuple[int | None, ...] = ()
    region: str | None = None


class Fired(Struct, array_like=True, gc=False):
    """The newest revision that was published of one escalation of the case.

    ``limit`` is the cycle's limit when it fired: a later, longer one supersedes it. ``item`` is
    the case's item then: a late event can show that it is another. ``calendar`` is the version
    of the calendar by which it stood when it was last judged, ``cause`` why the newest revision was
    published (``schemas.escalation.Cause``); both are empty in states of earlier builds.
    """

    clock: str
    start_event_id: str
    level: str
    revision: int
    standing: bool
    at: int
    due_at: int | None
    limit: int
    known_late: bool = False
    cycle: int = 1
    policy: str = ""
    item: str = ""
    calendar: str = ""
    cause: str = ""


class Violation(Struct, array_like=True, gc=False):
    """A count rule that an event broke."""

    rule: str
    event_id: str


class CaseState(Struct, array_like=True, gc=False):
    """All of a case; ``events[:applied]`` have had their effect, the rest wait for their time.

    ``generation`` and ``change`` order two states of one case; never a wall clock. ``loads`` are
    the ids of the open bulk loads that hold the case back from judgement. Steps that were reached
    no later than ``known_late_until`` are marked ``known_late`` when they fire. ``set_aside`` are
    the ids of events of a type that the item does not have; ``held`` the original bytes of events
    that came before the item was known, by id. ``judged_by`` is the version of catalogue and
    calendar that the state was folded with. ``unjudged`` says that something may have to be fired
    or withdrawn although no timer will say so; it survives a crash. ``carried`` is the number of
    policies of the item that its open cycles have gone over to (``streams.core.carry_over``).
    """

    case_id: str
    generation: int = 0
    change: int = 0
    format: int = FORMAT
    item: str | None = None
    county: str | None = None
    township: str | None = None
    department: str | None = None
    raised_by: str | None = None
    channel: str | None = None
    household: str | None = None
    submitted_at: int | None = None
    closed_at: int | None = None
    outcome: str | None = None
    reopened: int = 0
    pauses: dict[str, list[Interval]] = field(default_factory=dict)
    live: list[Cycle] = field(default_factory=list)
    ended: list[Cycle] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    applied: int = 0
    fired: list[Fired] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    known_late_until: int | None = None
    source_offset: int = -1
    bounces: int = 0
    set_aside: list[str] = field(default_factory=list)
    held: dict[str, bytes] = field(default_factory=dict)
    judged_by: str = ""
    unjudged: bool = False
    carried: int = 0


_LARGEST = 2**63 - 1
_encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(CaseState).decode


def encode(state: CaseState) -> bytes:
    """Return the state as it is published.

    MessagePack ends at 64 bits and JSON does not: a larger integer of an attribute is kept as
    its digits, a larger ``sequence`` as the largest there is.
    """
    try:
        return _encode(state)
    except OverflowError:
        for event in state.events:
            if event.sequence is not None:
                event.sequence = max(-_LARGEST, min(_LARGEST, event.sequence))
            event.attributes = _within_64_bits(event.attributes)
        return _encode(state)


def _within_64_bits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _within_64_bits(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_within_64_bits(each) for each in value]
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        return str(value)
    return value
