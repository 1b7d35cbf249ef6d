"""Times questions of a warehouse: how long an answer takes, and what the server spends on it."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError

from benchmarks.processes import cpu_s
from benchmarks.warehouse_changes import Changes
from dashboards.queries import in_force, query, question_names
from dashboards.scope import Scope
from sinks.analysis.asking import parameters, scope_up_to, statement
from sinks.analysis.questions import questions
from sinks.clickhouse.server import Server

# A question that takes long is asked fewer times: the others are to be measured too.
_PATIENCE_S = 6.0
_LEAST = 3
_WAIT_S = 600
_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as its user asks it: ``whose`` is ``page`` or ``analyst``."""

    whose: str
    name: str
    sql: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds until the answer is here, and of the server's processors per answer."""

    asked: Asked
    answers: int
    rows: int
    p50_ms: float
    p95_ms: float
    server_ms: float
    fault: str = ""


def all_questions(as_of_ms: int, case_id: str) -> list[Asked]:
    """Return every question of the page, of the whole province, and every one of analysts."""
    given = Scope().parameters(as_of_ms, 50) | {"case_id": case_id, "household": "h2"}
    page = [_of_page(name, query(name), given) for name in sorted(question_names())]
    scope = scope_up_to(as_of_ms)
    analyst = [
        Asked("analyst", each.name, statement(each), parameters(each, scope))
        for each in questions().values()
    ]
    # A list of every cycle is no question; it is read by those that count.
    return page + [each for each in analyst if each.name != "cycles_at"]


def _of_page(name: str, sql: str, given: Mapping[str, Any]) -> Asked:
    # What else a question may take stands for all where it is empty.
    of_it = {key: given.get(key, "") for key in _PARAMETER.findall(sql)}
    return Asked("page", name, in_force(sql, of_it), of_it)


def time_question(server: Server, server_pid: int, asked: Asked, answers: int) -> Timing:
    """Ask again and again, one at a time.

    The first answer, which warms the caches, counts not, but where it is the only one.
    """
    client = Client(
        server.host, server.port, server.database, server.user, server.password,
        send_receive_timeout=_WAIT_S,
    )  # fmt: skip
    try:
        if answers > 1:
            client.execute(asked.sql, asked.parameters)
        rows = 0
        took_ms: list[float] = []
        begun_s, used_s = time.perf_counter(), cpu_s(server_pid)
        while len(took_ms) < answers and (
            len(took_ms) < _LEAST or time.perf_counter() - begun_s < _PATIENCE_S
        ):
            asked_s = time.perf_counter()
            rows = len(client.execute(asked.sql, asked.parameters))
            took_ms.append((time.perf_counter() - asked_s) * 1000)
        server_ms = (cpu_s(server_pid) - used_s) * 1000 / len(took_ms)
    except DriverError as fault:
        said = str(fault).split("Stack trace", maxsplit=1)[0].strip().splitlines()[-1]
        return Timing(asked, 0, 0, 0, 0, 0, said[:200])
    finally:
        client.disconnect()
    took_ms.sort()
    return Timing(
        asked, len(took_ms), rows, _quantile(took_ms, 0.5), _quantile(took_ms, 0.95), server_ms
    )


def _quantile(ordered: list[float], share: float) -> float:
    """Return the smallest of the values that at least ``share`` of them do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Ingest:
    """Writes a round of ``changes`` every second: newer states, their events, steps and counts.

    A context. ``rows`` counts the states; ``behind_s`` is how late the last ones were.
    """

    def __init__(self, server: Server, changes: Changes) -> None:
        self._server = server
        self._changes = changes
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest")
        self.rows = 0
        self.behind_s = 0.0

    def _run(self) -> None:
        begun_s = time.monotonic()
        change = 1
        with self._server.client() as client:
            while not self._stopped.wait(max(0.0, begun_s + change - 1 - time.monotonic())):
                change += 1
                self.rows += self._changes.write(client, change)
                self.behind_s = max(0.0, time.monotonic() - begun_s - change + 1)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopped.set()
        self._thread.join()
