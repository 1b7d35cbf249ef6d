"""The heartbeat that passes the whole path, for an external dead-man's switch.

A worker's heartbeat comes out of its stream loop through Kafka; here it becomes a message in the
outbox and goes to an endpoint like any other. If anything on that path stands still the message
stays away, and the switch outside raises the alarm. Our own is ``watchdog_age_seconds``.
"""

from __future__ import annotations

import uuid

from schemas.action import Side
from schemas.instants import SECOND_MS
from schemas.routing.model import Routing
from sinks.notify.document import MessageKind
from sinks.notify.outbox import Outbox


def beat(outbox: Outbox, routing: Routing, now_ms: int) -> bool:
    """Owe the switch a heartbeat if it is time for one; an undelivered older one is replaced."""
    endpoint, every_ms = routing.rules.watchdog, routing.rules.watchdog_every_s * SECOND_MS
    if endpoint is None:
        return False
    recipient = f"watchdog@{endpoint}"
    last = outbox.rows.execute(
        "SELECT max(made_ms) AS last FROM message WHERE recipient = ?", (recipient,)
    ).fetchone()["last"]
    if last is not None and now_ms - last < every_ms:
        return False
    message_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:jushou:heartbeat:{endpoint}:{now_ms}"))
    with outbox.transaction() as rows:
        # Only the newest says anything, and finished ones say nothing any more.
        rows.execute("DELETE FROM message WHERE recipient = ? AND state <> 'sending'", (recipient,))
        rows.execute(
            "INSERT INTO message (message_id, kind, recipient, owner, endpoint, language, side,"
            " instead_of, reminder, limited, made_ms, since_ms, next_attempt_ms, state)"
            " VALUES (?, ?, ?, 'watchdog', ?, ?, ?, '', 0, 0, ?, ?, ?, 'ready')",
            (message_id, MessageKind.HEARTBEAT.value, recipient, endpoint,
             routing.rules.language, Side.OWNER.value, now_ms, now_ms, now_ms),
        )  # fmt: skip
    return True
