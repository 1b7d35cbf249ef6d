"""The engine of this process: opened once on one folder, with a session for every client."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from chdb import _chdb
from chdb.state import connect

from jushou.runtime.clickhouse_front.session import Session, tab_separated
from jushou.runtime.clickhouse_front.session_settings import quoted
from jushou.runtime.clickhouse_front.statements import HARMLESS_TABLE_FUNCTIONS

# Settings that clients' queries do not reach: the first two the front relies on; `readonly` could
# not be taken back in a session, and is done by the front.
_OWN = ("log_comment", "implicit_select", "readonly")
# Merging gives way to answering: somebody waits for an answer, and for no merge.
_AT_START = "os_threads_nice_value_merge_mutate=10"


class Engine:
    """What all sessions share. ``memory_mb`` bounds one query and, doubled, all together.

    chdb allows one folder per process and one process per folder; opening a folder that another
    process holds raises the engine's error.
    """

    def __init__(self, folder: Path, memory_mb: int, threads: int) -> None:
        store = folder / "store"
        store.mkdir(parents=True, exist_ok=True)
        # The process handles its signals itself; chdb would install its own for all of them.
        _chdb.set_signal_handlers_enabled(0)  # type: ignore[attr-defined]  # not in its stubs
        self._folder = str(store)
        self._limits = {
            "max_threads": str(threads),
            "max_insert_threads": "1",
            "max_memory_usage": str(memory_mb << 20),
            "max_memory_usage_for_user": str(memory_mb << 21),
        }
        # Held open as long as the process: the engine ends with its last connection.
        self._control = connect(f"{self._folder}?{_AT_START}")
        self._control_lock = threading.Lock()
        # Only now: this process is the only one that holds the folder.
        self.spool_folder = folder / "incoming"
        shutil.rmtree(self.spool_folder, ignore_errors=True)  # of inserts that a crash cut off
        self.spool_folder.mkdir()
        ((version, self.timezone),) = self._ask("SELECT version(), timezone()")
        major, minor, patch = (int(part) for part in version.split(".")[:3])
        self.version = (major, minor, patch)
        self._setting_names = frozenset(
            name for (name,) in self._ask("SELECT name FROM system.settings")
        ).difference(_OWN)
        self.outside_functions = self._functions_that_reach_outside()

    def session(self, tag: str, database: str, read_only: bool) -> Session:
        """A session of its own; ``tag`` names its queries for ``cancel``.

        Error 81 when the database does not exist.
        """
        session = Session(connect(self._folder), self._setting_names)
        try:
            own = {**self._limits, "implicit_select": "0", "log_comment": tag}
            session.execute("SET " + _assignments(own))
            if database:
                name = database.replace("\\", "\\\\").replace("`", "\\`")
                session.execute(f"USE `{name}`")
            if read_only:
                session.execute("SET readonly = 2")
        except BaseException:
            session.close()
            raise
        return session

    def cancel(self, tag: str) -> None:
        """End what the session of this tag is running; it then raises error 394."""
        with self._control_lock:
            self._control.query(
                f"KILL QUERY WHERE Settings['log_comment'] = {quoted(tag)} ASYNC", "Null"
            )

    def close(self) -> None:
        """Close the folder. Only when all sessions are closed."""
        with self._control_lock:
            self._control.close()

    def _ask(self, sql: str) -> list[list[str]]:
        return tab_separated(self._control.query(sql, "TabSeparated").bytes())

    def _functions_that_reach_outside(self) -> frozenset[str]:
        names = {name for (name,) in self._ask("SELECT name FROM system.table_functions")}
        return frozenset(
            {name.lower() for name in names - HARMLESS_TABLE_FUNCTIONS} | {"file", "catboost"}
        )


def _assignments(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items())
