"""A household on the wire: what its cases say of it, and its state as the stream keeps it.

``HouseholdEvent`` is case events keyed again by household (``jushou.household-events.v1``): what
one case says of its household, absolute, so that the newest replaces all before. It is derived
from the state of the case by the first stage of the household worker. ``HouseholdState`` is what
its second stage keeps (``jushou.household-states.v1``, MessagePack arrays, fields in the order of
the classes, only ever added at the end): the facts, and the summary that is folded from them.

No name, no resident id, no telephone: a household is a pseudonym. All instants are integers of
milliseconds since 1970 UTC.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct, field

FORMAT = 1
LEAD_ITEM = "monitoring.lead"


class Life(StrEnum):
    """What can happen in the life of a monitored household, in the order in which it mostly does.

    ``found``: a lead was raised. ``dismissed``: the visit found no risk (a ``dismissed``, or a
    ``verified`` that does not confirm). The value is also the status that it leads to.
    """

    FOUND = "found"
    DISMISSED = "dismissed"
    VERIFIED = "verified"
    ASSISTED = "assisted"
    CLEARED = "cleared"
    RELAPSED = "relapsed"


class Direction(StrEnum):
    """Who came first: the government found the household (政府找), or it asked (找政府)."""

    GOVERNMENT = "government"
    PEOPLE = "people"
    NONE = ""


class Milestone(Struct, array_like=True, gc=False):
    """An event of a lead that is one of the household's life; ``life`` is a value of ``Life``."""

    at: int
    event_id: str
    life: str


class HouseholdEvent(Struct, omit_defaults=True, kw_only=True, gc=False):
    """What one case says of its household; the record of a case with the largest version counts.

    ``version`` is that of the case's state: generation * 2^40 + change. ``gone``: the case has
    turned out to be another household's, or nobody's, and says nothing of this one.
    """

    household: str
    case_id: str
    version: int
    item: str
    county: str
    raised_by: str
    channel: str
    submitted_at: int
    township: str = ""
    closed_at: int | None = None
    outcome: str = ""
    milestones: list[Milestone] = field(default_factory=list)
    gone: bool = False


class KnownSignal(Struct, array_like=True, gc=False):
    """A signal as its household keeps it: all that leads, summary and risk can depend on."""

    at: int
    signal_id: str
    source: str
    department: str
    indicator: str
    county: str
    township: str = ""
    kind: str = "none"
    value: float | None = None

    @property
    def order(self) -> tuple[int, str]:
        """The place of the signal among those of its household."""
        return (self.at, self.signal_id)


class PublishedLead(Struct, array_like=True, gc=False):
    """A lead as it was last published: ``digest`` names the bytes of its record."""

    case_id: str
    window_at: int
    digest: str


class Driver(Struct, array_like=True, gc=False):
    """What adds to the risk index: ``points`` from ``at`` on, halved every ``half_life_d`` days.

    A null half-life does not decay; from ``until`` on it adds nothing. ``code`` is the rule,
    ``subject`` the signal or case that it comes from.
    """

    code: str
    points: float
    at: int
    half_life_d: float | None
    until: int | None
    subject: str


class RiskPoint(Struct, array_like=True, gc=False):
    """The index at an instant at which a fact changed it, and its level there."""

    at: int
    index: float
    level: str


class Level(Struct, array_like=True, gc=False):
    """A level of the index begins at ``points_from``, by the rules in force from ``since`` on."""

    level: str
    points_from: float
    since: int = 0


class LifeEvent(Struct, array_like=True, gc=False):
    """One event of the household's life and the lead that it belongs to."""

    at: int
    life: str
    case_id: str


class LaterLead(Struct, array_like=True, gc=False):
    """A lead of a window that is not its first one, and the signal that it begins with.

    The signals of its window from that one on (by ``at``, then ``signal_id``) belong to it, up to
    the next such lead.
    """

    window_at: int
    at: int
    signal_id: str
    case_id: str


class Standing(Struct, array_like=True, gc=False):
    """Place, kind and status of a household from an instant on, until the next of these."""

    at: int
    county: str = ""
    township: str = ""
    kind: str = "none"
    category: str = ""
    status: str = ""
    status_at: int | None = None


class HouseholdSummary(Struct, array_like=True, gc=False):
    """What is folded from the facts of a household; a column of ``households`` each.

    Signals under the threshold of their county count for nothing but ``below_threshold``.
    ``lead_time_s`` is from found to asked: negative where the household asked first, null while
    one of the two is missing. ``asked_after_dismissal_at`` is the first request after a dismissal.
    ``category`` is the code of the kind in the version of the categories in force at ``kind_at``.
    ``levels`` are those in force from each ``since`` on, ascending in each: by every version of the
    rules, and by the county that the household was in then.
    ``later_leads`` by window and time: which leads followed on one that had ended. ``past`` is
    where the household stood at each instant, since its first fact; ``indicators_at`` when each of
    the ``indicators`` was first seen.
    """

    county: str = ""
    township: str = ""
    kind: str = "none"
    kind_at: int | None = None
    category: str = ""
    status: str = ""
    status_at: int | None = None
    first_signal_at: int | None = None
    first_found_at: int | None = None
    first_found_indicator: str = ""
    first_found_by: str = ""
    first_request_at: int | None = None
    first_request_item: str = ""
    first_request_indicator: str = ""
    first_direction: str = ""
    lead_time_s: int | None = None
    indicators: list[str] = field(default_factory=list)
    asked_after_dismissal_at: int | None = None
    signals: int = 0
    below_threshold: int = 0
    leads: int = 0
    requests: int = 0
    open_cases: int = 0
    life: list[LifeEvent] = field(default_factory=list)
    drivers: list[Driver] = field(default_factory=list)
    trail: list[RiskPoint] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    rules: str = ""
    later_leads: list[LaterLead] = field(default_factory=list)
    past: list[Standing] = field(default_factory=list)
    indicators_at: list[int] = field(default_factory=list)


class HouseholdState(Struct, array_like=True, gc=False):
    """All of a household: the facts, what was published, and the summary of the facts.

    ``generation`` and ``change`` order two states of one household; never a wall clock. ``loads``
    are the open bulk loads of signals that hold its leads back. ``folded_by`` names the fold and
    the version of the monitoring data that the summary was folded with.
    """

    household: str
    generation: int = 0
    change: int = 0
    format: int = FORMAT
    loads: list[str] = field(default_factory=list)
    summary: HouseholdSummary = field(default_factory=HouseholdSummary)
    signals: list[KnownSignal] = field(default_factory=list)
    cases: list[HouseholdEvent] = field(default_factory=list)
    published: list[PublishedLead] = field(default_factory=list)
    folded_by: str = ""


class HouseholdCheckpoint(Struct):
    """Written after the states that it speaks of were acknowledged, one record per partition.

    ``positions``: per topic the first offset that is not applied; ``households`` their number.
    """

    generation: int
    positions: dict[str, int]
    households: int


encode_event = msgspec.json.Encoder().encode
decode_event = msgspec.json.Decoder(HouseholdEvent).decode
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(HouseholdState).decode
encode_checkpoint = msgspec.json.Encoder().encode
decode_checkpoint = msgspec.json.Decoder(HouseholdCheckpoint).decode
