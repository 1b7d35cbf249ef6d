"""The watchdog: probes through the whole stream, a heartbeat for a switch outside, an own alarm.

Beside the path of a message. A probe goes onto every partition of the case events, and its answer
comes from the sweep that fires what is due (``schemas.probe``). While all partitions answer, a
heartbeat goes through the outbox to an endpoint like any other message; where it stays away, a
dead-man's switch outside raises the alarm. Whoever can still be told is told by ours.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from schemas.action import Side
from schemas.instants import SECOND_MS
from schemas.probe import ProbeAnswer
from schemas.routing.decide import of_alarm
from schemas.routing.model import Routing
from sinks.notify.document import MessageKind
from sinks.notify.facts import Speaker
from sinks.notify.outbox import Outbox

# A probe is late after so many periods: one that was lost and one rebalance are no alarm.
_LATE_AFTER = 3


class Watchdog:
    """Which partitions answer, and what is to be said about it. Pure but for the outbox."""

    def __init__(self, routing: Routing, started_ms: int) -> None:
        self._routing = routing
        self._every_ms = routing.rules.watchdog_every_s * SECOND_MS
        self._started_ms = started_ms
        self._probed_ms: int | None = None
        # By partition, when its newest answered probe was sent; those not known have not answered.
        self._answered: dict[int, int] = {}
        self._late_since_ms: int | None = None

    def is_time(self, now_ms: int) -> bool:
        """Say whether probes are to be sent now."""
        return self._probed_ms is None or now_ms - self._probed_ms >= self._every_ms

    def probed(self, partitions: int, now_ms: int) -> None:
        """Note that probes were sent, or tried, to so many partitions."""
        self._probed_ms = now_ms
        for partition in range(partitions):
            self._answered.setdefault(partition, self._started_ms)

    def heard(self, answers: Iterable[ProbeAnswer]) -> None:
        """Take in answers; they may come late, twice and in any order."""
        for each in answers:
            known = self._answered.get(each.partition, 0)
            self._answered[each.partition] = max(known, each.sent_at_ms)

    def age_ms(self, now_ms: int) -> int:
        """Return the age of the newest answered probe, of the partition that lags most."""
        return max(now_ms - min(self._answered.values(), default=self._started_ms), 0)

    def late(self, now_ms: int) -> list[int] | None:
        """Return the partitions whose answers are late; all of them where none are known.

        ``None`` while all is well.
        """
        before_ms = now_ms - _LATE_AFTER * self._every_ms
        if not self._answered:
            return [] if self._started_ms < before_ms else None
        return [
            number for number, at_ms in sorted(self._answered.items()) if at_ms < before_ms
        ] or (None)

    def beat(self, outbox: Outbox, now_ms: int) -> bool:
        """Owe the switch a heartbeat if every partition answered lately and it is time for one."""
        endpoint = self._routing.rules.watchdog
        answered = min(self._answered.values(), default=self._started_ms) > self._started_ms
        if endpoint is None or not answered or self.age_ms(now_ms) > 2 * self._every_ms:
            return False
        return beat(outbox, self._routing, now_ms)

    def alarm(self, outbox: Outbox, now_ms: int) -> str | None:
        """Owe those who look after it a message when it begins and when it is over; return it."""
        late = self.late(now_ms)
        speaker = Speaker(self._routing, self._routing.rules.language)
        if late is not None and self._late_since_ms is None:
            self._late_since_ms = now_ms - self.age_ms(now_ms)
            numbers = "、".join(map(str, late)) or speaker.say("every")
            text = speaker.say(
                "alarm_late", number=numbers, at=speaker.instant(self._late_since_ms)
            )
        elif late is None and self._late_since_ms is not None:
            text = speaker.say("alarm_over", at=speaker.instant(now_ms))
            self._late_since_ms = None
        else:
            return None
        announce(outbox, self._routing, text, now_ms)
        return text


def announce(outbox: Outbox, routing: Routing, text: str, now_ms: int) -> int:
    """Owe those who look after the system a text; return how many recipients that is."""
    recipients = of_alarm(routing, now_ms)
    for each in recipients:
        name = f"urn:jushou:alarm:{each.name}:{now_ms}:{text}"
        message_id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        _owe(outbox, routing, MessageKind.ALARM, each.name, each.address.endpoint, message_id,
             now_ms, text)  # fmt: skip
    return len(recipients)


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
        _owe(outbox, routing, MessageKind.HEARTBEAT, recipient, endpoint, message_id, now_ms)
    return True


def _owe(
    outbox: Outbox,
    routing: Routing,
    kind: MessageKind,
    recipient: str,
    endpoint: str,
    message_id: str,
    now_ms: int,
    text: str = "",
) -> None:
    with outbox.transaction() as rows:
        rows.execute(
            "INSERT INTO message (message_id, kind, recipient, owner, endpoint, language, side,"
            " instead_of, reminder, limited, made_ms, since_ms, next_attempt_ms, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, 0, ?, ?, ?, 'ready')",
            (message_id, kind.value, recipient, recipient.rpartition("@")[0], endpoint,
             routing.rules.language, Side.OWNER.value, now_ms, now_ms, now_ms),
        )  # fmt: skip
        if text:
            rows.execute("INSERT INTO announcement VALUES (?, ?)", (message_id, text))
