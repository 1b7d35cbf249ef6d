"""What is ready becomes messages: the first of a bundle at once, the rest in one table.

Between the intake and the dispatch. A bundle is what one recipient is owed of one county, item and
level; steps of one case alone are single messages, with clause and link. Within a recipient
messages are numbered in the order that they are to be sent.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Sequence

from schemas.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from schemas.routing.model import Routing
from sinks.notify.document import MessageKind
from sinks.notify.outbox import Outbox

OVER_LIMIT, _URGENT = "", "!"
Rows = list[sqlite3.Row]


def pack(outbox: Outbox, routing: Routing, now_ms: int) -> int:
    """Make messages of what is ready at ``now_ms``; return how many were made."""
    # By the index: SQLite would look through all that ever was to save sorting what is ready, and
    # this runs several times a second while a province's night waits for the morning.
    ready = outbox.rows.execute(
        "SELECT * FROM delivery INDEXED BY delivery_waiting"
        " WHERE state = 'waiting' AND not_before_ms <= ? ORDER BY delivery_no",
        (now_ms,),
    ).fetchall()
    if not ready:
        return 0
    recipients: dict[str, Rows] = defaultdict(list)
    for row in ready:
        recipients[row["recipient"]].append(row)
    with outbox.transaction():
        packing = _Packing(outbox, routing, now_ms)
        return sum(packing.pack(rows) for rows in recipients.values())


class _Packing:
    """Packs the ready rows of one recipient after another."""

    def __init__(self, outbox: Outbox, routing: Routing, now_ms: int) -> None:
        self._rows = outbox.rows
        self._rules = routing.rules
        self._now_ms = now_ms

    def pack(self, ready: Rows) -> int:
        """Return how many messages were made of what one recipient is owed."""
        made = 0
        for row in ready:
            if row["purpose"] == "correction":
                made += self._make(MessageKind.CORRECTION, [row])
        if daily := [row for row in ready if row["purpose"] == "daily"]:
            made += self._make(MessageKind.DAILY, daily)
        notices = [row for row in ready if row["purpose"] in ("notice", "reminder")]
        return made + (self._notices(notices) if notices else 0)

    def _notices(self, notices: Rows) -> int:
        urgent = [row for row in notices if row["never_silenced"]]
        others = [row for row in notices if not row["never_silenced"]]
        made = self._urgent(urgent, notices) if urgent else 0
        sent = {row["delivery_no"] for row in urgent}
        others = [row for row in others if row["delivery_no"] not in sent and self._waits(row)]
        return made + (self._others(others) if others else 0)

    def _urgent(self, urgent: Rows, notices: Rows) -> int:
        """What no limit silences goes at once; too many of them in one table every few minutes.

        At midnight a province has a supervision in a hundred counties: that is one night's work
        for its desk, but not a hundred messages.
        """
        recipient = urgent[0]["recipient"]
        until_ms = self._gathers(recipient, _URGENT)
        if until_ms > self._now_ms:
            self._wait(urgent, until_ms)
            return 0
        room = self._rules.at_most_per_hour - self._count(recipient, limited=False)
        if len({row["bundle"] for row in urgent}) <= room:
            return self._bundles(urgent, notices)
        made = self._earlier(urgent, notices) + self._together(urgent)
        self._hold(recipient, _URGENT, self._now_ms + self._rules.gather_s * SECOND_MS)
        return made

    def _others(self, others: Rows) -> int:
        """What is over the limit waits for the hour to pass, then goes together in one table."""
        recipient = others[0]["recipient"]
        room = self._rules.at_most_per_hour - self._count(recipient, limited=True)
        if room <= 0:
            self._hold(recipient, OVER_LIMIT, self._now_ms + HOUR_MS)
            self._wait(others, self._now_ms + MINUTE_MS)
            return 0
        over = self._rows.execute(
            "DELETE FROM gathering WHERE recipient = ? AND bundle = '' RETURNING 1", (recipient,)
        ).fetchone()
        # A morning with more groups than an hour may have is one table from the start.
        if over or len({row["bundle"] for row in others}) > room:
            return self._together(others)
        return self._bundles(others, others)

    def _together(self, rows: Rows) -> int:
        """Make one message of all, or one each of notices, reminders and what others missed."""
        kinds: dict[tuple[str, str], Rows] = defaultdict(list)
        for row in rows:
            if self._waits(row):
                kinds[row["purpose"], row["instead_of"]].append(row)
        return sum(self._one_or_more(of) for of in kinds.values())

    def _one_or_more(self, rows: Rows) -> int:
        """Make a table of several cases; of one case each step with its clause and its link."""
        if len({row["case_id"] for row in rows}) > 1:
            return self._make(MessageKind.DIGEST, rows)
        return sum(self._make(MessageKind.SINGLE, [row]) for row in rows)

    def _bundles(self, chosen: Rows, notices: Rows) -> int:
        bundles: dict[tuple[str, str, str], Rows] = defaultdict(list)
        for row in chosen:
            bundles[row["bundle"], row["purpose"], row["instead_of"]].append(row)
        made = 0
        for (bundle, _, _), rows in bundles.items():
            rows = [row for row in rows if self._waits(row)]
            if not rows:
                continue
            until_ms = self._gathers(rows[0]["recipient"], bundle)
            if until_ms > self._now_ms:
                self._wait(rows, until_ms)
                continue
            made += self._earlier(rows, notices) + self._one_or_more(rows)
            until_ms = self._now_ms + self._rules.gather_s * SECOND_MS
            self._hold(rows[0]["recipient"], bundle, until_ms)
        return made

    def _earlier(self, rows: Rows, notices: Rows) -> int:
        """Send first what the same cases still wait for, so that the levels keep their order."""
        last = {row["case_id"]: row["delivery_no"] for row in rows}
        numbers = {row["delivery_no"] for row in rows}
        before = [
            row
            for row in notices
            if row["delivery_no"] < last.get(row["case_id"], 0)
            and row["delivery_no"] not in numbers
            and self._waits(row)
        ]
        return sum(self._make(MessageKind.SINGLE, [row]) for row in before)

    def _waits(self, row: sqlite3.Row) -> bool:
        found = self._rows.execute(
            "SELECT state FROM delivery WHERE delivery_no = ?", (row["delivery_no"],)
        ).fetchone()
        return bool(found["state"] == "waiting")

    def _count(self, recipient: str, limited: bool) -> int:
        found = self._rows.execute(
            "SELECT count(*) AS made FROM message WHERE recipient = ? AND limited = ?"
            " AND kind IN ('single', 'digest') AND made_ms > ?",
            (recipient, limited, self._now_ms - HOUR_MS),
        ).fetchone()
        return int(found["made"])

    def _wait(self, rows: Rows, until_ms: int) -> None:
        """Look at them again then: thousands may wait, and this runs several times a second."""
        self._rows.executemany(
            "UPDATE delivery SET not_before_ms = ? WHERE delivery_no = ?",
            [(until_ms, row["delivery_no"]) for row in rows],
        )

    def _gathers(self, recipient: str, bundle: str) -> int:
        found = self._rows.execute(
            "SELECT until_ms FROM gathering WHERE recipient = ? AND bundle = ?",
            (recipient, bundle),
        ).fetchone()
        return int(found["until_ms"]) if found else 0

    def _hold(self, recipient: str, bundle: str, until_ms: int) -> None:
        self._rows.execute(
            "INSERT OR REPLACE INTO gathering VALUES (?, ?, ?)", (recipient, bundle, until_ms)
        )

    def _make(self, kind: MessageKind, rows: Sequence[sqlite3.Row]) -> int:
        first = rows[0]
        message_id = id_of(rows)
        limited = kind in (MessageKind.SINGLE, MessageKind.DIGEST) and not first["never_silenced"]
        self._rows.execute(
            "INSERT INTO message (message_id, kind, recipient, owner, endpoint, language, side,"
            " instead_of, reminder, limited, made_ms, since_ms, next_attempt_ms, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'ready')",
            (message_id, kind.value, first["recipient"], first["owner"], first["endpoint"],
             first["language"], first["side"], first["instead_of"], first["purpose"] == "reminder",
             limited, self._now_ms, self._now_ms, self._now_ms),
        )  # fmt: skip
        self._rows.executemany(
            "UPDATE delivery SET state = 'packed', message_id = ? WHERE delivery_no = ?",
            [(message_id, row["delivery_no"]) for row in rows],
        )
        return 1


def id_of(rows: Sequence[sqlite3.Row]) -> str:
    """Return the id of a message: the same for the same content, were the outbox lost."""
    keys = sorted(
        ":".join(
            str(row[name])
            for name in ("escalation_id", "revision", "recipient", "purpose", "repeat")
        )
        for row in rows
    )
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "urn:jushou:message:" + "|".join(keys)))
