"""The states of a message around its attempts: taken, sent, recorded, given up.

Between the dispatch and the outbox. ``sending`` is on the disk before a request leaves, so that
after a crash it is known which requests may have left.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from schemas.action import Side
from schemas.delivery import Delivery, delivery_id
from schemas.instants import SECOND_MS, render_instant
from schemas.routing.decide import of_group
from schemas.routing.model import Endpoint, Routing
from sinks.notify.document import Letter, MessageKind
from sinks.notify.intake import owe
from sinks.notify.outbox import Outbox
from sinks.notify.outcome import Outcome, Verdict, Why
from sinks.notify.supervision import SUPERVISING, late_stages

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 300.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an attempt led to. ``exhausted``: nobody had it here; ``handed_on`` to the next."""

    outcome: Outcome
    final: bool
    exhausted: bool = False
    handed_on: int = 0
    kind: MessageKind = MessageKind.SINGLE


def back_off_s(failures: int) -> float:
    """Return the wait after so many failures in a row: 1 s, doubled, five minutes at most."""
    return float(min(_FIRST_WAIT_S * 2 ** min(max(failures - 1, 0), 20), _LONGEST_WAIT_S))


def recover(outbox: Outbox, routing: Routing, now_ms: int) -> int:
    """Take up what a crash left between send and record; return how many messages that is.

    An endpoint that knows the key gets the same again; at others it is marked as sent again.
    """
    known = [name for name, each in routing.endpoints.items() if each.idempotent]
    marks = ", ".join("?" for _ in known)
    with outbox.transaction() as rows:
        rows.execute("UPDATE message SET since_ms = ? WHERE state = 'ready'", (now_ms,))
        rows.execute(
            "UPDATE message SET repeated = 1 WHERE state = 'sending'"
            f" AND endpoint NOT IN ({marks})",
            known,
        )
        return rows.execute("UPDATE message SET state = 'ready' WHERE state = 'sending'").rowcount


def due(outbox: Outbox, endpoint: str, now_ms: int, at_most: int) -> list[sqlite3.Row]:
    """Return messages that may be sent now: of each recipient the oldest that is not done."""
    return outbox.rows.execute(
        "SELECT * FROM (SELECT *, min(message_no) FROM message WHERE endpoint = ? AND state IN"
        " ('ready', 'sending') GROUP BY recipient) WHERE state = 'ready' AND next_attempt_ms <= ?"
        " ORDER BY message_no LIMIT ?",
        (endpoint, now_ms, at_most),
    ).fetchall()


def begin(outbox: Outbox, message_id: str) -> Letter:
    """Note on the disk that a request is about to leave, and return what it carries."""
    with outbox.transaction() as rows:
        row = rows.execute(
            "UPDATE message SET state = 'sending', attempts = attempts + 1 WHERE message_id = ?"
            " RETURNING *",
            (message_id,),
        ).fetchone()
    of = [
        outbox.escalation(each["escalation_id"], each["revision"])
        for each in _deliveries(outbox, message_id)
    ]
    said = outbox.rows.execute(
        "SELECT text FROM announcement WHERE message_id = ?", (message_id,)
    ).fetchone()
    return Letter(
        message_id=message_id,
        kind=MessageKind(row["kind"]),
        recipient=row["owner"],
        language=row["language"],
        side=Side(row["side"]),
        escalations=tuple(of),
        late={
            each.case_id: tuple(late_stages(outbox.standing(each.case_id)))
            for each in of
            if each.level in SUPERVISING
        },
        repeated=bool(row["repeated"]),
        reminder=bool(row["reminder"]),
        instead_of=row["instead_of"],
        text=said["text"] if said else "",
    )


def finish(
    outbox: Outbox,
    message_id: str,
    outcome: Outcome,
    endpoint: Endpoint,
    routing: Routing,
    now_ms: int,
) -> Recorded:
    """Record what became of an attempt, and what follows from it, in one transaction."""
    with outbox.transaction() as rows:
        row = rows.execute("SELECT * FROM message WHERE message_id = ?", (message_id,)).fetchone()
        doubts = row["doubts"] + (outcome.verdict is Verdict.IN_DOUBT)
        given_up = now_ms - row["since_ms"] >= endpoint.give_up_after_s * SECOND_MS
        # Without a key an unanswered request is repeated once, marked: twice nothing, no more.
        if outcome.verdict is Verdict.IN_DOUBT and not endpoint.idempotent:
            given_up = given_up or doubts > 1
        again = outcome.verdict in (Verdict.RETRY, Verdict.IN_DOUBT) and not given_up
        failed = outcome.verdict is not Verdict.DELIVERED and not again
        wait_s = max(outcome.retry_after_s or 0.0, back_off_s(row["attempts"]))
        state = "ready" if again else "failed" if failed else "delivered"
        repeated = row["repeated"] or (doubts > 0 and not endpoint.idempotent)
        rows.execute(
            "UPDATE message SET state = ?, doubts = ?, repeated = ?, next_attempt_ms = ?"
            " WHERE message_id = ?",
            (state, doubts, repeated, now_ms + int(wait_s * SECOND_MS), message_id),
        )
        of = _deliveries(outbox, message_id)
        for each in of:
            outbox.record(_record(row, each, outcome, now_ms))
        if not again:
            rows.execute(
                "UPDATE delivery SET state = ?, done_ms = ? WHERE message_id = ?"
                " AND state = 'packed'",
                (state, now_ms, message_id),
            )
        handed_on = _hand_on(outbox, of, routing, now_ms) if failed else 0
    return Recorded(outcome, not again, failed, handed_on, MessageKind(row["kind"]))


def exhaust(outbox: Outbox, endpoint: Endpoint, routing: Routing, now_ms: int) -> list[Recorded]:
    """Give up what waits for an endpoint that has been failing for too long."""
    late = outbox.rows.execute(
        "SELECT message_id FROM message WHERE endpoint = ? AND state IN ('ready', 'sending')"
        " AND state = 'ready' AND since_ms <= ?",
        (endpoint.name, now_ms - endpoint.give_up_after_s * SECOND_MS),
    ).fetchall()
    outcome = Outcome(Verdict.FAILED, Why.EXHAUSTED)
    return [finish(outbox, row["message_id"], outcome, endpoint, routing, now_ms) for row in late]


def _hand_on(outbox: Outbox, of: list[sqlite3.Row], routing: Routing, now_ms: int) -> int:
    """Owe it to the group that stands in for one that could not be reached in any way."""
    handed_on = 0
    for each in of:
        # A group that the files have no longer stands in for nobody.
        if each["fallback"] not in routing.groups or each["purpose"] not in ("notice", "reminder"):
            continue
        if _is_reached_otherwise(outbox, each):
            continue
        escalation = outbox.escalation(each["escalation_id"], each["revision"])
        recipients = of_group(escalation, routing, each["fallback"], "undelivered", now_ms)
        handed_on += owe(
            outbox, escalation, recipients, routing,
            purpose=each["purpose"], repeat=each["repeat"], instead_of=each["name"],
        )  # fmt: skip
    return handed_on


def _is_reached_otherwise(outbox: Outbox, failed: sqlite3.Row) -> bool:
    """Say whether the same group has it, or is still to get it, by another endpoint or member."""
    found = outbox.rows.execute(
        "SELECT 1 FROM delivery WHERE escalation_id = ? AND revision = ? AND of_group = ?"
        " AND purpose = ? AND repeat = ? AND recipient <> ? AND of_group <> ''"
        " AND state IN ('waiting', 'packed', 'delivered') LIMIT 1",
        (failed["escalation_id"], failed["revision"], failed["of_group"], failed["purpose"],
         failed["repeat"], failed["recipient"]),
    ).fetchone()  # fmt: skip
    return found is not None


def _deliveries(outbox: Outbox, message_id: str) -> list[sqlite3.Row]:
    return outbox.rows.execute(
        "SELECT * FROM delivery WHERE message_id = ? AND state = 'packed' ORDER BY delivery_no",
        (message_id,),
    ).fetchall()


def _record(message: sqlite3.Row, each: sqlite3.Row, outcome: Outcome, now_ms: int) -> Delivery:
    attempt = message["attempts"]
    repeat = f"{each['purpose']}:{each['repeat']}"
    names = (each["escalation_id"], each["revision"], each["recipient"], repeat)
    return Delivery(
        delivery_id=delivery_id(*names, attempt),
        escalation_id=each["escalation_id"],
        revision=each["revision"],
        case_id=each["case_id"],
        level=each["level"],
        recipient=each["recipient"],
        endpoint=each["endpoint"],
        purpose=each["purpose"],
        message_id=message["message_id"],
        attempt=attempt,
        outcome=outcome.verdict.value,
        why=outcome.why.value,
        at=render_instant(now_ms),
        code=outcome.code,
        repeated=bool(message["repeated"]),
    )
