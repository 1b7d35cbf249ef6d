"""What became of one attempt: enumerated, since the outbox, the records and the metrics share it.

Between a sender and the dispatch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What an attempt means for the message.

    ``delivered``: the endpoint has it. ``retry``: it surely has not; try again. ``in-doubt``: the
    request left and no answer came; it may have it. ``failed``: it never will.
    """

    DELIVERED = "delivered"
    RETRY = "retry"
    IN_DOUBT = "in-doubt"
    FAILED = "failed"


class Why(StrEnum):
    """Why; a metric label and a value in the records. Never text of the endpoint."""

    OK = "ok"
    NO_CONNECTION = "no-connection"
    NO_ANSWER = "no-answer"
    RATE_LIMITED = "rate-limited"
    SERVER_ERROR = "server-error"
    REFUSED = "refused"
    WRONG_SIGNATURE = "wrong-signature"
    WRONG_KEY = "wrong-key"
    UNREADABLE_ANSWER = "unreadable-answer"
    ADDRESS_REFUSED = "address-refused"
    TOO_LARGE = "too-large"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"
    BROKEN = "broken"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``retry_after_s`` is what the endpoint asked for; ``code`` its status or error number.

    ``whole_endpoint``: not this message but the endpoint is the matter, so others wait too.
    """

    verdict: Verdict
    why: Why = Why.OK
    code: int | None = None
    retry_after_s: float | None = None
    whole_endpoint: bool = False


DELIVERED = Outcome(Verdict.DELIVERED)
