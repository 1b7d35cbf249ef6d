"""One POST, and what its status, its silence or a broken connection mean.

Used by robots and webhooks. No URL and no body is logged: a robot's URL is its key.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import ssl
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from sinks.notify.outcome import Outcome, Verdict, Why

# Both write the whole address of each request into the log.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)
# An endpoint that asks for more than an hour is tried again after an hour: it may be mistaken.
_LONGEST_WAIT_S = 3_600.0


@cache
def trust() -> ssl.SSLContext:
    """Return whom to trust: the machine's authorities, which may be the offices' own.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name others, as for every program.
    """
    return ssl.create_default_context()


def client(timeout_s: float) -> httpx.AsyncClient:
    """Return a client that follows no redirect: where it leads was not allowed by anybody."""
    return httpx.AsyncClient(
        timeout=timeout_s, follow_redirects=False, trust_env=False, verify=trust()
    )


async def post(
    http: httpx.AsyncClient,
    url: str,
    content: bytes,
    headers: dict[str, str],
    timeout_s: float,
    now_ms: int,
) -> Outcome | httpx.Response:
    """Return a 2xx response to be read, or the outcome of anything else.

    ``timeout_s`` bounds the whole exchange: an endpoint that answers byte by byte is cut off.
    """
    try:
        async with asyncio.timeout(timeout_s):
            response = await http.post(url, content=content, headers=headers)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return Outcome(Verdict.RETRY, Why.NO_CONNECTION, whole_endpoint=True)
    except (TimeoutError, httpx.TransportError):
        return Outcome(Verdict.IN_DOUBT, Why.NO_ANSWER, whole_endpoint=True)
    return response if response.is_success else of_status(response, now_ms)


def of_status(response: httpx.Response, now_ms: int) -> Outcome:
    """Return what a status that is no success means."""
    status = response.status_code
    if status == 429 or (status == 503 and "retry-after" in response.headers):
        after = retry_after_s(response.headers.get("retry-after"), now_ms)
        return Outcome(Verdict.RETRY, Why.RATE_LIMITED, status, after, whole_endpoint=True)
    if status >= 500 or status in (408, 425):
        return Outcome(Verdict.RETRY, Why.SERVER_ERROR, status, whole_endpoint=True)
    if status == 413:
        return Outcome(Verdict.FAILED, Why.TOO_LARGE, status)
    if status in (401, 403):
        return Outcome(Verdict.FAILED, Why.WRONG_KEY, status)
    return Outcome(Verdict.FAILED, Why.REFUSED, status)


def retry_after_s(header: str | None, now_ms: int) -> float | None:
    """Return the seconds of a ``Retry-After``, which are digits or an HTTP date."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return min(max(until.timestamp() - now_ms / 1000, 0.0), _LONGEST_WAIT_S)


def answer_of(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object of an answer, ``None`` for anything else."""
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
