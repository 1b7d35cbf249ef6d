"""The audit log: who looked at which case, or did what, when and from where.

Append-only: the file refuses to change or remove a line, and each line carries the hash of the
one before, so that a line that somebody took out or changed by other means is noticed
(``jushou audit --verify``). It holds no personal data: accounts, roles, codes and case numbers.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dashboards.access.roles import Reader
from dashboards.access.store import Store
from schemas.action import ActionType

TABLES = """
CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    act TEXT NOT NULL,
    object TEXT NOT NULL,
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    region TEXT NOT NULL,
    address TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_object ON audit (object);
CREATE TRIGGER IF NOT EXISTS audit_keeps BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
"""
_FIELDS = ("number", "at_ms", "act", "object", "account", "role", "region", "address")


class Act(StrEnum):
    """What was done; an action about a case goes by the name that its record has."""

    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    CASE_SEEN = "case-seen"
    HOUSEHOLD_SEEN = "household-seen"
    LIST_SEEN = "list-seen"
    LIST_EXPORTED = "list-exported"
    REFUSED = "refused"
    AUDIT_READ = "audit-read"
    ACKNOWLEDGED = ActionType.ACKNOWLEDGED.value
    UNACKNOWLEDGED = ActionType.UNACKNOWLEDGED.value
    NOTED = ActionType.NOTED.value
    HANDED_OVER = ActionType.HANDED_OVER.value
    ANSWERED = ActionType.ANSWERED.value
    CLOSED = ActionType.CLOSED.value
    REPEATED = ActionType.REPEATED.value


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``object`` is a case number, a household's pseudonym, or a list."""

    number: int
    at_ms: int
    act: str
    object: str
    account: str
    role: str
    region: str
    address: str


def open_audit(path: Path | None) -> Audit:
    """Return the audit log of a file, or one in memory."""
    return Audit(Store(path, TABLES, durable=True))


class Audit:
    """One audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, at_ms: int, act: Act, reader: Reader, address: str, of: str = "") -> None:
        """Append a line; on disk when this returns. Blocks: call on a thread."""
        with self._store.transaction() as rows:
            last = rows.execute(
                "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"
            ).fetchone()
            number, before = (last["number"] + 1, last["hash"]) if last else (1, b"")
            values = (number, at_ms, act.value, of, reader.account, reader.role.value,
                      reader.region, address)  # fmt: skip
            rows.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, _hash(before, values)),
            )

    def lines(
        self,
        *,
        account: str = "",
        act: str = "",
        of: str = "",
        since_ms: int = 0,
        until_ms: int | None = None,
        limit: int = 200,
    ) -> list[Line]:
        """Return the newest lines before ``until_ms``, newest first; an empty text is all."""
        with self._store.rows() as rows:
            found = rows.execute(
                f"SELECT {', '.join(_FIELDS)} FROM audit WHERE at_ms >= :since"
                " AND (:until IS NULL OR at_ms < :until)"
                " AND (:account = '' OR account = :account) AND (:act = '' OR act = :act)"
                " AND (:of = '' OR object = :of) ORDER BY number DESC LIMIT :limit",
                {"since": since_ms, "until": until_ms, "account": account, "act": act, "of": of,
                 "limit": limit},
            ).fetchall()  # fmt: skip
        return [Line(*row) for row in found]

    def first_broken(self) -> int | None:
        """Return the number of the first line that was tampered with; ``None`` if all is well."""
        before, expected = b"", 1
        for row in self._chain():
            values = tuple(row)[:-1]
            if row["number"] != expected or row["hash"] != _hash(before, values):
                return expected
            before, expected = row["hash"], expected + 1
        return None

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _chain(self) -> Iterator[sqlite3.Row]:
        with self._store.rows() as rows:
            yield from rows.execute(f"SELECT {', '.join(_FIELDS)}, hash FROM audit ORDER BY number")


def _hash(before: bytes, values: tuple[object, ...]) -> bytes:
    return hashlib.sha256(before + json.dumps(values, ensure_ascii=False).encode()).digest()
