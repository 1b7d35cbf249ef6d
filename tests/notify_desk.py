"""An outbox whose clock the test holds, and endpoints that answer as it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from schemas.action import Action, ActionType, Channel, Side, new_action_id
from schemas.delivery import Delivery
from schemas.escalation import Escalation
from schemas.instants import SECOND_MS, render_instant
from schemas.routing.model import Routing
from sinks.notify.acting import Effect, act, remind
from sinks.notify.attempts import begin, due, finish, recover
from sinks.notify.document import Letter
from sinks.notify.gathering import pack
from sinks.notify.intake import Decision, take
from sinks.notify.outbox import Outbox
from sinks.notify.outcome import DELIVERED, Outcome
from tests.notify_builders import ms


class Desk:
    """``push`` and ``act`` take in, ``sent`` gives the letters that leave at an instant."""

    def __init__(self, folder: Path, routing: Routing) -> None:
        self.path = folder / "outbox.sqlite"
        self.outbox = Outbox(self.path)
        self.routing = routing

    def push(self, *escalations: Escalation, at: str) -> list[Decision]:
        with self.outbox.transaction():
            return [take(self.outbox, each, self.routing, ms(at)) for each in escalations]

    def act(
        self, kind: ActionType, escalation: Escalation, side: Side, at: str, **more: str
    ) -> Effect:
        action = Action(
            action_id=new_action_id(), type=kind, case_id=escalation.case_id,
            escalation_id=escalation.escalation_id, level=escalation.level,
            at=render_instant(ms(at)), by="duty", side=side, channel=Channel.COMMAND, **more,
        )  # fmt: skip
        return act(self.outbox, action, self.routing, ms(at))

    def remind(self, at: str) -> int:
        return remind(self.outbox, self.routing, ms(at))

    def sent(
        self,
        at: str,
        answer: Callable[[Letter], Outcome] = lambda _: DELIVERED,
        endpoint: str = "room",
        seconds: int = 0,
    ) -> list[Letter]:
        """Let everything that may leave at an instant leave, and return it in order."""
        now_ms, letters = ms(at) + seconds * SECOND_MS, []
        while True:
            pack(self.outbox, self.routing, now_ms)
            rows = due(self.outbox, endpoint, now_ms, 8)
            if not rows:
                return letters
            for row in rows:
                letter = begin(self.outbox, row["message_id"])
                letters.append(letter)
                self.finish(letter, answer(letter), now_ms, endpoint)

    def finish(self, letter: Letter, outcome: Outcome, now_ms: int, endpoint: str = "room") -> None:
        finish(
            self.outbox, letter.message_id, outcome, self.routing.endpoints[endpoint],
            self.routing, now_ms,
        )  # fmt: skip

    def crash(self, at: str) -> int:
        """Open the file again, as a process does that was killed."""
        self.outbox.close()
        self.outbox = Outbox(self.path)
        return recover(self.outbox, self.routing, ms(at))

    def records(self) -> list[Delivery]:
        return [msgspec.json.decode(row["raw"], type=Delivery) for row in self.outbox.records()]


def cases(letters: list[Letter]) -> list[list[str]]:
    """Return the cases of each letter."""
    return [[each.case_id for each in letter.escalations] for letter in letters]


def levels(letters: list[Letter]) -> list[str]:
    """Return the levels of all letters, in order."""
    return [each.level for letter in letters for each in letter.escalations]
