"""A simulated history in a warehouse without broker and worker: judged by the core, all at once.

For the analysts' guide, and to try methods on a history whose truth is known. Rows are made from
the same records, by the same code, as in the sink; counts by the stream there are none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

import msgspec

from producers.simulator.province import Province, encode_event
from schemas import case_state, household
from schemas.case_state import CaseState
from schemas.household import HouseholdState
from schemas.instants import SHANGHAI, from_datetime, parse_instant
from schemas.monitoring.load import load_monitoring
from schemas.signal import decode
from schemas.topics import CASE_EVENTS, CASE_STATES, HOUSEHOLD_STATES, SIGNALS
from sinks.batch import Batch
from sinks.clickhouse.blocks import Blocks
from sinks.clickhouse.server import Server
from sinks.clickhouse.writer import Writer
from sinks.record import Record
from streams.core.household import add_case, add_signal, settle
from streams.core.household_facts import household_event
from streams.core.replay import Replay, default_engine


def simulated(cases: int, days: int, start: dt.date, seed: int = 1) -> tuple[Province, int]:
    """Return a province and the instant at which its history ends: 00:00 after the last day."""
    ends = dt.datetime.combine(start + dt.timedelta(days=days), dt.time(), SHANGHAI)
    until = from_datetime(ends)
    return Province(seed=seed, start=start, days=days, cases=cases, until=until), until


def load_history(server: Server, province: Province, as_of: int) -> int:
    """Write a history as it stands as of its end into a warehouse that is migrated.

    Returns the number of its events.
    """
    replay = Replay(default_engine(), as_of)
    lines = [encode_event(event) for event in province.by_case()]
    replay.read(lines)
    states = list(replay.settled())
    signals = [msgspec.json.encode(signal) for signal in province.signals()]
    writer = Writer(server)
    blocks = Blocks(replay.engine.catalogue.item_departments)
    for topic, values in (
        (CASE_EVENTS.name, lines),
        (CASE_STATES.name, [case_state.encode(state) for state in states]),
        (SIGNALS.name, signals),
        (HOUSEHOLD_STATES.name, _households(states, signals)),
    ):
        records = [Record(offset, as_of, value) for offset, value in enumerate(values)]
        if records:
            writer.insert(blocks.block([Batch(topic, 0, 0.0, records)]))
    writer.close()
    _escalations(server, replay)
    return len(lines)


def _households(states: Iterable[CaseState], signals: Iterable[bytes]) -> list[bytes]:
    held: dict[str, HouseholdState] = {}
    for raw in signals:
        read = decode(raw)
        add_signal(held.setdefault(read.household, HouseholdState(read.household)), read.signal)
    for state in states:
        event = household_event(state)
        if event is not None:
            name = event.household
            add_case(held.setdefault(name, HouseholdState(name)), event)
    monitoring = load_monitoring()
    for each in held.values():
        settle(each, monitoring)
    return [household.encode(each) for each in held.values()]


def _escalations(server: Server, replay: Replay) -> None:
    rows = []
    for each in replay.escalations():
        case, at = replay.cases[each["case_id"]], parse_instant(each["at"])
        rows.append((
            UUID(each["escalation_id"]), 1, "fired", "reached", each["case_id"], case.item,
            case.department, case.county, each["clock"], each["start_event_id"], each["level"],
            each["to"], at, at,
        ))  # fmt: skip
    names = (
        "escalation_id, revision, state, cause, case_id, item, department, county, clock, "
        "start_event_id, level, `to`, at, published_at"
    )
    with server.client() as client:
        client.execute(f"INSERT INTO escalations ({names}) VALUES", rows)
