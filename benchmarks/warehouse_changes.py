"""Newer states of cases that lie ready, to be written to a warehouse while it is asked.

Only for measuring. Rows are made before the first question: while questions are timed ClickHouse
does of an ingest what it does for a sink, and no more, which is to write blocks and to merge them.
"""

from __future__ import annotations

from clickhouse_driver import Client

from benchmarks.warehouse_rows import SETTINGS, Province, execute
from sinks.clickhouse.server import Server

# What is written in turn. The states of a round are written again as newer ones when it is its
# turn again; their events and steps are then exact repeats, as of a worker that began anew.
_ROUNDS = 30
# Of each table the columns that say how new a row is; the others tell it by the row itself.
_CHANGING = {
    "cases": "version", "case_events": "", "escalations": "", "aggregates": "version",
    "households": "version", "signals": "",
}  # fmt: skip


class Changes:
    """``cases`` newer states for every round, of the newest 5 %, which are what mostly changes.

    Each comes with its events, steps and counts, and with its household and signals. Counts are
    those of the chosen cases alone: right in number, wrong in value. They lie in a database of
    their own, in memory.
    """

    def __init__(self, server: Server, province: Province, cases: int) -> None:
        self.cases = cases
        self._kept = f"{server.database}_next"
        newest = max(1, province.cases // 20)
        execute(server, f"CREATE DATABASE {self._kept}")
        for at in range(_ROUNDS):
            chosen = (
                f"SELECT {province.cases - 1} - cityHash64(number, {at}) % {newest} AS n, "
                f"{at} AS change FROM numbers({cases})"
            )
            for table in _CHANGING:
                into = f"{self._kept}.{table}_{at}"
                execute(server, f"CREATE TABLE {into} AS {table} ENGINE = Memory")
                execute(server, province.statement(table, chosen, into=into))

    def write(self, client: Client, change: int) -> int:
        """Write those of one round as the states of ``change``; return how many."""
        for table, newness in _CHANGING.items():
            columns = f"* REPLACE (toUInt64({change}) AS {newness})" if newness else "*"
            client.execute(
                f"INSERT INTO {table} SELECT {columns} "
                f"FROM {self._kept}.{table}_{change % _ROUNDS}",
                settings=SETTINGS,
            )
        return self.cases
