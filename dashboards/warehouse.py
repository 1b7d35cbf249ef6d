"""Connections of the page to ClickHouse: a few threads, each with a connection of its own.

clickhouse-driver blocks, so every question runs on a thread of the pool; the number of threads is
the number of connections, and so the bound on what the page can ask at once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver import errors as driver_errors

from dashboards.config import PageConfig
from schemas.errors import Unavailable
from schemas.instants import from_datetime, render_instant

Row = dict[str, Any]

CONNECTIONS = 4
CONNECT_TIMEOUT_S = 3
# Longer than any question of the page should take; a slower one is a fault, not an answer.
ANSWER_TIMEOUT_S = 15
_NOT_MIGRATED = {60: "table", 81: "database", 47: "column", 16: "column"}


class Warehouse:
    """Answers SQL with rows; raises ``Unavailable`` where ClickHouse does not answer."""

    def __init__(self, config: PageConfig) -> None:
        self._config = config
        self._threads = ThreadPoolExecutor(CONNECTIONS, "warehouse")
        self._of_thread = threading.local()
        self._clients: list[Client] = []

    @property
    def address(self) -> str:
        """Where ClickHouse is asked, ``host:port/database``."""
        return f"{self._config.host}:{self._config.port}/{self._config.database}"

    async def ask(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Return the rows of ``sql``, instants as RFC 3339 at +08:00.

        ``parameters`` replace ``%(name)s``, escaped by the driver.
        """
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(self._threads, self._ask, sql, dict(parameters))
        try:
            return await asyncio.wait_for(answer, ANSWER_TIMEOUT_S + CONNECT_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable(f"ClickHouse at {self.address} did not answer in time", 5) from None

    def close(self) -> None:
        """Close all connections; questions under way are waited for."""
        self._threads.shutdown(cancel_futures=True)
        for client in self._clients:
            client.disconnect()

    def _ask(self, sql: str, parameters: dict[str, Any]) -> list[Row]:
        client = self._client()
        try:
            rows, columns = client.execute(sql, parameters, with_column_types=True)
        except driver_errors.ServerException as error:
            raise self._explained(error) from None
        except (driver_errors.Error, OSError, EOFError) as error:
            client.disconnect()
            kind = type(error).__name__
            raise Unavailable(f"ClickHouse at {self.address} does not answer ({kind})") from None
        names = [name for name, _ in columns]
        return [dict(zip(names, map(as_json, row), strict=True)) for row in rows]

    def _client(self) -> Client:
        client: Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            of = self._config
            client = Client(
                of.host,
                of.port,
                of.database,
                of.user,
                of.password,
                client_name="jushou page",
                connect_timeout=CONNECT_TIMEOUT_S,
                send_receive_timeout=ANSWER_TIMEOUT_S,
                sync_request_timeout=CONNECT_TIMEOUT_S,
            )
            self._of_thread.client = client
            self._clients.append(client)
        return client

    def _explained(self, error: driver_errors.ServerException) -> Unavailable:
        lacking = _NOT_MIGRATED.get(error.code)
        if lacking is None:
            return Unavailable(f"ClickHouse at {self.address} refused with code {error.code}")
        return Unavailable(
            f"a {lacking} is missing in ClickHouse at {self.address} (code {error.code}): "
            "run the migrations",
            5,
        )


def as_json(value: Any) -> Any:
    """Return a value of the driver as JSON has it; instants and days as text."""
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return render_instant(from_datetime(aware))
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
