"""The result of one attempt to bring one escalation to one recipient.

Leaves the notifier on ``jushou.deliveries.v1``; the page and the warehouse read it. It names
recipients by their role in the routing, never by address, and holds no text of a message.
"""

from __future__ import annotations

import uuid

from msgspec import Struct

SCHEMA_VERSION = "1"


class Delivery(Struct, kw_only=True):
    """One attempt, or the decision that there is none (``attempt`` 0).

    ``outcome`` is delivered, retry, in-doubt, failed, listed (too old or known late: only in the
    daily digest) or dropped (withdrawn before it was sent, or its endpoint is gone and it is
    owed by the routing of now). ``why`` is the enumerated reason,
    ``code`` the number of the endpoint. ``message_id`` is the idempotency key; a digest carries
    several escalations. ``repeated``: marked 重发, since the first may have arrived. ``at`` is
    RFC 3339 at +08:00.
    """

    delivery_id: str
    escalation_id: str
    revision: int
    case_id: str
    level: str
    recipient: str
    endpoint: str
    purpose: str
    message_id: str | None
    attempt: int
    outcome: str
    why: str
    at: str
    code: int | None = None
    repeated: bool = False
    schema_version: str = SCHEMA_VERSION


def delivery_id(escalation_id: str, revision: int, recipient: str, purpose: str, n: int) -> str:
    """Return the id of a record; the same attempt has the same, however often it is published."""
    name = f"urn:jushou:delivery:{escalation_id}:{revision}:{recipient}:{purpose}:{n}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
