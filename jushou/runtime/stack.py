"""Everything embedded on one machine: broker, ClickHouse, worker, sink and page, on free ports.

What ``jushou demo`` runs, and what tests run that want the whole pipeline. The same programs and
the same settings as in production (``docker-compose.yml``), started in the order in which they
need each other and stopped in the reverse one.
"""

from __future__ import annotations

import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

from jushou.runtime.child_process import ChildProcess
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from jushou.runtime.ports import free_port
from jushou.runtime.topics_admin import create_topics
from jushou.settings import Settings
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.readers import (
    ANALYST,
    HIDDEN_FROM_ANALYSTS,
    PAGE,
    TABLES_HIDDEN_FROM_ANALYSTS,
)
from sinks.clickhouse.server import Server

_READY_S = 60.0
_STOP_S = 30.0


class Stack:
    """The whole pipeline under one folder. ``start`` returns when all of it answers.

    ``as_of`` (RFC 3339) freezes "now" in worker and page. Raises ``Unavailable`` with the end of
    the log of the process that does not get ready.
    """

    def __init__(self, folder: Path, *, simulated: bool = False, as_of: str | None = None) -> None:
        self.folder = folder.absolute()
        self.kafka = KafkaBroker(self.folder / "kafka")
        self.clickhouse = ClickHouseServer(
            self.folder / "clickhouse",
            readonly_users=(PAGE, ANALYST),
            hidden={ANALYST: HIDDEN_FROM_ANALYSTS},
            hidden_tables={ANALYST: TABLES_HIDDEN_FROM_ANALYSTS},
        )
        page_port, link_port = free_port(), free_port()
        self.settings = Settings(
            bootstrap=self.kafka.bootstrap,
            clickhouse_host=self.clickhouse.host,
            clickhouse_port=self.clickhouse.port,
            page_port=page_port,
            page_url=f"http://127.0.0.1:{page_port}",
            acknowledge_url=f"http://127.0.0.1:{link_port}/acknowledge",
            link_secret=secrets.token_hex(),
            folder=self.folder / "processes",
            simulated=simulated,
        )
        self._as_of = [] if as_of is None else ["--as-of", as_of]
        self.worker_metrics = f"http://127.0.0.1:{free_port()}/metrics"
        self.households_metrics = f"http://127.0.0.1:{free_port()}/metrics"
        self.sink_metrics = f"http://127.0.0.1:{free_port()}/metrics"
        self.page = f"http://127.0.0.1:{self.settings.page_port}"
        self.worker_process = self._child(
            "worker", *self._as_of, "--metrics-port", _port(self.worker_metrics)
        )
        self.households_process = self._child(
            "households", "--metrics-port", _port(self.households_metrics)
        )
        self.sink_process = self._child("sink", "--metrics-port", _port(self.sink_metrics))
        self.page_process = self._child("page", *self._as_of)
        # Shipped routing: messages go to its log and to a file, nothing leaves the machine.
        self.messages = self.settings.folder / "notify" / "notifications.jsonl"
        self.notify_process = self._child("notify", "--acknowledge-port", str(link_port))

    def start(self) -> Self:
        """Start everything; what was started is stopped again if something fails."""
        try:
            self.start_servers()
            self.prepare()
            self.start_processes()
        except BaseException:
            self.stop()
            raise
        return self

    def start_servers(self) -> None:
        """Start broker and ClickHouse, both at once."""
        with ThreadPoolExecutor() as pool:
            kafka = pool.submit(self.kafka.start)
            pool.submit(self.clickhouse.start).result()
            kafka.result()

    def prepare(self) -> None:
        """Create the topics and the tables."""
        create_topics(self.kafka.bootstrap, self.settings)
        settings = self.settings
        migrate(
            Server(settings.clickhouse_host, settings.clickhouse_port, settings.clickhouse_database)
        )

    def start_processes(self) -> None:
        """Start workers, sink and page, and wait until each answers."""
        probes = {
            self.worker_process: self.worker_metrics,
            self.households_process: self.households_metrics,
            self.sink_process: self.sink_metrics,
            self.page_process: f"{self.page}/livez",
        }
        for child in probes:
            child.start()
        for child, url in probes.items():
            child.wait_ready(lambda url=url: _answers(url), _READY_S)  # type: ignore[misc]

    def start_notifier(self) -> None:
        """Start the notifier: apart, since a stack whose now is frozen wakes nobody."""
        self.notify_process.start()

    def stop(self) -> None:
        """Stop everything in the reverse order; the work in hand is finished first."""
        for child in (
            self.notify_process,
            self.page_process,
            self.households_process,
            self.worker_process,
            self.sink_process,
        ):
            with suppress(Exception):
                child.stop(_STOP_S)
        for server in (self.clickhouse, self.kafka):
            with suppress(Exception):
                server.stop()

    def check(self) -> None:
        """Raise ``Unavailable`` with the end of its log if a process has ended."""
        for child in (
            self.worker_process,
            self.households_process,
            self.sink_process,
            self.page_process,
        ):
            child.wait_ready(lambda: True, 0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _child(self, command: str, *arguments: str) -> ChildProcess:
        return ChildProcess(
            command,
            [sys.executable, "-m", "jushou.cli.main", command, *arguments],
            self.folder / f"{command}.log",
            env=_environment(self.settings),
        )


def _environment(settings: Settings) -> dict[str, str]:
    """Return the settings as the processes read them; null ones stay unset."""
    given = settings.model_dump(mode="json")
    return {
        f"JUSHOU_{name.upper()}": str(value) for name, value in given.items() if value is not None
    }


def _port(url: str) -> str:
    return str(httpx.URL(url).port)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
