"""Rebuilds the warehouse from the topics, in a database beside the live one, and switches.

The same sink as ever writes the new tables, under a consumer group of its own, while the live ones
are written and read. One EXCHANGE statement then swaps all tables that the sink writes; views go
by names and read the new ones. The old ones are dropped last.

The live sink may have written its newest blocks into the old tables just before the switch, so the
rebuild writes what came since it last looked once more, into the new ones: rows are idempotent.

Cut off before the switch, the live warehouse is untouched. Cut off in it or after it, the next
``rebuild`` goes on where it was, from what is noted in the table ``switching``.
"""

from __future__ import annotations

import dataclasses
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from clickhouse_driver import Client

from schemas.errors import JushouError, Misconfigured
from sinks.batch import Limits
from sinks.clickhouse.blocks import Blocks
from sinks.clickhouse.migration import migrate, status
from sinks.clickhouse.server import Server, classified
from sinks.consumer import Partition, SinkConsumer, delete_group
from sinks.metrics import SinkMetrics
from sinks.run import Sink, SinkConfig

# A full block inserts fastest, and nobody reads these tables yet.
_LIMITS = Limits(age_s=5.0)
_NOTE = "switching"
# The first pass may take minutes, in which more arrives; each pass after it has less to do. What
# arrives in a short one is written after the switch.
_MOST_PASSES = 4
_SHORT_S = 20.0


class Interrupted(JushouError):
    """The rebuild was asked to stop; what it had made is dropped by the next one."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What is noted before the switch: the new tables by their ids, and the group that fills them.

    A table is switched once the live database holds the one of that id.
    """

    ids: Mapping[str, str]
    group: str


class Rebuild:
    """One rebuild of ``live``; ``tell`` gets a line about each step."""

    def __init__(
        self,
        bootstrap: str,
        live: Server,
        make_blocks: Callable[[], Blocks],
        make_metrics: Callable[[], SinkMetrics],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.live = live
        self.beside = dataclasses.replace(live, database=f"{live.database}_rebuild")
        self._bootstrap = bootstrap
        self._make_blocks = make_blocks
        self._make_metrics = make_metrics
        self._tell = tell
        self._tables = make_blocks().tables

    def run(self, stop: threading.Event) -> None:
        """Rebuild and switch, or finish a switch that was cut off.

        Raises ``Interrupted`` after ``stop`` is set before the switch, ``Misconfigured`` where the
        live warehouse lacks a migration, ``Unavailable`` where a server does not answer.
        """
        switch = self._noted()
        if switch is None:
            switch = self._build(stop)
        else:
            self._tell("going on with a switch that was cut off")
        self._exchange(switch)
        self._tell("switched; writing what came meanwhile")
        self._fill(self.live, switch.group, threading.Event())
        self._execute(f"DROP DATABASE `{self.beside.database}`{self.live.on_cluster} SYNC")
        delete_group(self._bootstrap, switch.group)

    def _build(self, stop: threading.Event) -> Switch:
        pending = [each.file for each in status(self.live) if each.state != "applied"]
        if pending:
            raise Misconfigured(
                f"{self.live}: {', '.join(pending)} not applied; run `jushou warehouse migrate`"
            )
        beside, on_cluster = self.beside.database, self.live.on_cluster
        self._execute(f"DROP DATABASE IF EXISTS `{beside}`{on_cluster} SYNC")
        migrate(self.beside)
        group = f"{beside}-{uuid.uuid4().hex[:12]}"
        for _ in range(_MOST_PASSES):
            started_s = time.monotonic()
            rows = self._fill(self.beside, group, stop)
            if stop.is_set():
                delete_group(self._bootstrap, group)
                raise Interrupted("stopped before the switch; the live warehouse is as it was")
            took_s = time.monotonic() - started_s
            self._tell(f"{rows:,} rows written beside in {took_s:,.1f} s")
            if took_s < _SHORT_S:
                break
        return self._note(group)

    def _fill(self, into: Server, group: str, stop: threading.Event) -> int:
        """Write what the group has not written yet, up to the ends of now; return the rows."""
        blocks, metrics = self._make_blocks(), self._make_metrics()
        ends = _ends(self._bootstrap, blocks)
        Sink(SinkConfig(self._bootstrap, group, into, _LIMITS, until=ends), blocks, metrics).run(
            stop
        )
        return sum(
            int(sample.value)
            for family in metrics.rows.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        )

    def _noted(self) -> Switch | None:
        with classified(self.live), self.live.client() as client:
            if not _has_table(client, self.beside.database, _NOTE):
                return None
            rows = client.execute(f"SELECT name, id, group FROM `{self.beside.database}`.{_NOTE}")
        return Switch({name: id for name, id, _ in rows}, rows[0][2]) if rows else None

    def _note(self, group: str) -> Switch:
        with classified(self.live), self.live.client() as client:
            ids = _ids(client, self.beside.database, self._tables)
            # Filled by the statement that makes it: it is there as a whole or not at all.
            listed = ", ".join(f"('{name}', '{id}')" for name, id in ids.items())
            client.execute(
                f"CREATE TABLE `{self.beside.database}`.{_NOTE} ENGINE = MergeTree ORDER BY name "
                f"AS SELECT each.1 AS name, each.2 AS id, '{group}' AS group "
                f"FROM (SELECT arrayJoin([{listed}]) AS each)"
            )
        return Switch(ids, group)

    def _exchange(self, switch: Switch) -> None:
        """Swap the tables that are not swapped yet, all in one statement."""
        with classified(self.live), self.live.client() as client:
            now = _ids(client, self.live.database, switch.ids)
            left = [name for name, id in switch.ids.items() if now.get(name) != id]
            pairs = ", ".join(
                f"`{self.beside.database}`.`{name}` AND `{self.live.database}`.`{name}`"
                for name in left
            )
            if left:
                client.execute(f"EXCHANGE TABLES {pairs}{self.live.on_cluster}")

    def _execute(self, sql: str) -> None:
        anywhere = dataclasses.replace(self.live, database="")
        with classified(self.live), anywhere.client() as client:
            client.execute(sql)


def is_cut_off(live: Server) -> bool:
    """Say whether a rebuild of this warehouse is under way, or was cut off."""
    with classified(live), live.client() as client:
        found = client.execute(
            "SELECT count() FROM system.databases WHERE name = %(name)s",
            {"name": f"{live.database}_rebuild"},
        )
    return bool(found[0][0])


def _ends(bootstrap: str, blocks: Blocks) -> dict[Partition, int]:
    consumer = SinkConsumer(bootstrap, "jushou-ends", blocks.topics, lambda _: None, lambda _: None)
    try:
        return consumer.ends()
    finally:
        consumer.close()


def _has_table(client: Client, database: str, table: str) -> bool:
    found = client.execute(
        "SELECT count() FROM system.tables WHERE database = %(database)s AND name = %(table)s",
        {"database": database, "table": table},
    )
    return bool(found[0][0])


def _ids(client: Client, database: str, tables: Iterable[str]) -> dict[str, str]:
    rows = client.execute(
        "SELECT name, toString(uuid) FROM system.tables WHERE database = %(database)s "
        "AND name IN %(tables)s",
        {"database": database, "tables": tuple(tables)},
    )
    return dict(rows)
