"""What waits for an endpoint that the routing has no longer, sent by the routing that there is now.

Between the outbox and the dispatch, once at start: without it such messages would have no lane, and
would wait for ever without a word.
"""

from __future__ import annotations

from schemas.escalation import EscalationState
from schemas.routing.decide import route
from schemas.routing.model import Routing
from sinks.notify.intake import decided, owe
from sinks.notify.outbox import Outbox


def reroute(outbox: Outbox, routing: Routing, now_ms: int) -> int:
    """Owe by the present routes what waits for endpoints that are gone; return how many that is.

    Who had it already gets nothing twice. A correction goes to those who had the first, and there
    is no other way to them: it is dropped, as is an alarm of before.
    """
    marks = ", ".join("?" for _ in routing.endpoints)
    gone = f"endpoint NOT IN ({marks})"
    names = tuple(routing.endpoints)
    with outbox.transaction() as rows:
        waiting = rows.execute(
            "UPDATE delivery SET state = 'dropped', done_ms = ? WHERE state IN ('waiting',"
            f" 'packed') AND {gone} RETURNING *",
            (now_ms, *names),
        ).fetchall()
        rows.execute(
            f"UPDATE message SET state = 'failed' WHERE state IN ('ready', 'sending') AND {gone}",
            names,
        )
        for each in sorted(waiting, key=lambda row: row["delivery_no"]):
            escalation = outbox.escalation(each["escalation_id"], each["revision"])
            outbox.record(
                decided(escalation, each["recipient"], each["endpoint"], "dropped", now_ms,
                        "endpoint-gone")
            )  # fmt: skip
            if each["purpose"] != "correction" and escalation.state is EscalationState.FIRED:
                # A daily digest keeps its morning.
                at_ms = max(now_ms, each["not_before_ms"] if each["purpose"] == "daily" else 0)
                owe(outbox, escalation, route(escalation, routing, at_ms), routing,
                    purpose=each["purpose"], repeat=each["repeat"])  # fmt: skip
    return len(waiting)
