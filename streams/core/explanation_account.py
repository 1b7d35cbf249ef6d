"""The shape of an explanation: what ``explain`` returns and the page gets as JSON.

Part of the core, after the verdicts. Instants are RFC 3339 at +08:00, dates ISO, durations
milliseconds (``_ms``); every text is in Chinese and English. Nothing of a person is in it: no
household, no free text of an event.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from schemas.catalogue.model import Text


class EventRef(Struct, frozen=True):
    """An event of the case."""

    event_id: str
    type: str
    name: Text
    at: str


class IntervalKind(StrEnum):
    """What a clock did in an interval; ``overdue`` is the time after due."""

    RUNNING = "running"
    PAUSED = "paused"
    NOT_COUNTED = "not-counted"
    OVERDUE = "overdue"


class DayReason(StrEnum):
    """Why a day, or an interval, counts or does not."""

    COUNTED = "counted"
    MAKE_UP_WORKDAY = "make-up-workday"
    START_DAY = "start-day"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    PREFECTURE_HOLIDAY = "prefecture-holiday"
    PAUSED = "paused"
    PAUSED_AT_MIDNIGHT = "paused-at-midnight"
    BREACHED = "breached"


class StepState(StrEnum):
    """Where a step of the ladder stands.

    ``to-come``: its instant lies ahead. ``ended-before``: the cycle ended no later than it.
    ``waiting``: an open pause comes before it. ``no-such-step``: the limit is too short for it.
    """

    FIRED = "fired"
    TO_COME = "to-come"
    ENDED_BEFORE = "ended-before"
    WAITING = "waiting"
    NO_SUCH_STEP = "no-such-step"


class IntervalAccount(Struct):
    """What a clock did from ``since`` to ``until``; ``projected`` where that lies ahead.

    ``events`` are those that opened and closed the pause, if it is one.
    """

    since: str
    until: str
    duration_ms: int
    kind: IntervalKind
    reason: DayReason
    text: Text
    projected: bool = False
    events: list[EventRef] = field(default_factory=list)


class DayAccount(Struct):
    """One calendar day of a day-based clock: the number it was counted as, or why it was not.

    ``projected``: it is not over, or lies after the end of the cycle. ``assumed``: it lies beyond
    the published calendar.
    """

    date: str
    weekday: int
    counted: int | None
    reason: DayReason
    text: Text
    projected: bool = False
    assumed: bool = False


class SupersededStep(Struct):
    """A step that had fired at ``at`` and was taken back.

    The deadline was moved by the extension ``by``, or by the ``policy`` that the clock went over
    to.
    """

    at: str
    by: EventRef | None
    policy: str | None = None


class CarriedAccount(Struct):
    """When a live clock went over to a newer policy, and what that did to its deadline."""

    at: str
    old_policy: str
    policy: str
    old_due_at: str | None
    due_at: str | None
    text: Text


class PublishedAccount(Struct):
    """An escalation as it was published: a revision, whether it stands by it, and why."""

    escalation_id: str
    clock: str
    name: Text
    cycle: int
    level: str
    level_name: Text
    revision: int
    state: str
    cause: str
    cause_text: Text
    at: str
    due_at: str | None
    policy: str
    known_late: bool


class StepAccount(Struct):
    """One step of the ladder."""

    level: str
    name: Text
    to: str
    to_name: Text
    at: str | None
    state: StepState
    rule: Text
    text: Text
    superseded: list[SupersededStep] = field(default_factory=list)


class ExtensionAccount(Struct):
    """An extension of the clock: accepted, or the reason for which it had no effect."""

    event: EventRef
    amount: int
    accepted: bool
    reason: str
    text: Text


class RuleAccount(Struct):
    """The rule that a cycle runs by; ``assumed`` where it rests on an assumption (A, S/A)."""

    text: Text
    limit: str
    source: Text
    certainty: str
    certainty_text: Text
    assumed: bool
    policy: str
    in_force_from: str


class ClockAccount(Struct, kw_only=True):
    """One cycle of one clock.

    ``stop`` is null also where the end of the case cancelled it; ``ended_by`` is then that event.
    ``used`` is what is used up of the limit as of the instant or the end: counted midnights, or
    milliseconds for a limit in hours. ``late_ms`` runs from due to the end, or to the instant.
    """

    clock: str
    name: Text
    cycle: int
    status: str
    status_text: Text
    summary: Text
    start: EventRef
    stop: EventRef | None
    ended_by: EventRef | None
    stopped_at: str | None
    unit: str
    limit: int
    extended: int
    used: int
    due_at: str | None
    breached_at: str | None
    late_ms: int | None
    provisional: bool
    calendar: str
    region: str | None
    rule: RuleAccount
    extensions: list[ExtensionAccount]
    intervals: list[IntervalAccount]
    days: list[DayAccount]
    ladder: list[StepAccount]
    carried: list[CarriedAccount] = field(default_factory=list)


class HolderAccount(Struct, frozen=True):
    """An office that has or had the case."""

    level: str
    department: str
    county: str | None
    township: str | None
    name: Text


class CustodyInterval(Struct):
    """From when until when a holder had the case, and since when it was accepted there."""

    holder: HolderAccount
    since: str
    until: str | None
    duration_ms: int
    accepted_at: str | None
    by: EventRef
    ended_by: EventRef | None


class BounceAccount(Struct):
    """One 退单: who returned the case, and who has it now; null where nobody had it yet."""

    event: EventRef
    returned_by: HolderAccount | None
    back_to: HolderAccount | None


class HolderTime(Struct):
    """All the time of one holder."""

    holder: HolderAccount
    held_ms: int
    unaccepted_ms: int
    intervals: int
    bounces: int


class CustodyAccount(Struct):
    """Who had the case when, and for how long in all."""

    intervals: list[CustodyInterval]
    bounces: list[BounceAccount]
    totals: list[HolderTime]


class NoteAccount(Struct):
    """An effect of an event, or the reason for which it had none, by code and in words."""

    code: str
    text: Text
    clock: str | None = None
    cycle: int | None = None


class EventAccount(Struct):
    """An event of the case, what it did, and what it did not do and why."""

    event: EventRef
    effects: list[NoteAccount]
    without_effect: list[NoteAccount]


class FindingAccount(Struct):
    """A step out of order (``streams.core.conformance``), or a count rule that was broken."""

    code: str
    event: EventRef
    text: Text


class Explanation(Struct, kw_only=True):
    """All that can be said about a case as of an instant.

    ``item`` is null while no event has said what the case is about; there are no clocks then.
    ``conflicts`` are records that lost against another with their id; ``pending`` are events whose
    time has not come. ``published`` is what was sent out about the case, whatever the instant of
    the account; empty where that is not known (a file). ``reservations`` say what in the account
    is less than certain because of where its events come from.
    """

    case_id: str
    as_of: str
    item: str | None
    item_name: Text
    headline: Text
    county: str | None
    place: Text
    township: str | None
    department: str | None
    department_name: Text
    raised_by: str | None
    raised_by_name: Text
    channel: str | None
    channel_name: Text
    submitted_at: str | None
    closed_at: str | None
    outcome: str | None
    outcome_name: Text
    reopened: int
    calendar: str
    clocks: list[ClockAccount]
    custody: CustodyAccount
    events: list[EventAccount]
    violations: list[FindingAccount]
    findings: list[FindingAccount]
    conflicts: list[EventRef]
    pending: list[EventRef]
    published: list[PublishedAccount] = field(default_factory=list)
    reservations: list[Text] = field(default_factory=list)
