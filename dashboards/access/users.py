"""Local accounts: kept by ``jushou users``, asked at sign-in.

A change of an account ends its sessions at once: they are rows of the same file.
"""

from __future__ import annotations

import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from dashboards.access import passwords
from dashboards.access.identity import Identity
from dashboards.access.roles import PROVINCE, Reader, Role
from dashboards.access.store import Store
from schemas.errors import Misconfigured
from schemas.personal import finds_personal_data
from schemas.regions.load import regions

PROVIDER = "local"
TABLES = (Path(__file__).parent / "tables.sql").read_text("utf-8")
_ACCOUNT = re.compile(r"[a-z][a-z0-9._-]{1,31}")


@dataclass(frozen=True, slots=True)
class User:
    """An account as it is listed; its password's hash is not part of it."""

    reader: Reader
    created_ms: int
    password_ms: int
    sessions: int


class Users:
    """The accounts of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, reader: Reader, password: str) -> None:
        """Create an account; raises ``Misconfigured`` with all that is wrong with it."""
        faults = _faults_of(reader) + passwords.faults_of(password, reader.account)
        if faults:
            raise Misconfigured(faults)
        now_ms = _now_ms()
        row = (reader.account, reader.name, reader.role.value, reader.region,
               passwords.hashed(password), now_ms, now_ms)  # fmt: skip
        try:
            with self._store.rows() as rows:
                rows.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise Misconfigured(
                f"there is an account {reader.account} already: remove it first, or change its "
                "password with `jushou users password`"
            ) from None

    def all(self) -> list[User]:
        """Return the accounts, by name."""
        sql = (
            "SELECT *, (SELECT count(*) FROM sessions WHERE account = users.account) AS sessions"
            " FROM users ORDER BY account"
        )
        with self._store.rows() as rows:
            found = rows.execute(sql).fetchall()
        return [
            User(_reader(row), row["created_ms"], row["password_ms"], row["sessions"])
            for row in found
        ]

    def set_password(self, account: str, password: str) -> None:
        """Change a password and end all sessions of its account."""
        faults = passwords.faults_of(password, account)
        if faults:
            raise Misconfigured(faults)
        with self._store.transaction() as rows:
            changed = rows.execute(
                "UPDATE users SET password_hash = ?, password_ms = ? WHERE account = ?",
                (passwords.hashed(password), _now_ms(), account),
            ).rowcount
            rows.execute("DELETE FROM sessions WHERE account = ?", (account,))
        _must_exist(changed, account)

    def remove(self, account: str) -> None:
        """Remove an account and end all its sessions."""
        with self._store.transaction() as rows:
            changed = rows.execute("DELETE FROM users WHERE account = ?", (account,)).rowcount
            rows.execute("DELETE FROM sessions WHERE account = ?", (account,))
        _must_exist(changed, account)

    def exists(self, account: str) -> bool:
        """Say whether there is such an account."""
        with self._store.rows() as rows:
            found = rows.execute("SELECT 1 FROM users WHERE account = ?", (account,)).fetchone()
        return found is not None

    def identify(self, account: str, password: str) -> Identity | None:
        """Return who it is, or ``None``, after the same time. Blocks for a hash."""
        with self._store.rows() as rows:
            row = rows.execute("SELECT * FROM users WHERE account = ?", (account,)).fetchone()
        if not passwords.matches(password, row and row["password_hash"]):
            return None
        if passwords.is_outdated(row["password_hash"]):
            with self._store.rows() as rows:
                rows.execute(
                    "UPDATE users SET password_hash = ? WHERE account = ? AND password_hash = ?",
                    (passwords.hashed(password), row["account"], row["password_hash"]),
                )
        return Identity(_reader(row), PROVIDER)


def _reader(row: sqlite3.Row) -> Reader:
    return Reader(row["account"], row["name"], Role(row["role"]), row["region"])


def _faults_of(reader: Reader) -> list[str]:
    faults = []
    if not _ACCOUNT.fullmatch(reader.account):
        faults.append(
            "an account is 2 to 32 of a-z, 0-9, dot, dash and underscore, and begins with a letter"
        )
    if not 1 <= len(reader.name) <= 40 or not reader.name.isprintable():
        faults.append("a name has 1 to 40 printable characters; an office, not a person")
    if finds_personal_data(f"{reader.account} {reader.name}".encode()):
        faults.append("account and name must not hold a telephone or resident id")
    known = {
        Role.PREFECTURE: regions().prefectures,
        Role.COUNTY: regions().counties,
    }.get(reader.role, {PROVINCE: None})
    if reader.region not in known:
        what = f"a {reader.role.value}" if len(known) > 1 else f"{PROVINCE}, the province"
        faults.append(
            f"region {reader.region!r} of a {reader.role.value} account is not the code of {what}"
        )
    return faults


def _must_exist(changed: int, account: str) -> None:
    if not changed:
        raise Misconfigured(f"there is no account {account[:40]!r}: see `jushou users list`")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
