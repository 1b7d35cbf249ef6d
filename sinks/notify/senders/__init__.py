"""Senders: one request to one endpoint, and what its answer means. They never raise for an answer.

build    the sender of an endpoint, with its secrets from the environment
http     what a status, a time-out and a broken connection mean
robots   WeCom, DingTalk, Feishu: their error number in a 200, their signatures
webhook  signed JSON with an idempotency key; SMS gateways
mail     SMTP
local    console and file
others   whatever apprise knows
"""

from __future__ import annotations

from typing import Protocol

from sinks.notify.document import Document, Letter
from sinks.notify.outcome import Outcome


class Sender(Protocol):
    """Sends one message to one address of its endpoint and says what became of it."""

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        """Return the outcome within the endpoint's time-out; ``address`` may be empty."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
