"""The outbox: a local SQLite file that survives ``kill -9`` and a power cut.

Between Kafka and the endpoints. In WAL mode with ``synchronous=FULL``: a commit returns when it is
on the disk. One process writes it; a second one is refused at start. Everything runs on the event
loop's thread, in transactions of milliseconds.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from schemas.delivery import Delivery
from schemas.errors import Misconfigured
from schemas.escalation import Escalation

_SCHEMA = Path(__file__).with_name("outbox.sql")
_DECODER = msgspec.json.Decoder(Escalation)


class Outbox:
    """The file and its transactions; what is read and written stands in the steps of the path."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise Misconfigured(f"{path} is in use; one `jushou notify` per outbox") from None
        self.rows = sqlite3.connect(path, isolation_level=None)
        self.rows.row_factory = sqlite3.Row
        self.rows.execute("PRAGMA journal_mode=WAL")
        self.rows.execute("PRAGMA synchronous=FULL")
        self.rows.executescript(_SCHEMA.read_text("utf-8"))
        # What files of before do not have; the schema alone says IF NOT EXISTS of whole tables.
        columns = {row["name"] for row in self.rows.execute("PRAGMA table_info(delivery)")}
        if "of_group" not in columns:
            self.rows.execute("ALTER TABLE delivery ADD COLUMN of_group TEXT NOT NULL DEFAULT ''")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a transaction that is on the disk when it ends, or leaves nothing if it fails.

        Within another one it joins that.
        """
        if self.rows.in_transaction:
            yield self.rows
            return
        self.rows.execute("BEGIN IMMEDIATE")
        try:
            yield self.rows
        except BaseException:
            self.rows.execute("ROLLBACK")
            raise
        self.rows.execute("COMMIT")

    def escalation(self, escalation_id: str, revision: int) -> Escalation:
        """Return a revision that was taken in."""
        found = self.rows.execute(
            "SELECT raw FROM revision WHERE escalation_id = ? AND revision = ?",
            (escalation_id, revision),
        ).fetchone()
        return _DECODER.decode(found["raw"])

    def standing(self, case_id: str) -> list[Escalation]:
        """Return the newest revisions of a case's escalations, without those withdrawn."""
        found = self.rows.execute(
            "SELECT raw FROM revision AS one WHERE case_id = ? AND state = 'fired' AND revision ="
            " (SELECT max(revision) FROM revision WHERE escalation_id = one.escalation_id)",
            (case_id,),
        ).fetchall()
        return [_DECODER.decode(row["raw"]) for row in found]

    def record(self, delivery: Delivery) -> None:
        """Keep a record until Kafka has it."""
        self.rows.execute(
            "INSERT INTO record (key, raw) VALUES (?, ?)",
            (delivery.escalation_id, msgspec.json.encode(delivery)),
        )

    def records(self, at_most: int = 1_000) -> list[sqlite3.Row]:
        """Return the oldest records that Kafka does not have yet."""
        return self.rows.execute(
            "SELECT record_no, key, raw FROM record ORDER BY record_no LIMIT ?", (at_most,)
        ).fetchall()

    def forget_records(self, up_to: int) -> None:
        """Drop the records that Kafka acknowledged."""
        with self.transaction() as rows:
            rows.execute("DELETE FROM record WHERE record_no <= ?", (up_to,))

    def close(self) -> None:
        """Let go of the file."""
        self.rows.close()
        self._lock.close()
