"""The escalation: a step of a ladder that was reached, and every later change of that truth.

Leaves the worker on ``jushou.escalations.v1``; notifications and the warehouse read it.
"""

from __future__ import annotations

import hashlib
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


# The hash of all ids begins alike: ``uuid.uuid5`` would begin it anew for each.
_begun = hashlib.sha1(uuid.NAMESPACE_URL.bytes + b"urn:jushou:escalation:", usedforsecurity=False)
_VERSION_5 = 0x5 << 76
_VARIANT = 0x8 << 60
_OTHER_BITS = ~(0xF << 76 | 0xC << 60)


def escalation_id(case_id: str, clock: str, start_event_id: str, level: str) -> str:
    """Return the id, which depends on no arrival order, no worker and no wall clock.

    It is ``uuid5(NAMESPACE_URL, "urn:jushou:escalation:{case}:{clock}:{start event}:{level}")``.
    """
    name = _begun.copy()
    name.update(f"{case_id}:{clock}:{start_event_id}:{level}".encode())
    number = int.from_bytes(name.digest()[:16]) & _OTHER_BITS | _VERSION_5 | _VARIANT
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
