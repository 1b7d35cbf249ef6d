"""What the warehouse must hold of cases, recomputed from the log of case events by the core.

The log is first dealt out to files on disk by a hash of the case.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from jushou.cli.topic_log import LogRecord
from jushou.cli.warehouse_dealt import Dealt
from schemas.aggregate import Group
from schemas.case_event import StoredEvent, decode
from schemas.case_state import CaseState
from schemas.dead_letter import REASON, SOURCE_OFFSET, SOURCE_PARTITION, SOURCE_TOPIC
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.escalation import escalation_id
from schemas.household import HouseholdEvent
from schemas.topics import CASE_EVENTS
from sinks.clickhouse import aggregate_rows, case_event_rows, case_rows
from sinks.clickhouse.block import Row
from sinks.clickhouse.native import spreader
from sinks.record import Record
from streams.core.case import Engine
from streams.core.groups import groups
from streams.core.household_facts import household_event
from streams.core.verdicts import standing

_spread_case = spreader(case_rows.COLUMNS)
# Reasons for which the worker sets aside a record that is right in itself: only its letter tells.
_BY_CIRCUMSTANCE = frozenset(
    reason.value.encode()
    for reason in (
        DeadLetterReason.TOO_FAR_AHEAD,
        DeadLetterReason.WRONG_PARTITION,
        DeadLetterReason.WRONG_KEY,
    )
)
ESCALATION_NAMES = (
    "escalation_id", "case_id", "clock", "start_event_id", "level", "to", "at", "item",
)  # fmt: skip

Place = tuple[int, int]  # partition and offset
DealtEvent = tuple[int, int, bytes]  # and the record


def set_aside_places(letters: Iterable[LogRecord]) -> set[Place]:
    """Return where the case events lie that the worker set aside, though they are right."""
    found = set()
    for letter in letters:
        headers = dict(reversed(letter.headers or []))
        if (
            headers.get(REASON) in _BY_CIRCUMSTANCE
            and headers.get(SOURCE_TOPIC) == CASE_EVENTS.name.encode()
        ):
            place = headers.get(SOURCE_PARTITION), headers.get(SOURCE_OFFSET)
            if place[0] is not None and place[1] is not None:
                found.add((int(place[0]), int(place[1])))
    return found


def deal_events(
    records: Iterable[LogRecord],
    dealt: Dealt[DealtEvent],
    items: Container[str],
    tell: Callable[[str, StoredEvent, bytes], None],
) -> int:
    """Deal the events out by their cases, and tell of each; return how many records are none."""
    bad = 0
    for record in records:
        raw = record.value or b""
        try:
            case_id, event = decode(raw, items)
        except InvalidRecord:
            bad += 1
            continue
        dealt.put(case_id, (record.partition, record.offset, raw))
        tell(case_id, event, raw)
    return bad


class Expected:
    """The rows of the cases of one file, by table and key, as of an instant (milliseconds).

    ``said`` is what the cases say of households.
    """

    def __init__(
        self, engine: Engine, departments: Mapping[str, str], as_of: int, set_aside: set[Place]
    ) -> None:
        self.case_events: dict[Any, Row] = {}
        self.cases: dict[Any, Row] = {}
        self.escalations: dict[Any, Row] = {}
        self.counts: Counter[Row] = Counter()
        self.said: list[HouseholdEvent] = []
        self._engine = engine
        self._departments = departments
        self._as_of = as_of
        self._set_aside = set_aside

    def replay(self, records: Iterable[DealtEvent]) -> None:
        """Recompute all rows from the events of a file."""
        states: dict[str, tuple[CaseState, int]] = {}
        by_partition: dict[int, list[Record]] = defaultdict(list)
        for partition, offset, value in records:
            by_partition[partition].append(Record(offset, 0, value))
            if (partition, offset) in self._set_aside:
                continue
            case_id, event = decode(value, self._engine.rules)
            state, _ = states.setdefault(case_id, (CaseState(case_id), partition))
            self._engine.add(state, event, self._as_of)
        for partition, kept in by_partition.items():
            rows, _ = case_event_rows.rows(kept, partition, self._departments)
            self.case_events |= {row[:3]: row for row in rows}
        for state, partition in states.values():
            self._engine.advance(state, self._as_of)
            self._settle(state, partition)

    def _settle(self, state: CaseState, partition: int) -> None:
        row = case_rows.case_row(state, partition, self._departments)
        self.cases[(state.case_id,)] = _spread_case(row)
        for key in groups(state):
            self.counts[aggregate_rows.group_row(Group(*key))] += 1
        said = household_event(state)
        if said is not None:
            self.said.append(said)
        if state.item is None:
            return
        for hit in standing(state, self._engine.rules[state.item], self._as_of):
            cycle = hit.cycle
            names = (state.case_id, cycle.clock, cycle.start_event_id, hit.step.level)
            number = escalation_id(*names)
            self.escalations[(number,)] = (number, *names, hit.step.to, hit.at, state.item)
