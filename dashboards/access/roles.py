"""Roles, what each may do, and the reader that a request comes from.

The table of ``docs/access.md`` is this one; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.action import Side

PROVINCE = "530000"
"""GB/T 2260 code of Yunnan, the region of those who see all of it."""


class Role(StrEnum):
    """What an account is for."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"
    ANALYST = "analyst"
    ADMIN = "admin"


class Right(StrEnum):
    """What a route asks of its reader."""

    COUNTS = "counts"
    CASES = "cases"
    HOUSEHOLDS = "households"
    ACT = "act"
    AUDIT = "audit"


_OFFICE = frozenset((Right.COUNTS, Right.CASES, Right.HOUSEHOLDS, Right.ACT))
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.PROVINCE: _OFFICE,
    Role.PREFECTURE: _OFFICE,
    Role.COUNTY: _OFFICE,
    # Trends, never a single case or household.
    Role.ANALYST: frozenset((Right.COUNTS,)),
    # Keeps the accounts and reads who looked at what; has no reason to look at cases.
    Role.ADMIN: frozenset((Right.COUNTS, Right.AUDIT)),
}
# Where an office sits when it acts (schemas.action_rules decides what that allows).
SIDES: Mapping[Role, Side] = {
    Role.PROVINCE: Side.PROVINCE,
    Role.PREFECTURE: Side.PREFECTURE,
    Role.COUNTY: Side.COUNTY,
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: an account, how the page calls it, its role and the region it is for.

    ``is_open``: nobody signed in, and the page is a demo that shows itself to whoever opens it.
    """

    account: str
    name: str
    role: Role
    region: str = PROVINCE
    is_open: bool = False

    @property
    def rights(self) -> frozenset[Right]:
        """What the reader may do; without an account nobody acts."""
        rights = RIGHTS[self.role]
        return rights - {Right.ACT} if self.is_open else rights


OPEN_READER = Reader("-", "province (demo)", Role.PROVINCE, is_open=True)
