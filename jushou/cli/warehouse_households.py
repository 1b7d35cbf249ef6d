"""What the warehouse must hold of households, recomputed from the two logs by the core.

From the signals, and from what the replayed cases say; not from the household worker's topics. Of
its own work only the leads are looked at, which are case events: each that the signals ask for must
be there, as it was asked for, and none that they never asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from jushou.cli.topic_log import LogRecord
from jushou.cli.warehouse_dealt import Dealt
from schemas import bulk_load
from schemas.bulk_load import LOAD_HEADER, LOAD_OPENED
from schemas.case_event import StoredEvent
from schemas.errors import InvalidRecord
from schemas.household import LEAD_ITEM, HouseholdEvent, HouseholdState, KnownSignal
from schemas.lead import lead_case_id, lead_event_id
from schemas.monitoring.model import Monitoring
from schemas.partitioning import partition_of
from schemas.signal import check_time, decode
from sinks.clickhouse.block import Row
from sinks.clickhouse.household_rows import household_row
from streams.core.household import add_case, add_signal, facts_of, settle
from streams.core.household_leads import LeadGroup, lead_groups

CURRENT_NAMES = (
    "household", "signal_id", "observed_at", "source", "department", "indicator", "county",
    "township", "household_kind", "value", "counts",
)  # fmt: skip
LEAD_NAMES = (
    "case_id", "household", "window_at", "found_at", "county", "source", "first_indicator",
    "indicators", "signals",
)  # fmt: skip

Load = tuple[int, str]  # partition of the signals, and id


class DealtSignal(NamedTuple):
    """A signal, whose it is, and the load that it came by, if any."""

    household: str
    signal: KnownSignal
    partition: int
    load: str


class DealtLead(NamedTuple):
    """A lead among the case events: whose it is, and its record."""

    household: str
    case_id: str
    record: bytes


class HouseholdLog:
    """The facts of households, dealt out to ``count`` files by household."""

    def __init__(self, folder: Path, count: int) -> None:
        self.signals = Dealt[DealtSignal](folder, "signals", count, DealtSignal)
        self.said = Dealt[HouseholdEvent](folder, "said", count, HouseholdEvent)
        self.leads = Dealt[DealtLead](folder, "leads", count, DealtLead)
        self.bad = 0
        self._open: dict[Load, int] = {}
        self._closed: set[Load] = set()

    def deal_signals(self, records: Iterable[LogRecord], partitions: int) -> None:
        """Deal out the signals that the household worker takes; count the others."""
        for record in records:
            raw = record.value or b""
            try:
                read = decode(raw)
                check_time(read.signal, record.timestamp_ms)
            except InvalidRecord:
                self.bad += not self._is_bracket(raw, record)
                continue
            key = read.household.encode()
            if record.key != key or partition_of(key, partitions) != record.partition:
                self.bad += 1
                continue
            load = self._load_of(record)
            item = DealtSignal(read.household, read.signal, record.partition, load)
            self.signals.put(read.household, item)

    def open_loads(self, silent_since: int) -> set[Load]:
        """Return the loads that were not closed, and of which something came since an instant."""
        return {load for load, seen_at in self._open.items() if seen_at >= silent_since}

    def note_lead(self, case_id: str, event: StoredEvent, record: bytes) -> None:
        """Deal out a case event if it is the submission of a lead that signals were joined into."""
        heading = event.heading
        if (
            heading is not None
            and heading.item == LEAD_ITEM
            and heading.household is not None
            and event.event_id == lead_event_id(case_id)
        ):
            self.leads.put(heading.household, DealtLead(heading.household, case_id, record))

    def note_said(self, events: Iterable[HouseholdEvent]) -> None:
        """Deal out what cases say."""
        for event in events:
            self.said.put(event.household, event)

    def _load_of(self, record: LogRecord) -> str:
        for name, value in record.headers or ():
            if name == LOAD_HEADER and value is not None:
                load = record.partition, value.decode("utf-8", "replace")
                if load not in self._closed:
                    self._open[load] = record.timestamp_ms
                return load[1]
        return ""

    def _is_bracket(self, raw: bytes, record: LogRecord) -> bool:
        try:
            bracket = bulk_load.decode(raw)
        except Exception:  # noqa: BLE001 - any other record is one that the worker set aside
            return False
        load = record.partition, bracket.load
        if bracket.type == LOAD_OPENED:
            self._closed.discard(load)
            self._open[load] = record.timestamp_ms
        else:
            self._closed.add(load)
            self._open.pop(load, None)
        return True


@dataclass(slots=True)
class Facts:
    """What the logs say of one household: its state by the core, and its leads as published.

    ``windows`` are those of all signals that ever came, those that count for nothing included.
    """

    state: HouseholdState
    windows: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    published: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    is_held: bool = False


class ExpectedHouseholds:
    """The rows of the households of one file, by table and key.

    ``wanted`` are the leads that the signals ask for, by case, with their record; ``published``
    those that are on the log of case events.
    """

    def __init__(self, monitoring: Monitoring, partitions: int) -> None:
        self.households: dict[Any, Row] = {}
        self.signals: dict[Any, Row] = {}
        self.leads: dict[Any, Row] = {}
        self.facts: dict[str, Facts] = {}
        self.wanted: dict[str, list[tuple[str, bytes]]] = {}
        self._monitoring = monitoring
        self._partitions = partitions

    def replay(self, log: HouseholdLog, number: int, open_loads: set[Load]) -> None:
        """Recompute all rows from the facts of a file."""
        for each in log.signals.read(number):
            facts = self._find(each.household)
            add_signal(facts.state, each.signal)
            facts.windows[self._monitoring.window_of(each.signal.at)] += 1
            facts.is_held |= (each.partition, each.load) in open_loads
        for event in log.said.read(number):
            add_case(self._find(event.household).state, event)
        for lead in log.leads.read(number):
            self._find(lead.household).published[lead.case_id].add(lead.record)
        for name, facts in self.facts.items():
            self._settle(name, facts.state)

    def emptied(self, name: str) -> Row:
        """Return the row of a household whose only case turned out to be another's."""
        state = HouseholdState(name)
        settle(state, self._monitoring)
        return household_row(state, partition_of(name.encode(), self._partitions))

    def never_asked_for(self, name: str) -> Iterator[str]:
        """Yield the leads of a household that none of its signals can ever have asked for."""
        facts = self.facts[name]
        asked = {
            lead_case_id(name, window_at, ordinal)
            for window_at, signals in facts.windows.items()
            for ordinal in range(signals)
        }
        yield from facts.published.keys() - asked

    def _find(self, name: str) -> Facts:
        facts = self.facts.get(name)
        if facts is None:
            facts = self.facts[name] = Facts(HouseholdState(name))
        return facts

    def _settle(self, name: str, state: HouseholdState) -> None:
        data = self._monitoring
        self.wanted[name] = [(lead.case_id, lead.record) for lead in settle(state, data)]
        if state.signals or state.cases:
            partition = partition_of(name.encode(), self._partitions)
            self.households[(name,)] = household_row(state, partition)
        counting: list[KnownSignal] = []
        for signal in state.signals:
            counts = data.judge(signal).counts
            if counts:
                counting.append(signal)
            self.signals[name, signal.signal_id] = _current(name, signal, counts)
        for group in lead_groups(name, counting, facts_of(state).cases, data):
            self.leads[(group.case_id,)] = _lead(name, group)


def _current(name: str, signal: KnownSignal, counts: bool) -> Row:
    return (
        name, signal.signal_id, signal.at, signal.source, signal.department, signal.indicator,
        signal.county, signal.township, signal.kind, signal.value, counts,
    )  # fmt: skip


def _lead(name: str, group: LeadGroup) -> Row:
    """Return the row of the view ``leads``."""
    first = group.signals[0]
    return (
        group.case_id, name, group.window_at, first.at, first.county, first.source,
        first.indicator, sorted({each.indicator for each in group.signals}), len(group.signals),
    )  # fmt: skip
