"""Compares households, their signals and their leads with what the two logs come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from jushou.cli import topic_log
from jushou.cli.topic_log import Offsets
from jushou.cli.warehouse_difference import (
    MISSING,
    THERE,
    Difference,
    Table,
    Verified,
    differing,
    rows_of,
)
from jushou.cli.warehouse_households import (
    CURRENT_NAMES,
    LEAD_NAMES,
    ExpectedHouseholds,
    HouseholdLog,
    Load,
)
from schemas.monitoring.model import Monitoring
from schemas.topics import CASE_EVENTS, SIGNALS
from sinks.clickhouse import household_rows
from sinks.clickhouse.block import Row

if TYPE_CHECKING:
    from clickhouse_driver import Client

# The log does not tell how often the state of a household was written.
_HOUSEHOLDS = Table(household_rows.TABLE, household_rows.NAMES, None, frozenset({"version"}))
_CURRENT = Table("signals_current", CURRENT_NAMES)
_LEADS = Table("leads", LEAD_NAMES, 0)


class _Named(msgspec.Struct):
    """A record, of which only the household matters."""

    household: str | None = None


_household_of = msgspec.json.Decoder(_Named).decode


class HouseholdComparison:
    """One comparison up to the ends of both logs."""

    def __init__(
        self, bootstrap: str, monitoring: Monitoring, signals: Offsets, events: Offsets,
        found: Verified,
    ) -> None:  # fmt: skip
        self._bootstrap = bootstrap
        self._monitoring = monitoring
        self._ends = {SIGNALS.name: signals, CASE_EVENTS.name: events}
        self._found = found

    def differences(
        self, client: Client, log: HouseholdLog, open_loads: set[Load]
    ) -> Iterator[Difference]:
        """Yield what differs; households that got facts meanwhile are left out."""
        partitions = len(self._ends[SIGNALS.name])
        for number in range(log.signals.count):
            expected = ExpectedHouseholds(self._monitoring, partitions)
            expected.replay(log, number, open_loads)
            found = self._rows(client, log.signals.where("household", number))
            changed = self._changed(expected)
            _drop_emptied(found[_HOUSEHOLDS.name], expected)
            self._found.households_left_out += len(changed & expected.facts.keys())
            for table, household_at, wanted in (
                (_HOUSEHOLDS, 0, expected.households),
                (_CURRENT, 0, expected.signals),
                (_LEADS, 1, expected.leads),
            ):
                self._found.count(table.name, len(wanted))
                left_out = _of_one(changed, household_at)
                yield from differing(table, found[table.name], wanted, left_out)
            yield from self._leads(expected, changed)

    def _rows(self, client: Client, where: str) -> dict[str, dict[Any, Any]]:
        keys = {_HOUSEHOLDS.name: 1, _CURRENT.name: 2, _LEADS.name: 1}
        sources = {
            _HOUSEHOLDS: f"{_HOUSEHOLDS.name} FINAL",
            _CURRENT: _CURRENT.name,
            _LEADS: _LEADS.name,
        }
        return {
            table.name: {
                row[: keys[table.name]]: row
                for row in rows_of(client, table.names, f"{source} WHERE {where}")
            }
            for table, source in sources.items()
        }

    def _leads(self, expected: ExpectedHouseholds, changed: set[str]) -> Iterator[Difference]:
        """Yield leads that were lost, and such as no signal asked for."""
        for name, facts in expected.facts.items():
            if name in changed:
                continue
            for case_id, record in expected.wanted[name]:
                if record in facts.published.get(case_id, ()):
                    continue
                if facts.is_held:
                    self._found.held += 1
                    continue
                yield Difference(_LEADS.name, case_id, (name,), "record", MISSING, THERE)
            for case_id in expected.never_asked_for(name):
                yield Difference(_LEADS.name, case_id, (name,), "record", THERE, MISSING)

    def _changed(self, expected: ExpectedHouseholds) -> set[str]:
        """Return the households that have got facts since the logs were read."""
        changed, cases = set(), set()
        for record in self._later(SIGNALS.name):
            changed.add((record.key or b"").decode("utf-8", "replace"))
        for record in self._later(CASE_EVENTS.name):
            cases.add((record.key or b"").decode("utf-8", "replace"))
            changed |= _named(record.value or b"")
        for name, facts in expected.facts.items():
            if any(case.case_id in cases for case in facts.state.cases):
                changed.add(name)
        return changed

    def _later(self, topic: str) -> Iterator[topic_log.LogRecord]:
        now = topic_log.ends(self._bootstrap, topic)
        return topic_log.read(self._bootstrap, topic, now, since=self._ends[topic])


def _drop_emptied(found: dict[Any, Row], expected: ExpectedHouseholds) -> None:
    """Drop the rows of households whose only case turned out to be another's: they stay there."""
    for key in found.keys() - expected.households.keys():
        alike = {key: found[key]}, {key: expected.emptied(key[0])}
        if not any(differing(_HOUSEHOLDS, *alike, _of_one(set(), 0))):
            del found[key]


def _of_one(households: set[str], at: int) -> Callable[[Any, Row], bool]:
    return lambda _, row: row[at] in households


def _named(record: bytes) -> set[str]:
    """Return the household that a case event names, if it names one."""
    with suppress(msgspec.DecodeError):
        name = _household_of(record).household
        return set() if name is None else {name}
    return set()
