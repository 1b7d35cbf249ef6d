"""The escalation: a step of a ladder that was reached, and every later change of that truth.

Leaves the worker on ``jushou.escalations.v1``; notifications and the warehouse read it.
"""

from __future__ import annotations

import uuid
from enum import StrEnum

from msgspec import Struct

SCHEMA_VERSION = "1"


class EscalationState(StrEnum):
    """Whether the step stands as fired, or was taken back."""

    FIRED = "fired"
    WITHDRAWN = "withdrawn"


class Cause(StrEnum):
    """Why this revision was published.

    ``reached``: the step's instant passed. ``moved``: it still stands, at another instant or due.
    ``reinstated``: it was withdrawn and stands again. ``mistaken``: a late event shows that it
    should not have been; those who had it get a correction. ``superseded``: an extension, a
    policy or a calendar moved the deadline; no apology, it fires again when due.
    """

    REACHED = "reached"
    MOVED = "moved"
    REINSTATED = "reinstated"
    MISTAKEN = "mistaken"
    SUPERSEDED = "superseded"


class Reason(Struct):
    """The escalation in words, without personal data."""

    zh: str
    en: str


class Escalation(Struct, kw_only=True):
    """One revision of one escalation (``spec/events.md``); instants are RFC 3339 at +08:00.

    ``at`` is the instant of the step, ``due_at`` that of its clock, ``limit`` the time that it
    allows with extensions (``30wd``), ``published_at`` when the worker sent this revision.
    Effects are deduplicated by (``escalation_id``, ``revision``).
    """

    escalation_id: str
    revision: int
    state: EscalationState
    cause: Cause
    case_id: str
    item: str
    department: str
    county: str
    clock: str
    start_event_id: str
    cycle: int
    level: str
    to: str
    limit: str
    due_at: str | None
    at: str
    published_at: str
    known_late: bool
    policy: str
    calendar: str
    reason: Reason
    township: str | None = None
    provisional: bool = False
    schema_version: str = SCHEMA_VERSION


def escalation_id(case_id: str, clock: str, start_event_id: str, level: str) -> str:
    """Return the id, which depends on no arrival order, no worker and no wall clock."""
    name = f"urn:jushou:escalation:{case_id}:{clock}:{start_event_id}:{level}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
