"""The embedded ClickHouse as a child process: started, awaited, stopped.

The end of the path of an event on one machine. Production uses a real ClickHouse server
(``docker-compose.yml``) with the same client code and the same SQL.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError

from jushou.runtime.child_process import ChildProcess
from jushou.runtime.ports import accepts_connections, free_port

_READY_S = 60.0  # about 2 s on 2 idle cores; the rest is for machines that do much else
_STOP_S = 10.0  # the server itself takes at most 5
_PASSWORD = "JUSHOU_CLICKHOUSE_PASSWORD"
_READER_PASSWORD = "JUSHOU_CLICKHOUSE_READONLY_PASSWORD"


class ClickHouseServer:
    """A ClickHouse on ``host`` and ``port`` that keeps everything under ``folder``.

    User ``default`` has ``password`` and may do everything; ``readonly_users`` have
    ``readonly_password`` and may only SELECT, SHOW, DESCRIBE, EXPLAIN and EXISTS. ``memory_mb``
    bounds one query; two at once may take it both. ``hidden`` are the columns that such a user must
    not see, by its name, ``hidden_tables`` patterns of the tables and views. The port is a free one
    unless given, and stays the same over restarts of this object.

    ``start`` raises Unavailable, with the end of the server's log, when it does not get ready.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        host: str = "127.0.0.1",
        password: str = "",
        readonly_users: Sequence[str] = (),
        readonly_password: str = "",
        hidden: Mapping[str, Iterable[str]] = MappingProxyType({}),
        hidden_tables: Mapping[str, Iterable[str]] = MappingProxyType({}),
        memory_mb: int = 2048,
    ) -> None:
        self.folder = folder.absolute()
        self.host = host
        self.port = port or free_port(host)
        self._password = password
        argv = [sys.executable, "-m", "jushou.runtime.clickhouse_front"]
        argv += ["--folder", str(self.folder), "--host", host, "--port", str(self.port)]
        argv += ["--memory-mb", str(memory_mb)]
        argv += [part for name in readonly_users for part in ("--readonly-user", name)]
        for option, what in (("--hide", hidden), ("--hide-table", hidden_tables)):
            for user, names in what.items():
                argv += [part for name in names for part in (option, f"{user}:{name}")]
        self._process = ChildProcess(
            "clickhouse",
            argv,
            self.folder / "clickhouse.log",
            env={_PASSWORD: password, _READER_PASSWORD: readonly_password},
        )

    @property
    def process(self) -> ChildProcess:
        """The server's process: its pid, its exit code, its log."""
        return self._process

    def start(self) -> Self:
        """Start it and return when it answers a query."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process.start()
        try:
            self._process.wait_ready(self._answers, _READY_S)
        except BaseException:
            self._process.kill()
            raise
        return self

    def stop(self, timeout_s: float = _STOP_S) -> None:
        """End queries and connections and close the folder; kill it after ``timeout_s``."""
        self._process.stop(timeout_s)

    def kill(self) -> None:
        """End it as a crash would; what it acknowledged is there after the next start."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        if not accepts_connections(self.host, self.port):
            return False
        client = Client(self.host, self.port, password=self._password)
        try:
            client.execute("SELECT 1")
            # Not another server that holds the port while this one is still starting.
            answered_by: str = client.connection.server_info.display_name
            return answered_by == f"jushou-embedded-{self._process.pid}"
        except (DriverError, OSError, EOFError):
            return False
        finally:
            client.disconnect()
