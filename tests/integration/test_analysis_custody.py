"""Who is charged with what, and what stays as it was: logs by the real core and the sink."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas import case_state
from schemas.instants import parse_instant
from schemas.topics import CASE_EVENTS, CASE_STATES
from sinks.analysis.asking import Scope, ask
from sinks.analysis.questions import question
from sinks.batch import Batch
from sinks.clickhouse.blocks import Blocks
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from sinks.clickhouse.writer import Writer
from sinks.record import Record
from streams.core.replay import Replay, default_engine

FIRST, SECOND = "530102", "532301"
LATEST = "2026-07-01T00:00:00+08:00"

Event = tuple[str, str, dict[str, Any]]
Asked = Callable[..., dict[str, dict[str, Any]]]


def event(kind: str, when: str, **fields: Any) -> Event:
    """An event at an instant of 2026: ``event("accepted", "06-01 09:00")``."""
    return kind, f"2026-{when.replace(' ', 'T')}:00+08:00", fields


def case(case_id: str, *events: Event) -> list[dict[str, Any]]:
    """The records of a case; the first is its submission to the first county."""
    given = {"item": "water.drinking", "county": FIRST, "raised_by": "self", "channel": "app"}
    return [
        {"event_id": f"e{number}", "case_id": case_id, "type": kind, "occurred_at": when,
         "schema_version": "1", **({} if number else given), **fields}
        for number, (kind, when, fields) in enumerate(events)
    ]  # fmt: skip


@pytest.fixture
def asked(clickhouse_server: ClickHouseServer, clickhouse_database: str) -> Asked:
    """Asks a warehouse that holds a log, by what a row is about."""
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)

    def rows(
        name: str, by: str, log: Iterable[dict[str, Any]] = (), as_of: str = LATEST, place: str = ""
    ) -> dict[str, dict[str, Any]]:
        if log:
            _write(server, log)
        year = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
        scope = Scope(parse_instant(as_of), *year, place, by=(by,))
        found = ask(server, question(name), scope)
        made = [dict(zip(found.names, row, strict=True)) for row in found.rows]
        return {row[by]: row for row in made}

    return rows


def _write(server: Server, log: Iterable[dict[str, Any]]) -> None:
    now = parse_instant(LATEST)
    lines = [json.dumps(record).encode() for record in log]
    replay = Replay(default_engine(), now)
    replay.read(lines)
    states = [case_state.encode(state) for state in replay.settled()]
    blocks = Blocks(replay.engine.catalogue.item_departments)
    writer = Writer(server)
    for topic, values in ((CASE_EVENTS.name, lines), (CASE_STATES.name, states)):
        records = [Record(offset, now, value) for offset, value in enumerate(values)]
        writer.insert(blocks.block([Batch(topic, 0, 0.0, records)]))
    writer.close()


def test_what_was_late_before_a_case_was_handed_on_is_charged_to_who_had_it(asked: Asked) -> None:
    """Taken up by nobody for 18 days, then handed to a county that did its part in time."""
    log = case(
        "moved",
        event("submitted", "06-01 09:00"),
        event("transferred", "06-19 09:00", county=SECOND),
        event("accepted", "06-19 10:00"), event("dispatched", "06-19 10:00"),
        event("verified", "06-20 09:00", attributes={"confirmed": True}),
    )  # fmt: skip
    attainment = asked("attainment", "county", log)
    # accept, dispatch and the ten days became late in the first; verify was met in the second, and
    # resolve became late there.
    assert {county: (row["met"], row["judged"]) for county, row in attainment.items()} == {
        FIRST: (0, 3), SECOND: (1, 2),
    }  # fmt: skip
    assert list(asked("attainment", "county", place=FIRST)) == [FIRST]
    assert list(asked("attainment", "county", place=SECOND)) == [SECOND]
    assert list(asked("lateness_causes", "county")) == [FIRST]
    assert not asked("lateness_causes", "county", place=SECOND)
    # The office is that of the instant also where the question is of an earlier one.
    assert list(asked("ageing", "county", as_of="2026-06-10T09:00:00+08:00")) == [FIRST]
    assert list(asked("ageing", "county")) == [SECOND]


def test_a_late_case_is_on_record_with_who_was_late_and_not_with_who_closed_it(
    asked: Asked,
) -> None:
    log = case(
        "closed-elsewhere",
        event("submitted", "06-01 09:00"),
        event("transferred", "06-03 09:00", county=SECOND),
        event("rejected", "06-03 10:00", attributes={"reason": "no water works there"}),
    )  # fmt: skip
    row = asked("on_time_share", "county", log)[FIRST]
    assert (row["in_time"], row["late"], row["closed"]) == (0, 1, 1)


def test_who_returns_a_case_and_what_moves_none_is_no_bounce_of_another(asked: Asked) -> None:
    log = [
        *case(
            "returned",
            event("submitted", "06-01 09:00"),
            event("transferred", "06-01 10:00", county=SECOND),
            event("returned", "06-01 11:00"),
        ),
        *case(
            "after-the-end",
            event("submitted", "06-01 09:00"),
            event("withdrawn", "06-01 10:00"),
            event("returned", "06-01 11:00"),
        ),
    ]  # fmt: skip
    # Of two records with one id the earlier counts.
    conflict = case("conflict", event("submitted", "06-01 09:00"), event("note", "06-01 10:00"))
    log += [
        *conflict,
        conflict[1] | {"type": "returned", "occurred_at": "2026-06-01T11:00:00+08:00"},
    ]
    bounces = asked("bounces", "county", log)
    assert (bounces[SECOND]["cases"], bounces[SECOND]["bounces"]) == (1, 1)
    assert (bounces[FIRST]["cases"], bounces[FIRST]["bounces"]) == (2, 0)


def test_a_case_that_is_reopened_leaves_the_answers_of_before_as_they_were(asked: Asked) -> None:
    log = case(
        "reopened",
        event("submitted", "03-02 09:00"), event("accepted", "03-02 10:00"),
        event("rejected", "03-02 11:00", attributes={"reason": "has water"}),
        event("reopened", "05-04 09:00"),
    )  # fmt: skip
    april, march = "2026-04-01T00:00:00+08:00", "2026-03-20T00:00:00+08:00"
    [closed] = asked("on_time_share", "outcome", log, as_of=april).values()
    assert (closed["outcome"], closed["in_time"], closed["late"]) == ("rejected", 1, 0)
    assert not asked("ageing", "item", as_of=march)
    assert not asked("on_time_share", "outcome")
    [open_now] = asked("ageing", "item").values()
    assert (open_now["open"], open_now["late"]) == (1, 1)


def test_what_waited_before_a_case_was_closed_is_no_cause_of_lateness_after_it_was_reopened(
    asked: Asked,
) -> None:
    log = case(
        "reopened",
        event("submitted", "01-05 09:00"), event("accepted", "01-05 10:00"),
        event("supplement_requested", "01-05 10:00"),
        event("rejected", "01-05 11:00", attributes={"reason": "papers missing"}),
        event("reopened", "04-01 09:00"),
    )  # fmt: skip
    [found] = asked("lateness_causes", "cause", log).values()
    assert (found["cause"], found["waiting"], found["wait_share"]) == ("not_taken_up", 0, 0.0)
    assert found["reopened"] == 1
