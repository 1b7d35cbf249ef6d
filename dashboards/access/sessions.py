"""Sessions: who is signed in, kept on the server, so that signing out ends them there.

The browser has a random token of 256 bits in a cookie; the store has its hash. A session ends
when nothing was asked for a while, after a length that nothing prolongs, when its reader signs
out, and when the account changes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from dashboards.access.identity import Identity
from dashboards.access.roles import Reader, Role
from dashboards.access.store import Store

# How exactly the idle time is kept; each request would write otherwise.
_TOUCH_MS = 30_000


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is live. ``key`` names it in limits, and is not its token."""

    reader: Reader
    key: str
    csrf: str
    expires_ms: int


class Sessions:
    """The sessions of one store. ``idle_s`` 0: none ends for want of use."""

    def __init__(
        self, store: Store, clock: Callable[[], int], idle_s: float, longest_s: float
    ) -> None:
        self._store = store
        self._clock = clock
        self._idle_ms = int(idle_s * 1000)
        self._longest_ms = int(longest_s * 1000)

    @property
    def longest_s(self) -> int:
        """The seconds after which a session ends in any case."""
        return self._longest_ms // 1000

    def begin(self, identity: Identity, replaced: str | None = None) -> str:
        """Return the token of a new session; the one whose token is ``replaced`` ends."""
        token, now_ms, of = secrets.token_urlsafe(32), self._clock(), identity.reader
        row = (_hash(token), of.account, of.name, of.role.value, of.region, identity.provider,
               now_ms, now_ms)  # fmt: skip
        with self._store.transaction() as rows:
            rows.execute("DELETE FROM sessions WHERE begun_ms <= ?", (now_ms - self._longest_ms,))
            if replaced:
                rows.execute("DELETE FROM sessions WHERE token_hash = ?", (_hash(replaced),))
            rows.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return token

    def find(self, token: str, *, is_use: bool = True) -> Session | None:
        """Return the live session of a token; ``is_use`` prolongs its idle time."""
        hashed, now_ms = _hash(token), self._clock()
        with self._store.rows() as rows:
            row = rows.execute("SELECT * FROM sessions WHERE token_hash = ?", (hashed,)).fetchone()
        if row is None:
            return None
        ends_ms = row["begun_ms"] + self._longest_ms
        if now_ms >= ends_ms or (self._idle_ms and now_ms >= row["seen_ms"] + self._idle_ms):
            self.end(token)
            return None
        if is_use and now_ms >= row["seen_ms"] + min(_TOUCH_MS, self._idle_ms):
            with self._store.rows() as rows:
                rows.execute(
                    "UPDATE sessions SET seen_ms = ? WHERE token_hash = ?", (now_ms, hashed)
                )
        reader = Reader(row["account"], row["name"], Role(row["role"]), row["region"])
        return Session(reader, hashed.hex()[:16], _csrf(token), ends_ms)

    def end(self, token: str) -> None:
        """End the session of a token, if there is one."""
        with self._store.rows() as rows:
            rows.execute("DELETE FROM sessions WHERE token_hash = ?", (_hash(token),))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _csrf(token: str) -> str:
    """Return what a page of ours sends with each change; a foreign one cannot know it."""
    return hmac.new(token.encode(), b"jushou csrf", hashlib.sha256).hexdigest()
