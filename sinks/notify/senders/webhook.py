"""Signed JSON to a webhook, and short texts to an SMS gateway.

The receiver checks ``Jushou-Signature: sha256=<hex>``, the HMAC-SHA-256 with the shared secret of
``<Jushou-Timestamp>.<body>``, and refuses an old timestamp; ``Idempotency-Key`` is the same for
every attempt at one message, so that it is taken once.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import httpx
import msgspec

from schemas.instants import SECOND_MS
from schemas.routing.model import Endpoint
from sinks.notify.document import Document, Letter
from sinks.notify.formats import payload
from sinks.notify.outcome import DELIVERED, Outcome
from sinks.notify.senders.http import client, post

KEY_HEADER = "Idempotency-Key"
TIME_HEADER = "Jushou-Timestamp"
SIGNATURE_HEADER = "Jushou-Signature"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of the signature header; ``timestamp`` in seconds, as sent."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Webhook:
    """Any status of 2xx says that it was taken."""

    def __init__(self, endpoint: Endpoint, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._timeout_s = endpoint.timeout_s
        self._http = client(endpoint.timeout_s)

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        """Post the message, signed, with its key."""
        body = msgspec.json.encode(self._body(document, letter, address, now_ms))
        headers = {"content-type": "application/json", KEY_HEADER: letter.message_id}
        if self._secret:
            timestamp = str(now_ms // SECOND_MS)
            headers |= {
                TIME_HEADER: timestamp,
                SIGNATURE_HEADER: signature(self._secret, timestamp, body),
            }
        answer = await post(self._http, self._url, body, headers, self._timeout_s, now_ms)
        return DELIVERED if isinstance(answer, httpx.Response) else answer

    def _body(
        self, document: Document, letter: Letter, address: str, now_ms: int
    ) -> dict[str, Any]:
        body = payload(document, letter, now_ms)
        return body | {"address": address} if address else body

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()


class ShortText(Webhook):
    """An SMS gateway: the number and the short text alone."""

    def _body(
        self, document: Document, letter: Letter, address: str, now_ms: int
    ) -> dict[str, Any]:
        return {"message_id": letter.message_id, "to": address, "text": document.sms}
