"""The robots of WeCom, DingTalk and Feishu: they answer 200, and say in the body that they failed.

None of them knows an idempotency key. Error numbers and signatures as their vendors document them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote_plus

import httpx
import msgspec

from schemas.routing.model import Endpoint
from sinks.notify.document import Document, Letter
from sinks.notify.formats import WECOM_BYTES, feishu_card, markdown
from sinks.notify.outcome import DELIVERED, Outcome, Verdict, Why
from sinks.notify.senders.http import answer_of, client, post

# What each says in its body: number → (verdict, why, seconds to wait where they document them).
# WeCom: 45009 more than 20 a minute; -1 busy; 93000 wrong key. DingTalk: 130101 and 660026 more
# than 20 a minute, then silent for ten minutes; -1 busy; 310000 signature, word or address; 300005
# and 400101 wrong token. Feishu: 9499 and 11232 too many; 19021 signature or clock; 19001 and
# 19024 wrong robot or word.
_MINUTE, _TEN_MINUTES = 60.0, 600.0
_RETRY: dict[int, tuple[Why, float | None]] = {
    -1: (Why.SERVER_ERROR, None),
    45009: (Why.RATE_LIMITED, _MINUTE),
    130101: (Why.RATE_LIMITED, _TEN_MINUTES),
    660026: (Why.RATE_LIMITED, _TEN_MINUTES),
    9499: (Why.RATE_LIMITED, None),
    11232: (Why.RATE_LIMITED, None),
}
_FAILED: dict[int, Why] = {
    93000: Why.WRONG_KEY,
    300005: Why.WRONG_KEY,
    400101: Why.WRONG_KEY,
    19001: Why.WRONG_KEY,
    310000: Why.WRONG_SIGNATURE,
    19021: Why.WRONG_SIGNATURE,
}


def meaning(answer: dict[str, Any] | None) -> Outcome:
    """Return what the body of a robot's 200 means."""
    if answer is None:
        return Outcome(Verdict.IN_DOUBT, Why.UNREADABLE_ANSWER)
    numbers = [answer[name] for name in ("errcode", "code", "StatusCode") if name in answer]
    code = next((number for number in numbers if isinstance(number, int)), None)
    if code is None:
        return Outcome(Verdict.IN_DOUBT, Why.UNREADABLE_ANSWER)
    if code == 0:
        return DELIVERED
    if code in _RETRY:
        why, after = _RETRY[code]
        return Outcome(Verdict.RETRY, why, code, after, whole_endpoint=True)
    return Outcome(Verdict.FAILED, _FAILED.get(code, Why.REFUSED), code)


class Robot:
    """A robot of a group chat; the address of a message is the robot's own URL."""

    def __init__(self, endpoint: Endpoint, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._timeout_s = endpoint.timeout_s
        self._http = client(endpoint.timeout_s)

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        """Post the message and read the number in the answer."""
        url, body = self.request(document, now_ms)
        headers = {"content-type": "application/json; charset=utf-8"}
        content = msgspec.json.encode(body)
        answer = await post(self._http, url, content, headers, self._timeout_s, now_ms)
        return meaning(answer_of(answer)) if isinstance(answer, httpx.Response) else answer

    def request(self, document: Document, now_ms: int) -> tuple[str, dict[str, Any]]:
        """Return URL and body of the request."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()


class WeCom(Robot):
    """WeCom: markdown of at most 4096 bytes; the key is in the URL."""

    def request(self, document: Document, now_ms: int) -> tuple[str, dict[str, Any]]:
        """Return URL and body of the request."""
        text = markdown(document, WECOM_BYTES)
        return self._url, {"msgtype": "markdown", "markdown": {"content": text}}


class DingTalk(Robot):
    """DingTalk: markdown; with a secret timestamp (ms) and signature are in the URL."""

    def request(self, document: Document, now_ms: int) -> tuple[str, dict[str, Any]]:
        """Return URL and body of the request."""
        body = {
            "msgtype": "markdown",
            "markdown": {"title": document.title, "text": markdown(document)},
        }
        if not self._secret:
            return self._url, body
        key, signed = self._secret.encode(), f"{now_ms}\n{self._secret}".encode()
        sign = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        joint = "&" if "?" in self._url else "?"
        return f"{self._url}{joint}timestamp={now_ms}&sign={quote_plus(sign)}", body


class Feishu(Robot):
    """Feishu: a card; with a secret timestamp (s) and signature are in the body."""

    def request(self, document: Document, now_ms: int) -> tuple[str, dict[str, Any]]:
        """Return URL and body of the request."""
        body: dict[str, Any] = {"msg_type": "interactive", "card": feishu_card(document)}
        if self._secret:
            timestamp = str(now_ms // 1000)
            # As documented: the text is the key, and nothing is signed with it.
            key = f"{timestamp}\n{self._secret}".encode()
            sign = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
            body |= {"timestamp": timestamp, "sign": sign}
        return self._url, body
