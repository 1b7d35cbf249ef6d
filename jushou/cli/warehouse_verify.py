"""Compares the warehouse with a replay of the two logs through the core, by row and column.

``jushou warehouse verify``. Recomputed from the case events: every case event, every case with its
verdicts, violations and custody, the escalations that stand, and the counts. From the signals and
those cases: every household, the signals that count, and the leads. Tables with a row per record
are compared with their topics. What changes while this runs is left out, and said so.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jushou.cli import topic_log
from jushou.cli.warehouse_dealt import Dealt, file_count
from jushou.cli.warehouse_difference import (
    Difference,
    Rows,
    Table,
    Verified,
    differing,
    rows_of,
)
from jushou.cli.warehouse_household_verify import HouseholdComparison
from jushou.cli.warehouse_households import HouseholdLog
from jushou.cli.warehouse_replay import (
    ESCALATION_NAMES,
    DealtEvent,
    Expected,
    Place,
    deal_events,
    set_aside_places,
)
from jushou.cli.warehouse_settled import Groups, Settling
from jushou.cli.warehouse_topics import TOPIC_TABLES, TopicComparison
from schemas.instants import MINUTE_MS, SECOND_MS, from_datetime, to_datetime
from schemas.monitoring.load import load_monitoring
from schemas.topics import CASE_EVENTS, DEAD_LETTERS, SIGNALS
from sinks.clickhouse import aggregate_rows, case_event_rows, case_rows
from sinks.clickhouse.block import Row
from sinks.clickhouse.blocks import Blocks
from sinks.clickhouse.server import classified

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from sinks.clickhouse.server import Server
    from streams.core.case import Engine

_STANDING = Table("escalations_standing", ESCALATION_NAMES, 1)
_CASE_EVENTS = Table(case_event_rows.TABLE, case_event_rows.NAMES, 0)
# Of a case the log does not tell how often its state was written, nor which loads are open.
_CASES = Table(case_rows.TABLE, case_rows.NAMES, 0, frozenset({"version", "held"}))
# The stream may take this long to tell of a step that has come due.
_TELLING_MS = MINUTE_MS


class Verification:
    """One comparison as of an instant (milliseconds); ``differences`` yields what it finds.

    Without an instant it is that at which the end of the case events was asked for: what had
    happened by then is in them. With ``groups`` it first waits until what was sent before has come
    through the stream.
    """

    def __init__(
        self, bootstrap: str, server: Server, engine: Engine, departments: Mapping[str, str],
        as_of: int | None, groups: Groups | None = None, load_timeout_s: float = 600.0,
    ) -> None:  # fmt: skip
        self.found = Verified()
        self._bootstrap = bootstrap
        self._server = server
        self._engine = engine
        self._departments = departments
        self._frozen_at = as_of
        self._as_of = 0
        self._monitoring = load_monitoring()
        self._settling = Settling(bootstrap, groups)
        self._load_timeout_ms = round(load_timeout_s * SECOND_MS)
        self._changed: set[str] = set()

    def differences(self) -> Iterator[Difference]:
        """Yield every difference; ``Unavailable`` when a server does not answer."""
        for each in self._all_differences():
            self.found.differences += 1
            yield each
        self.found.left_out = len(self._changed)

    def _all_differences(self) -> Iterator[Difference]:
        # The signals first: their leads are case events by the time that those are looked at.
        signals = self._ends(SIGNALS.name)
        self._settling.wait_for_leads(signals)
        events = self._ends(CASE_EVENTS.name)
        now = from_datetime(dt.datetime.now(dt.UTC))
        self._as_of = now if self._frozen_at is None else self._frozen_at
        self._settling.wait_for_rows(events)
        with tempfile.TemporaryDirectory(prefix="jushou-verify-") as name:
            folder = Path(name)
            log = HouseholdLog(folder, file_count(sum(events.values()) + sum(signals.values())))
            log.deal_signals(topic_log.read(self._bootstrap, SIGNALS.name, signals), len(signals))
            self.found.bad_signals = log.bad
            dealt: Dealt[DealtEvent] = Dealt(
                folder, "events", file_count(sum(events.values())), DealtEvent
            )
            self.found.bad = deal_events(
                topic_log.read(self._bootstrap, CASE_EVENTS.name, events),
                dealt, self._engine.rules, log.note_lead,
            )  # fmt: skip
            with classified(self._server), self._server.client() as client:
                yield from self._cases(client, dealt, events, log)
                open_loads = log.open_loads(now - self._load_timeout_ms)
                yield from HouseholdComparison(
                    self._bootstrap, self._monitoring, signals, events, self.found
                ).differences(client, log, open_loads)
                yield from self._topics(client, folder)

    def _cases(
        self, client: Client, dealt: Dealt[DealtEvent], ends: topic_log.Offsets, log: HouseholdLog
    ) -> Iterator[Difference]:
        letters = self._ends(DEAD_LETTERS.name)
        aside = set_aside_places(topic_log.read(self._bootstrap, DEAD_LETTERS.name, letters))
        counts: dict[Any, int] = {}
        for number in range(dealt.count):
            expected = self._expected(dealt, number, aside)
            log.note_said(expected.said)
            found = self._found(client, dealt.where("case_id", number))
            # After the warehouse was asked: what came until then may be in it, and is not in here.
            self._note_changed(ends)
            for table, wanted in self._sides(expected, found.pop("held")):
                self.found.count(table.name, len(wanted))
                here = found[table.name]
                yield from differing(table, here, wanted, self._left_out(table, here))
            for group, count in expected.counts.items():
                counts[group] = counts.get(group, 0) + count
        if not self._changed:
            self.found.count(aggregate_rows.TABLE, len(counts))
            yield from self._differing_counts(client, counts)

    def _expected(self, dealt: Dealt[DealtEvent], number: int, aside: set[Place]) -> Expected:
        expected = Expected(self._engine, self._departments, self._as_of, aside)
        expected.replay(dealt.read(number))
        return expected

    def _found(self, client: Client, where: str) -> dict[str, Any]:
        cases = rows_of(client, case_rows.NAMES, f"cases FINAL WHERE {where}")
        held_at = case_rows.NAMES.index("held")
        events = rows_of(client, case_event_rows.NAMES, f"case_events FINAL WHERE {where}")
        before = f"{to_datetime(self._as_of):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        standing = rows_of(
            client, ESCALATION_NAMES, f"escalations_standing WHERE {where} AND at < '{before}'"
        )
        return {
            "held": {row[0] for row in cases if row[held_at]},
            _CASE_EVENTS.name: {row[:3]: row for row in events},
            _CASES.name: {row[:1]: row for row in cases},
            _STANDING.name: {row[:1]: row for row in standing},
        }

    def _sides(self, expected: Expected, held: Collection[str]) -> Iterator[tuple[Table, Rows]]:
        """Yield each table and the rows that it must have."""
        yield _CASE_EVENTS, expected.case_events
        yield _CASES, expected.cases
        # A case that an open load holds back is not judged yet.
        judged = {key: row for key, row in expected.escalations.items() if row[1] not in held}
        yield _STANDING, judged

    def _left_out(self, table: Table, found: Rows) -> Callable[[Any, Row], bool]:
        """Return what says whether a row is not judged."""
        at = table.case_at or 0
        if table is not _STANDING:
            return lambda _, row: row[at] in self._changed
        step_at, told_by = ESCALATION_NAMES.index("at"), self._as_of - _TELLING_MS
        return lambda key, row: (
            row[at] in self._changed or (key not in found and row[step_at] >= told_by)
        )

    def _differing_counts(self, client: Client, wanted: Mapping[Any, int]) -> Iterator[Difference]:
        names = aggregate_rows.GROUP_NAMES
        rows = rows_of(client, (*names, "total"), "aggregates_current")
        found: dict[Row, int] = {row[:-1]: row[-1] for row in rows}
        for group in found.keys() | wanted.keys():
            here, there = found.get(group, 0), wanted.get(group, 0)
            if here != there:
                yield Difference(aggregate_rows.TABLE, "", group, "count", here, there)

    def _topics(self, client: Client, folder: Path) -> Iterator[Difference]:
        blocks = Blocks(self._departments)
        for table in TOPIC_TABLES:
            ends = self._settling.ends_of_rows.get(table.topic) or self._ends(table.topic)
            comparison = TopicComparison(table, blocks, self._bootstrap, ends, self.found)
            yield from comparison.differences(client, folder)

    def _ends(self, topic: str) -> topic_log.Offsets:
        return topic_log.ends(self._bootstrap, topic)

    def _note_changed(self, ends: topic_log.Offsets) -> None:
        """Remember the cases that have got events since the log was read."""
        now = self._ends(CASE_EVENTS.name)
        later = topic_log.read(self._bootstrap, CASE_EVENTS.name, now, since=ends)
        self._changed |= {(record.key or b"").decode("utf-8", "replace") for record in later}
