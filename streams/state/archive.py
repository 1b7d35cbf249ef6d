"""Where a partition keeps the cases that were closed long ago, outside of its memory.

Beside the path of an event: ``PartitionState`` looks here for a case that it does not hold, and
puts cases here between batches, many at once. A cache of the changelog and never more: the file
is filled anew by a restore, has no journal, is trusted by nobody after a crash, and has no name
from the moment on at which it is open, so that nothing of it is left behind.
"""

from __future__ import annotations

import sqlite3
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from schemas import case_state
from schemas.case_state import CaseState
from schemas.errors import Unavailable
from schemas.instants import DAY_MS
from streams.state.id_filter import IdFilter

# A late event or a reopening mostly comes within weeks; until then a case is at hand.
LEAVES_AFTER_MS = 30 * DAY_MS
# Large pages, since some 1,200 bytes of a state leave a quarter of SQLite's usual 4,096 unused,
# and a small cache: it holds the inner pages of the index, and the system caches the rest.
_SETTINGS = ("page_size=16384", "cache_size=-8000", "journal_mode=OFF", "synchronous=OFF",
             "locking_mode=EXCLUSIVE")  # fmt: skip
# Rows have numbers of SQLite's choice, so that packed states are only ever appended; the index
# is of hashes, which are half as long as the ids.
_SCHEMA = ("CREATE TABLE cases (hash INTEGER NOT NULL, packed BLOB NOT NULL)",
           "CREATE INDEX cases_by_hash ON cases (hash)")  # fmt: skip
# The fields up to ``closed_at``: to look at them takes a quarter of the time of a whole decode.
_FIRST_FIELDS = CaseState.__struct_fields__[: CaseState.__struct_fields__.index("closed_at") + 1]
_Heading = msgspec.defstruct("_Heading", [(name, object) for name in _FIRST_FIELDS],
                             array_like=True, gc=False)  # fmt: skip
_heading: Callable[[bytes], Any] = msgspec.msgpack.Decoder(_Heading).decode


class Archive:
    """Packed states of closed cases in a file without a name. Not safe for two threads at once.

    ``after_ms`` is how long a case stays in memory after it was closed (milliseconds). Hashes of
    ids are Python's own, which differ from process to process: the file is of this one alone.
    All calls raise ``Unavailable`` when the disk gives out.
    """

    def __init__(self, folder: Path, partition: int, after_ms: int = LEAVES_AFTER_MS) -> None:
        self.after_ms = after_ms
        self._folder = folder
        self._filter = IdFilter()
        self._count = 0
        self._forgotten: set[int] = set()
        with self._disk():
            self._rows = _open(folder, partition)
        self.close = weakref.finalize(self, self._rows.close)

    def __len__(self) -> int:
        """Return the number of cases."""
        return self._count

    def __contains__(self, case_id: str) -> bool:
        """Say whether a case is here. One that is not is mostly known without the file."""
        return self.find(case_id) is not None

    def leaves_at(self, state: CaseState) -> int | None:
        """Return the instant from which a case may be kept here; ``None``: not as it stands.

        It must be closed and have nothing that time, a load or a judgement could still change.
        """
        if state.closed_at is None or state.live or state.loads or state.unjudged:
            return None
        if state.held or state.applied != len(state.events):
            return None
        return state.closed_at + self.after_ms

    def is_for(self, packed: bytes, now: int) -> bool:
        """Say whether a packed state is to be kept here as of ``now``."""
        closed_at = _heading(packed).closed_at
        if closed_at is None or closed_at + self.after_ms > now:
            return False
        return self.leaves_at(case_state.decode(packed)) is not None

    def find(self, case_id: str) -> tuple[int, CaseState] | None:
        """Return the row and the state of a case, which stays here; ``None`` if it is not here."""
        key = hash(case_id)
        if not self._filter.may_hold(key):
            return None
        with self._disk():
            rows = self._rows.execute("SELECT rowid, packed FROM cases WHERE hash = ?", (key,))
            for row, packed in rows.fetchall():
                state = case_state.decode(packed)
                if state.case_id == case_id and row not in self._forgotten:
                    return row, state
        return None

    def put(self, cases: Mapping[str, bytes]) -> None:
        """Take packed states of cases that are not here."""
        gone, self._forgotten = self._forgotten, set()
        keyed = [(hash(case_id), packed) for case_id, packed in cases.items()]
        with self._disk():
            self._rows.execute("BEGIN")
            self._rows.executemany("DELETE FROM cases WHERE rowid = ?", ((row,) for row in gone))
            self._rows.executemany("INSERT INTO cases VALUES (?, ?)", keyed)
            self._rows.execute("COMMIT")
        for key, _ in keyed:
            self._filter.add(key)
        self._count += len(keyed)

    def forget(self, row: int) -> None:
        """Let go of a row that ``find`` gave; the file does with the next ``put``."""
        self._forgotten.add(row)
        self._count -= 1

    def clear(self) -> None:
        """Let go of all."""
        with self._disk():
            self._rows.execute("DELETE FROM cases")
        self._filter, self._count, self._forgotten = IdFilter(), 0, set()

    def states(self) -> Iterator[CaseState]:
        """Yield the state of every case; nothing may be put here meanwhile."""
        with self._disk():
            for row, packed in self._rows.execute("SELECT rowid, packed FROM cases"):
                if row not in self._forgotten:
                    yield case_state.decode(packed)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as fault:
            raise Unavailable(
                f"the closed cases cannot be kept in {self._folder} ({fault}): make room there or "
                "set another folder, and start the worker again; nothing is lost"
            ) from fault


def _open(folder: Path, partition: int) -> sqlite3.Connection:
    """Open a new file; its name is gone at once, its blocks with the connection."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix=f"closed-{partition}-", dir=folder) as file:
        # A restore fills it in a thread, before the worker's own takes it over.
        rows = sqlite3.connect(file.name, isolation_level=None, check_same_thread=False)
        for setting in _SETTINGS:
            rows.execute(f"PRAGMA {setting}")
        for statement in _SCHEMA:
            rows.execute(statement)
    return rows
