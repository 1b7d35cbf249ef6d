"""Who had a case when: time and bounces per department and level, from the events alone.

Beside the clocks and without any effect on them: no hand-over stops or resets a clock of the
citizen. The stream's explanation (``streams.core.custody``) and the rows of the warehouse are both
made from here, so that they cannot differ. All instants are milliseconds since 1970 UTC.

Readings, where ``spec/events.md`` is silent:

- Custody begins with the first ``submitted``, at the county department it names (else the item's).
- ``dispatched`` gives the case to a township: the one that the event names, else the case's. A
  second dispatch to the same township changes nothing.
- ``accepted`` is an acceptance by whoever has the case then. It belongs to that interval: a case
  that comes back has to be accepted again.
- ``returned`` gives it back to the one who had it before, with the township that the case had
  then; further returns go further back. Where nobody had it before it stays where it is. Either
  way it is a bounce and begins a new interval.
- ``transferred`` to another county or department goes to the county level there; one that names
  only a township goes to that township; one that names nobody new begins a new interval.
- The end of a case ends custody. ``reopened`` gives it to the county department that had it, or
  had dispatched it, last. While a case is closed nothing else moves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, field

from schemas.case_event import Heading, StoredEvent

SUBMITTED = "submitted"
TRANSFERRED = "transferred"
RETURNED = "returned"
REOPENED = "reopened"
TERMINAL = frozenset({"resolved", "rejected", "withdrawn"})
DISPATCHED = "dispatched"
ACCEPTED = "accepted"
_MOVING = TERMINAL | {SUBMITTED, TRANSFERRED, RETURNED, REOPENED, DISPATCHED, ACCEPTED}


class Level(StrEnum):
    """The level of the office that has a case."""

    COUNTY = "county"
    TOWNSHIP = "township"


class Holder(Struct, frozen=True):
    """An office that has a case: a county department, or a township on its behalf."""

    level: Level
    department: str
    county: str | None
    township: str | None = None


class Held(Struct):
    """One custody interval, ``until`` null while it lasts; ``by`` is the event that began it."""

    holder: Holder
    since: int
    by: StoredEvent
    until: int | None = None
    ended_by: StoredEvent | None = None
    accepted_at: int | None = None


class Bounce(Struct):
    """One 退单; ``holder`` returned it, ``back_to`` has it now. Null where nobody had it yet."""

    event: StoredEvent
    holder: Holder | None
    back_to: Holder | None


class HolderTotal(Struct):
    """All intervals of one holder together: milliseconds, of them without acceptance, bounces."""

    holder: Holder
    held_ms: int = 0
    unaccepted_ms: int = 0
    intervals: int = 0
    bounces: int = 0


class Custody(Struct):
    """The custody of a case as of an instant; ``totals`` in the order in which they had it.

    ``township`` is the one that the case has now, whether it was dispatched there or not.
    """

    held: list[Held] = field(default_factory=list)
    bounces: list[Bounce] = field(default_factory=list)
    township: str | None = None
    totals: list[HolderTotal] = field(default_factory=list)


def custody(events: Iterable[StoredEvent], department: str) -> Custody:
    """Return who had a case, from its events in their order; ``totals`` are left empty.

    ``department`` is the one of the item. Types that the item does not have need not be left out:
    every item has those that move a case. Intervals lie end to end while the case is open; the
    last one is open.
    """
    walk = _Walk(department)
    for event in events:
        if event.type in _MOVING:
            walk.take(event)
    return Custody(walk.held, walk.bounces, walk.township)


class _Walk:
    """The holders so far: ``path`` is how the case got to the present one, who is its last.

    ``townships`` are those that the case had with each of them, before it was handed on.
    """

    def __init__(self, department: str) -> None:
        self.department = department
        self.held: list[Held] = []
        self.bounces: list[Bounce] = []
        self.path: list[Holder] = []
        self.townships: list[str | None] = []
        self.township: str | None = None
        self.is_closed = False

    def take(self, event: StoredEvent) -> None:
        kind = event.type
        if kind == SUBMITTED and not self.path:
            self._submit(event)
        if self.is_closed:
            if kind == REOPENED:
                self._reopen(event)
            return
        if kind in TERMINAL:
            self._end(event)
            self.is_closed = True
        elif kind == RETURNED:
            self._give_back(event)
        elif self.path and kind == DISPATCHED:
            self._dispatch(event)
        elif self.path and kind == TRANSFERRED:
            self._transfer(event)
        elif self.path and kind == ACCEPTED and self.held[-1].accepted_at is None:
            self.held[-1].accepted_at = event.at

    def _submit(self, event: StoredEvent) -> None:
        heading = event.heading or Heading()
        self.township = heading.township
        department = heading.department or self.department
        self.path = [Holder(Level.COUNTY, department, heading.county)]
        if not self.is_closed:
            self._begin(event)

    def _dispatch(self, event: StoredEvent) -> None:
        named = event.heading.township if event.heading else None
        now = self.path[-1]
        to = Holder(Level.TOWNSHIP, now.department, now.county, named or self.township)
        if to != now:
            self._hand_to(to, event, self.township)

    def _transfer(self, event: StoredEvent) -> None:
        heading, now = event.heading or Heading(), self.path[-1]
        department, county = heading.department or now.department, heading.county or now.county
        before = self.township
        if (department, county) != (now.department, now.county):
            if county != now.county or heading.township is not None:
                self.township = heading.township
            self._hand_to(Holder(Level.COUNTY, department, county), event, before)
        elif heading.township is not None:
            self.township = heading.township
            to = Holder(Level.TOWNSHIP, department, county, heading.township)
            self._hand_to(to, event, before)
        else:
            self._hand_to(now, event, before)

    def _hand_to(self, holder: Holder, event: StoredEvent, before: str | None) -> None:
        """Hand the case on; ``before`` is the township that it had until now."""
        if holder != self.path[-1]:
            self.path.append(holder)
            self.townships.append(before)
        self._end(event)
        self._begin(event)

    def _give_back(self, event: StoredEvent) -> None:
        returning = self.path[-1] if self.path else None
        if len(self.path) > 1:
            self.path.pop()
            self.township = self.townships.pop()
        self.bounces.append(Bounce(event, returning, self.path[-1] if self.path else None))
        if returning is not None:
            self._end(event)
            self._begin(event)

    def _reopen(self, event: StoredEvent) -> None:
        self.is_closed = False
        if self.path:
            last = self.path[-1]
            self.path = [Holder(Level.COUNTY, last.department, last.county)]
            self.townships = []
            self._begin(event)

    def _begin(self, event: StoredEvent) -> None:
        self.held.append(Held(self.path[-1], event.at, event))

    def _end(self, event: StoredEvent) -> None:
        if self.held and self.held[-1].until is None:
            self.held[-1].until = event.at
            self.held[-1].ended_by = event


def totals(found: Custody, as_of: int) -> list[HolderTotal]:
    """Return the intervals and bounces of each holder together; one that lasts, up to ``as_of``."""
    by_holder: dict[Holder, HolderTotal] = {}
    for held in found.held:
        total = by_holder.setdefault(held.holder, HolderTotal(held.holder))
        until = as_of if held.until is None else held.until
        total.intervals += 1
        total.held_ms += until - held.since
        accepted = until if held.accepted_at is None else held.accepted_at
        total.unaccepted_ms += accepted - held.since
    for bounce in found.bounces:
        if bounce.holder is not None:
            by_holder[bounce.holder].bounces += 1
    return list(by_holder.values())
