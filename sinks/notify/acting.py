"""What actions of people change in the outbox: acknowledgements, hand-overs, ends of reminding.

Between the feed of actions and the reminders. An acknowledgement stops the reminders of its own
level until it expires; it touches no other level. What is provincial, only the province stops.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from schemas.action import Action, ActionType, encode_action
from schemas.action_rules import action_rules, allowed
from schemas.escalation import Escalation
from schemas.instants import DAY_MS, HOUR_MS, parse_instant
from schemas.routing.decide import of_group, route
from schemas.routing.model import Routing
from sinks.notify.intake import owe
from sinks.notify.outbox import Outbox


class Effect(StrEnum):
    """What an action did; a metric label."""

    DONE = "done"
    NOTED = "noted"
    REPEATED = "repeated"
    UNKNOWN_ESCALATION = "unknown-escalation"
    UNKNOWN_GROUP = "unknown-group"
    NOT_ALLOWED = "not-allowed"


# What was sent longer ago is not reminded of: the notifier was away, and others have taken over.
_LOOK_BACK_MS = 7 * DAY_MS


def act(outbox: Outbox, action: Action, routing: Routing, now_ms: int) -> Effect:
    """Give an action its effect, once. Durable when the caller's transaction ends."""
    with outbox.transaction() as rows:
        new = rows.execute(
            "INSERT OR IGNORE INTO action VALUES (?, ?, ?)",
            (action.action_id, action.escalation_id, encode_action(action)),
        ).rowcount
        return _effect(outbox, action, routing, now_ms) if new else Effect.REPEATED


def _effect(outbox: Outbox, action: Action, routing: Routing, now_ms: int) -> Effect:
    escalation = newest(outbox, action.escalation_id)
    if escalation is None:
        return Effect.UNKNOWN_ESCALATION
    # The level of the record that was sent counts, not what the action says of itself.
    if action.type not in allowed(action_rules(routing), escalation.level, action.side):
        return Effect.NOT_ALLOWED
    if action.type is ActionType.HANDED_OVER:
        return _hand_over(outbox, action, escalation, routing, now_ms)
    rows, key = outbox.rows, (action.escalation_id,)
    if action.type is ActionType.ACKNOWLEDGED:
        at_ms = parse_instant(action.at)
        longest_ms = at_ms + routing.rules.acknowledged_for_h * HOUR_MS
        asked_ms = parse_instant(action.expires_at) if action.expires_at else longest_ms
        rows.execute(
            "INSERT OR REPLACE INTO acknowledgement VALUES (?, ?, ?)",
            (action.escalation_id, action.by, min(asked_ms, longest_ms)),
        )
        _forget_reminders(outbox, action.escalation_id)
    elif action.type is ActionType.UNACKNOWLEDGED:
        rows.execute("DELETE FROM acknowledgement WHERE escalation_id = ?", key)
    elif action.type in (ActionType.ANSWERED, ActionType.CLOSED):
        for each in _asked_so_far(outbox, escalation, routing):
            rows.execute("INSERT OR IGNORE INTO finished VALUES (?)", (each,))
            _forget_reminders(outbox, each)
    elif action.type is ActionType.REPEATED:
        _ask_again(outbox, escalation, routing, now_ms)
    else:
        return Effect.NOTED
    return Effect.DONE


def _forget_reminders(outbox: Outbox, escalation_id: str) -> None:
    """Drop the reminders of one level that were not sent yet."""
    outbox.rows.execute(
        "UPDATE delivery SET state = 'dropped' WHERE escalation_id = ?"
        " AND purpose = 'reminder' AND state = 'waiting'",
        (escalation_id,),
    )


def _asked_so_far(outbox: Outbox, escalation: Escalation, routing: Routing) -> list[str]:
    """Return the steps of one supervision that were taken in: one answer is for all of them."""
    found = outbox.rows.execute(
        "SELECT DISTINCT escalation_id FROM revision WHERE case_id = ?", (escalation.case_id,)
    ).fetchall()
    steps = (newest(outbox, row["escalation_id"]) for row in found)
    return [
        step.escalation_id
        for step in steps
        if step is not None
        and step.level in routing.rules.provincial
        and (step.clock, step.start_event_id) == (escalation.clock, escalation.start_event_id)
    ]


def _ask_again(outbox: Outbox, escalation: Escalation, routing: Routing, now_ms: int) -> None:
    """Owe what the province asks again; an answer or acknowledgement of before holds no more."""
    key = (escalation.escalation_id,)
    outbox.rows.execute("DELETE FROM finished WHERE escalation_id = ?", key)
    outbox.rows.execute("DELETE FROM acknowledgement WHERE escalation_id = ?", key)
    newest_repeat = outbox.rows.execute(
        "SELECT max(repeat) AS newest FROM delivery WHERE escalation_id = ?", key
    ).fetchone()["newest"]
    owe(outbox, escalation, route(escalation, routing, now_ms), routing, purpose="reminder",
        repeat=(newest_repeat or 0) + 1)  # fmt: skip


def _hand_over(
    outbox: Outbox, action: Action, escalation: Escalation, routing: Routing, now_ms: int
) -> Effect:
    if action.to is None or action.to not in routing.groups:
        return Effect.UNKNOWN_GROUP
    recipients = of_group(escalation, routing, action.to, "handed over", now_ms)
    owe(outbox, escalation, recipients, routing)
    return Effect.DONE


def newest(outbox: Outbox, escalation_id: str) -> Escalation | None:
    """Return the newest revision that was taken in."""
    found = outbox.rows.execute(
        "SELECT max(revision) AS newest FROM revision WHERE escalation_id = ?", (escalation_id,)
    ).fetchone()["newest"]
    return None if found is None else outbox.escalation(escalation_id, found)


def remind(outbox: Outbox, routing: Routing, now_ms: int) -> int:
    """Owe a reminder of what nobody acknowledged in time; return how many escalations that is.

    Levels without ``repeat_after_h`` are never repeated. Withdrawn, closed and acknowledged ones
    are left alone, as are those whose clock has ended.
    """
    reminded = 0
    for level, hours in routing.rules.repeat_after_h.items():
        if not hours:
            continue
        for row in _unanswered(outbox, level, hours, routing.rules.repeat_times, now_ms):
            escalation = newest(outbox, row["escalation_id"])
            if escalation is None or escalation.state != "fired":
                continue
            with outbox.transaction():
                recipients = route(escalation, routing, now_ms)
                reminded += bool(
                    owe(outbox, escalation, recipients, routing, purpose="reminder",
                        repeat=row["repeats"] + 1)
                )  # fmt: skip
    return reminded


def _unanswered(
    outbox: Outbox, level: str, hours: int, times: int, now_ms: int
) -> list[sqlite3.Row]:
    return outbox.rows.execute(
        "SELECT escalation_id, max(repeat) AS repeats FROM delivery AS sent WHERE level = ?"
        " AND (done_ms IS NULL OR done_ms > ?)"
        " AND purpose IN ('notice', 'reminder') AND NOT EXISTS (SELECT 1 FROM acknowledgement"
        " WHERE escalation_id = sent.escalation_id AND expires_ms > ?)"
        " AND NOT EXISTS (SELECT 1 FROM finished WHERE escalation_id = sent.escalation_id"
        " OR escalation_id = 'cycle:' || sent.escalation_id)"
        " GROUP BY escalation_id HAVING max(repeat) < ? AND max(done_ms) <= ?"
        " AND sum(state IN ('waiting', 'packed')) = 0",
        (
            level,
            now_ms - max(2 * hours * HOUR_MS, _LOOK_BACK_MS),
            now_ms,
            times,
            now_ms - hours * HOUR_MS,
        ),
    ).fetchall()


def clock_ended(outbox: Outbox, escalation_id: str) -> None:
    """Note that the clock of an escalation ended, so that nobody is reminded of it."""
    outbox.rows.execute("INSERT OR IGNORE INTO finished VALUES (?)", (f"cycle:{escalation_id}",))


def clock_runs(outbox: Outbox, escalation_id: str) -> None:
    """Note that the clock of an escalation runs (again, after a late event)."""
    outbox.rows.execute("DELETE FROM finished WHERE escalation_id = ?", (f"cycle:{escalation_id}",))
