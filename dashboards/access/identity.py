"""The seam where people prove who they are; local accounts are one side of it.

An identity provider says who somebody is; sessions, rights, limits and the audit log do not care
which one did. For OpenID Connect, add a router of two routes (``/api/sign-in/oidc`` redirects,
``…/callback`` checks state, nonce and ID token), map a claim to role and region, and hand the
``Identity`` to ``Sessions.begin``. ``docs/access.md`` says what to mind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dashboards.access.roles import Reader


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who proved who they are, and by which provider."""

    reader: Reader
    provider: str


class IdentityProvider(Protocol):
    """Checks an account and a password."""

    def identify(self, account: str, password: str) -> Identity | None:
        """Return who it is, or ``None``; takes equally long for both. Blocks: call on a thread."""
