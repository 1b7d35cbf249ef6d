"""The files of accounts, sessions and the audit log: SQLite, readable by their owner alone."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import Misconfigured

# Another process of the page, or `jushou users`, holds the file for milliseconds at most.
_BUSY_S = 5.0


class Store:
    """One SQLite file with its tables; without a path it is in memory and ends with the process.

    Safe to use from several threads and processes at once.
    """

    def __init__(self, path: Path | None, tables: str, *, durable: bool = False) -> None:
        self._lock = threading.Lock()
        if path is not None:
            _prepare(path)
        self._rows = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        self._rows.row_factory = sqlite3.Row
        self._rows.execute("PRAGMA journal_mode = WAL")
        # FULL: what was said to be written is still there after a power cut.
        self._rows.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._rows.executescript(tables)

    @contextmanager
    def rows(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one statement."""
        with self._lock:
            yield self._rows

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for several statements that hold together or not at all."""
        with self._lock:
            self._rows.execute("BEGIN IMMEDIATE")
            try:
                yield self._rows
            except BaseException:
                self._rows.execute("ROLLBACK")
                raise
            self._rows.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._rows.close()


def _prepare(path: Path) -> None:
    """Create folder and file for their owner alone, before SQLite would by the umask."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as fault:
        raise Misconfigured(
            f"{path} cannot be written ({fault.strerror}): set JUSHOU_FOLDER to a folder of the "
            "page's own"
        ) from None
