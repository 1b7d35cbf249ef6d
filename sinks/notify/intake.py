"""What is done with one revision of an escalation, and the rows that this makes in the outbox.

Between the feed and the gathering. The decision is enumerated; it is recorded, counted and the
same however often the revision arrives.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from schemas.delivery import Delivery, delivery_id
from schemas.escalation import Cause, Escalation
from schemas.instants import (
    HOUR_MS,
    MINUTE_MS,
    day_of,
    parse_instant,
    render_instant,
    start_of_day,
)
from schemas.routing.decide import Recipient, route
from schemas.routing.duty import next_working_time
from schemas.routing.model import Routing
from sinks.notify.outbox import Outbox


class Decision(StrEnum):
    """What became of a revision; a metric label."""

    SENT_ON = "sent-on"
    KNOWN_LATE = "listed-known-late"
    TOO_OLD = "listed-too-old"
    CORRECTED = "corrected"
    WITHDRAWN_UNSENT = "withdrawn-unsent"
    SUPERSEDED = "superseded"
    MOVED = "moved"
    REPEATED = "repeated"
    OVERTAKEN = "overtaken"


def take(outbox: Outbox, escalation: Escalation, routing: Routing, now_ms: int) -> Decision:
    """Note what is owed because of a revision. Durable when the caller's transaction ends."""
    with outbox.transaction() as rows:
        newest = rows.execute(
            "SELECT max(revision) AS newest FROM revision WHERE escalation_id = ?",
            (escalation.escalation_id,),
        ).fetchone()["newest"]
        if newest is not None and escalation.revision <= newest:
            return Decision.REPEATED if escalation.revision == newest else Decision.OVERTAKEN
        decision = _decide(outbox, escalation, routing, now_ms)
        rows.execute(
            "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?)",
            (escalation.escalation_id, escalation.revision, escalation.case_id,
             escalation.state.value, decision.value, now_ms, msgspec.json.encode(escalation)),
        )  # fmt: skip
    return decision


def _decide(outbox: Outbox, escalation: Escalation, routing: Routing, now_ms: int) -> Decision:
    if escalation.cause is Cause.MOVED:
        _follow(outbox, escalation)
        return Decision.MOVED
    if escalation.cause is Cause.SUPERSEDED:
        _drop_unsent(outbox, escalation, "superseded", now_ms)
        return Decision.SUPERSEDED
    if escalation.cause is Cause.MISTAKEN:
        _drop_unsent(outbox, escalation, "mistaken", now_ms)
        corrected = _correct(outbox, escalation, now_ms)
        return Decision.CORRECTED if corrected else Decision.WITHDRAWN_UNSENT
    age_ms = now_ms - parse_instant(escalation.at)
    if escalation.known_late or age_ms > routing.rules.horizon_h * HOUR_MS:
        _list(outbox, escalation, routing, now_ms)
        return Decision.KNOWN_LATE if escalation.known_late else Decision.TOO_OLD
    owe(outbox, escalation, route(escalation, routing, now_ms), routing)
    return Decision.SENT_ON


def owe(
    outbox: Outbox,
    escalation: Escalation,
    recipients: Iterable[Recipient],
    routing: Routing,
    *,
    purpose: str = "notice",
    instead_of: str = "",
    repeat: int = 0,
) -> int:
    """Note what recipients are owed, each once; return how many of them are new.

    What the same recipient still waits for of the same case comes no later than this.
    """
    new = 0
    for each in recipients:
        never_silenced = escalation.level in routing.rules.never_silenced
        bundle = "|".join((escalation.county, escalation.item, escalation.level))
        done = outbox.rows.execute(
            "INSERT OR IGNORE INTO delivery (escalation_id, revision, case_id, level, recipient,"
            " purpose, repeat, owner, endpoint, language, side, fallback, of_group, name,"
            " instead_of, bundle, never_silenced, not_before_ms, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
            (escalation.escalation_id, escalation.revision, escalation.case_id, escalation.level,
             each.name, purpose, repeat, each.owner, each.address.endpoint, each.language,
             each.side.value, each.fallback, each.group, each.text.zh if each.language == "zh"
             else each.text.en, instead_of, bundle, never_silenced, each.not_before_ms),
        )  # fmt: skip
        new += done.rowcount
        outbox.rows.execute(
            "UPDATE delivery SET not_before_ms = ? WHERE recipient = ? AND case_id = ?"
            " AND state = 'waiting' AND purpose <> 'daily' AND not_before_ms > ?",
            (each.not_before_ms, each.name, escalation.case_id, each.not_before_ms),
        )
    return new


def _list(outbox: Outbox, escalation: Escalation, routing: Routing, now_ms: int) -> None:
    """Keep it for the digest of the next working morning; nobody is woken by history."""
    working = routing.rules.working_time
    today = day_of(now_ms)
    begun = now_ms >= start_of_day(today) + working.from_min * MINUTE_MS
    after = start_of_day(today + 1) if begun else now_ms
    morning = next_working_time(after, working, routing.calendar, None)
    # Those who are on duty then, after their quiet hours.
    for each in route(escalation, routing, morning):
        owe(outbox, escalation, [each], routing, purpose="daily")
        outbox.record(decided(escalation, each.name, each.address.endpoint, "listed", now_ms))


def _follow(outbox: Outbox, escalation: Escalation) -> None:
    """What was not sent yet goes out with the new instant; what was sent stays as it is."""
    outbox.rows.execute(
        "UPDATE delivery SET revision = ? WHERE escalation_id = ? AND state IN ('waiting',"
        " 'packed') AND purpose <> 'correction'",
        (escalation.revision, escalation.escalation_id),
    )


_UNSENT = (
    "(state = 'waiting' OR (state = 'packed' AND message_id IN"
    " (SELECT message_id FROM message WHERE state = 'ready' AND doubts = 0 AND repeated = 0)))"
)


def _drop_unsent(outbox: Outbox, escalation: Escalation, why: str, now_ms: int) -> None:
    """Drop what surely nobody had; a message that is left without a case goes with it."""
    dropped = outbox.rows.execute(
        "UPDATE delivery SET state = 'dropped', done_ms = ? WHERE escalation_id = ?"
        f" AND {_UNSENT} RETURNING recipient, endpoint",
        (now_ms, escalation.escalation_id),
    ).fetchall()
    for row in dropped:
        outbox.record(
            decided(escalation, row["recipient"], row["endpoint"], "dropped", now_ms, why)
        )
    outbox.rows.execute(
        "DELETE FROM message WHERE state IN ('ready', 'sending') AND state = 'ready'"
        " AND kind NOT IN ('heartbeat', 'alarm') AND NOT EXISTS (SELECT 1 FROM delivery"
        " WHERE delivery.message_id = message.message_id"
        " AND delivery.state = 'packed')"
    )


def _correct(outbox: Outbox, escalation: Escalation, now_ms: int) -> int:
    """Owe a correction to everybody who had it, or may have had it, and was not corrected yet."""
    return outbox.rows.execute(
        "INSERT OR IGNORE INTO delivery (escalation_id, revision, case_id, level, recipient,"
        " purpose, repeat, owner, endpoint, language, side, fallback, name, instead_of, bundle,"
        " never_silenced, not_before_ms, state)"
        " SELECT escalation_id, ?, case_id, level, recipient, 'correction', 0, owner, endpoint,"
        " language, side, NULL, name, '', '', 1, ?, 'waiting' FROM delivery AS had"
        " WHERE escalation_id = ? AND purpose <> 'correction' AND (state IN ('delivered', 'packed')"
        " OR (state = 'failed' AND EXISTS (SELECT 1 FROM message WHERE doubts > 0"
        " AND message.message_id = had.message_id)))"
        " AND delivery_no > (SELECT coalesce(max(delivery_no), 0) FROM delivery"
        " WHERE escalation_id = had.escalation_id AND recipient = had.recipient"
        " AND purpose = 'correction') GROUP BY recipient",
        (escalation.revision, now_ms, escalation.escalation_id),
    ).rowcount


def decided(
    escalation: Escalation, recipient: str, endpoint: str, outcome: str, now_ms: int, why: str = ""
) -> Delivery:
    """Return the record of a decision that sends nothing."""
    if not why:
        why = "known-late" if escalation.known_late else "too-old"
    names = (escalation.escalation_id, escalation.revision, recipient, outcome)
    return Delivery(
        delivery_id=delivery_id(*names, 0),
        escalation_id=escalation.escalation_id,
        revision=escalation.revision,
        case_id=escalation.case_id,
        level=escalation.level,
        recipient=recipient,
        endpoint=endpoint,
        purpose="notice",
        message_id=None,
        attempt=0,
        outcome=outcome,
        why=why,
        at=render_instant(now_ms),
    )
