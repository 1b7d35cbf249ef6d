"""How often somebody may ask; whoever asks more is told when to come back (``Retry-After``)."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from dashboards.problems import Refused

# Failed sign-ins; whole offices share an address. An account's own limit is above that of one
# address with it, so that a stranger cannot lock its owner out at once.
_BY_BOTH = RateLimitItemPerMinute(5, 5, "both")
_BY_ADDRESS = RateLimitItemPerMinute(30, 5, "address")
_BY_ACCOUNT = RateLimitItemPerMinute(50, 15, "account")
# A view asks some ten panels at once when it is opened; nobody opens one every second.
_BY_SESSION = RateLimitItemPerSecond(300, 30, "session")
# Without sessions all readers of a demo, on this machine, are one.
_OPEN = RateLimitItemPerSecond(6000, 30, "open")


class Limits:
    """The counters of one server, in memory: a restart forgives."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def check_sign_in(self, account: str, address: str) -> None:
        """Raise ``Refused`` (429) where too many sign-ins failed of late."""
        for limit, key in _failures(account, address):
            if not self._limiter.test(limit, *key):
                raise self._refusal(limit, key)

    def sign_in_failed(self, account: str, address: str) -> None:
        """Count a failure."""
        for limit, key in _failures(account, address):
            self._limiter.hit(limit, *key)

    def check_request(self, session: str | None) -> None:
        """Count a request of a session, ``None`` for an open page; raise ``Refused`` (429)."""
        limit, key = (_BY_SESSION, (session,)) if session else (_OPEN, ("open",))
        if not self._limiter.hit(limit, *key):
            raise self._refusal(limit, key)

    def _refusal(self, limit: RateLimitItem, key: tuple[str, ...]) -> Refused:
        reset_s, _ = self._limiter.get_window_stats(limit, *key)
        wait_s = max(1, math.ceil(reset_s - time.time()))
        return Refused(
            429,
            "too-many-requests",
            f"more than {limit.amount} in {limit.get_expiry()} s",
            f"请在 {wait_s} 秒后再试。",
            f"Try again in {wait_s} s.",
            {"Retry-After": str(wait_s)},
        )


def _failures(account: str, address: str) -> tuple[tuple[RateLimitItem, tuple[str, ...]], ...]:
    account = account.lower()
    return (
        (_BY_BOTH, (account, address)),
        (_BY_ADDRESS, (address,)),
        (_BY_ACCOUNT, (account,)),
    )
