"""Signed links: whoever holds the message may acknowledge what it is about, until it expires.

Between the renderer of a message, which signs, and the server of the link, which checks. A token
is ``<claims>.<HMAC-SHA-256 of the claims>`` in URL-safe base64. It names an escalation, a
recipient and a side, and allows acknowledging that one level.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec
from msgspec import Struct

from schemas.action import Side
from schemas.errors import DeadLetterReason as Why
from schemas.errors import InvalidRecord


class Claims(Struct, array_like=True):
    """What a link allows: to acknowledge one level of one case, as ``by`` of ``side``."""

    escalation_id: str
    case_id: str
    level: str
    by: str
    side: Side
    expires_at_ms: int


_DECODER = msgspec.json.Decoder(Claims)


def sign(claims: Claims, secret: str) -> str:
    """Return the token of some claims."""
    body = _text(msgspec.json.encode(claims))
    return f"{body}.{_text(_mac(body, secret))}"


def check(token: str, secret: str, now_ms: int) -> Claims:
    """Return the claims of a token that was signed with ``secret`` and has not expired.

    Raises ``InvalidRecord`` for any other; the message says which, never what the token holds.
    """
    body, _, mac = token.partition(".")
    # Compared as bytes: text that is not ASCII makes compare_digest raise.
    if not secret or not hmac.compare_digest(_text(_mac(body, secret)).encode(), mac.encode()):
        raise InvalidRecord(Why.WRONG_VALUE, "the link was not signed here")
    try:
        claims = _DECODER.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise InvalidRecord(Why.WRONG_TYPE, "the link was not signed here") from None
    if claims.expires_at_ms <= now_ms:
        raise InvalidRecord(Why.WRONG_VALUE, "the link has expired; use a newer message")
    return claims


def _mac(body: str, secret: str) -> bytes:
    signed = b"jushou-action-link:" + body.encode()
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
