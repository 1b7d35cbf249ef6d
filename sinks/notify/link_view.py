"""What the page of a signed link shows: the message as it reads now, and where the step stands.

Between the outbox and the page of the link. Whoever opens a link of yesterday sees whether
somebody has acknowledged meanwhile, or whether the message was withdrawn.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from schemas.action_link import Claims
from schemas.routing.model import Routing
from sinks.notify.acting import newest
from sinks.notify.document import Document, Letter, Links, MessageKind, compose
from sinks.notify.facts import Speaker
from sinks.notify.outbox import Outbox
from sinks.notify.supervision import SUPERVISING, late_stages


@dataclass(frozen=True, slots=True)
class LinkView:
    """``by`` and ``until`` are of an acknowledgement that holds; ``done``: no more reminders."""

    document: Document
    is_withdrawn: bool = False
    is_done: bool = False
    by: str = ""
    until: str = ""


def view_of(
    outbox: Outbox, claims: Claims, routing: Routing, links: Links, now_ms: int
) -> LinkView | None:
    """Return what is known of the step of a link; ``None`` where nothing of it was taken in."""
    try:
        return _view_of(outbox, claims, routing, links, now_ms)
    except sqlite3.ProgrammingError:
        return None  # closed: the notifier is being stopped, and the page does without


def _view_of(
    outbox: Outbox, claims: Claims, routing: Routing, links: Links, now_ms: int
) -> LinkView | None:
    step = newest(outbox, claims.escalation_id)
    if step is None:
        return None
    supervised = step.level in SUPERVISING
    late = {step.case_id: tuple(late_stages(outbox.standing(step.case_id)))} if supervised else {}
    language = routing.rules.language
    letter = Letter(
        message_id="", kind=MessageKind.SINGLE, recipient=claims.by, language=language,
        side=claims.side, escalations=(step,), late=late,
    )  # fmt: skip
    document = compose(letter, routing, Links(links.page_url), now_ms)
    held = outbox.rows.execute(
        "SELECT by, expires_ms FROM acknowledgement WHERE escalation_id = ? AND expires_ms > ?",
        (step.escalation_id, now_ms),
    ).fetchone()
    finished = outbox.rows.execute(
        "SELECT 1 FROM finished WHERE escalation_id IN (?, ?)",
        (step.escalation_id, f"cycle:{step.escalation_id}"),
    ).fetchone()
    return LinkView(
        document,
        is_withdrawn=step.state != "fired",
        is_done=finished is not None,
        by=held["by"] if held else "",
        until=Speaker(routing, language).instant(held["expires_ms"]) if held else "",
    )
