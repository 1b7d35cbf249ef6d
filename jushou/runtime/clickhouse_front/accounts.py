"""Who may connect: one user who may do everything, and users who may only read."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from jushou.runtime.clickhouse_front.refusals import AUTHENTICATION_FAILED, refusal


@dataclass(frozen=True)
class Hidden:
    """What a reader must not see: columns by name, tables and views by pattern (``household*``)."""

    columns: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.columns or self.tables)


@dataclass(frozen=True)
class Accounts:
    """Names and passwords. Without a password of its own a user has the empty one.

    ``hidden`` is what a reader must not see, by its name.
    """

    owner: str = "default"
    owner_password: str = field(default="", repr=False)
    readers: Mapping[str, str] = field(default_factory=dict, repr=False)
    hidden: Mapping[str, Hidden] = field(default_factory=dict)

    def is_reader(self, user: str, password: str) -> bool:
        """Whether this user may only read; error 516 when the user or the password is wrong."""
        passwords = {**self.readers, self.owner: self.owner_password}
        expected = passwords.get(user)
        if expected is None or not hmac.compare_digest(expected.encode(), password.encode()):
            raise refusal(
                AUTHENTICATION_FAILED,
                f"{user}: Authentication failed: password is incorrect, or there is no user with"
                " such name.",
            )
        return user != self.owner
