"""Households in the warehouse: its views say what the core says, and alarms find what struck."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import subprocess
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from clickhouse_driver import Client

from jushou.runtime.clickhouse_server import ClickHouseServer
from producers.simulator.clusters import Struck
from producers.simulator.delivery import NO_DISORDER
from producers.simulator.province import Province, encode_event
from schemas import household
from schemas.case_event import decode as decode_event
from schemas.case_state import CaseState
from schemas.household import HouseholdEvent, HouseholdState, Life
from schemas.instants import (
    date_of_day,
    day_of_date,
    parse_instant,
    render_instant,
    start_of_day,
    to_datetime,
)
from schemas.lead import lead_case_id
from schemas.monitoring.load import load_monitoring
from schemas.signal import decode
from sinks.clickhouse import household_rows, signal_rows
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from sinks.record import Record
from streams.core.household import add_case, add_signal, settle, summary_as_of
from streams.core.household_account import account_for
from streams.core.household_facts import household_event
from streams.core.household_leads import lead_groups
from streams.core.replay import default_engine
from streams.core.risk import index_at, level_of, levels_at
from tests.household_builders import encoded, lead, ms, signal_record

DATA = load_monitoring()
START, DAYS = dt.date(2026, 1, 5), 210
# How what strikes shows itself: by the direction, and the indicator or item.
SHOWS = {
    ("drought", "water.drinking"): ("people", "water.drinking"),
    ("hailstorm", "monitoring.lead"): ("government", "disaster"),
    ("hailstorm", "civil.temporary-aid"): ("people", "civil.temporary-aid"),
    ("price-fall", "monitoring.lead"): ("government", "income-drop"),
}
WEEK = dt.timedelta(days=7)


@dataclass
class Filled:
    """A warehouse with a simulated province, and what it was filled from."""

    client: Client
    server: ClickHouseServer
    database: str
    province: Province
    states: dict[str, HouseholdState]


@pytest.fixture(scope="module")
def filled(clickhouse_server: ClickHouseServer) -> Iterator[Filled]:
    province = Province(2, START, DAYS, 25_000, disorder=NO_DISORDER)
    states, cases = folded(province)
    database = f"test_{uuid.uuid4().hex[:12]}"
    host, port = clickhouse_server.host, clickhouse_server.port
    migrate(Server(host, port, database))
    with Client(host, port, database=database) as client:
        write_signals(client, province)
        packed = [household.encode(state) for state in states.values()]
        write(
            client,
            household_rows.TABLE,
            household_rows.NAMES,
            household_rows.rows([Record(n, 0, raw) for n, raw in enumerate(packed)], 0)[0],
        )
        write(client, "cases",
              ("case_id", "version", "item", "county", "raised_by", "household", "submitted_at"),
              [(case.case_id, 1, case.item or "", case.county or "", case.raised_by or "",
                case.household or "", case.submitted_at) for case in cases])  # fmt: skip
        yield Filled(client, clickhouse_server, database, province, states)
        client.execute(f"DROP DATABASE {database} SYNC")


def folded(province: Province) -> tuple[dict[str, HouseholdState], list[CaseState]]:
    engine, cases = default_engine(), dict[str, CaseState]()
    for event in province.by_case():
        case_id, stored = decode_event(encode_event(event), engine.rules)
        engine.add(cases.setdefault(case_id, CaseState(case_id)), stored, province.until)
    states: dict[str, HouseholdState] = {}
    for signal in province.signals():
        read = decode(encode_event(signal))
        add_signal(states.setdefault(read.household, HouseholdState(read.household)), read.signal)
    for case in cases.values():
        said = household_event(case)
        if said is not None:
            add_case(states.setdefault(said.household, HouseholdState(said.household)), said)
    for state in states.values():
        settle(state, DATA)
    return states, list(cases.values())


def write_signals(client: Client, province: Province) -> None:
    raw = [encode_event(signal) for signal in province.signals()]
    records = [Record(number, province.until, each) for number, each in enumerate(raw)]
    rows, skipped = signal_rows.rows(records, 0, DATA)
    assert not skipped
    # Twice, as after a crash.
    for _ in range(2):
        write(client, signal_rows.TABLE, signal_rows.NAMES, rows)


def write(
    client: Client, table: str, names: tuple[str, ...], rows: list[tuple[object, ...]]
) -> None:
    columns = ", ".join(f"`{name}`" for name in names)
    client.execute(f"INSERT INTO {table} ({columns}) VALUES", rows)


STANDING = ("county", "township", "kind", "category", "status", "indicators")


def test_the_risk_of_the_views_is_that_of_the_core_at_any_instant(filled: Filled) -> None:
    for days in (40, 130, DAYS + 400):
        as_of = start_of_day(day_of_date(START) + days)
        told = filled.client.execute(
            f"SELECT household, index, level, {', '.join(STANDING)} "
            "FROM household_risk_at(as_of = %(at)s)",
            {"at": as_of_text(as_of)},
        )
        of_then = {
            name: summary
            for name, state in filled.states.items()
            if (summary := summary_as_of(state, DATA, as_of)).county
        }
        assert {row[0] for row in told} == of_then.keys()
        for name, index, level, *stood in told:
            summary = of_then[name]
            assert stood == [getattr(summary, field) for field in STANDING], name
            expected = index_at(summary.drivers, as_of)
            # The last digit may be rounded the other way.
            assert index == pytest.approx(expected, abs=0.011), name
            assert level in {
                level_of(index + d, levels_at(summary.levels, as_of))
                for d in (-0.011, 0, 0.011)
                if index + d >= 0
            }


def as_of_text(instant: int) -> str:
    return f"{dt.datetime.fromtimestamp(instant / 1000, dt.UTC):%Y-%m-%d %H:%M:%S.000}"


def test_the_trail_is_the_index_at_each_instant_that_changed_it(filled: Filled) -> None:
    (points,) = filled.client.execute("SELECT count(), max(index) FROM household_risk")[0][:1]
    assert points == sum(len(state.summary.trail) for state in filled.states.values())


def test_what_is_said_of_a_past_day_is_of_where_the_household_was_then(empty: Server) -> None:
    """As ``jushou household --as-of`` says it: in Nujiang the levels begin lower."""
    records = [
        signal_record("s1", "H1", "2026-03-05", county="533301", household_kind="unstable"),
        signal_record("s2", "H1", "2026-05-20", indicator="disaster", household_kind="sudden"),
    ]
    march = DATA.window_of(ms("2026-03-05"))
    told = lead(
        lead_case_id("H1", march), "2026-03-05", ("2026-03-09", Life.VERIFIED), county="533301"
    )
    states = replayed(empty, records, [told])
    with empty.client() as client:
        for day in ("2026-03-05", "2026-03-06", "2026-03-09", "2026-05-19", "2026-05-20"):
            account = account_for(states["H1"], DATA, ms(day))
            (row,) = client.execute(
                f"SELECT level, status_at, {', '.join(STANDING[:5])} "
                "FROM household_risk_at(as_of = %(at)s)", {"at": as_of_text(ms(day))},
            )  # fmt: skip
            assert (row[0], row[2], *row[4:]) == (
                account.level, account.county, account.kind, account.category, account.status,
            )  # fmt: skip
            assert account.status_at is not None
            assert row[1] == to_datetime(parse_instant(account.status_at))
        before = "SELECT count() FROM household_risk_at(as_of = %(at)s)"
        assert client.execute(before, {"at": as_of_text(ms("2026-03-04"))}) == [(0,)]
        trail = client.execute("SELECT at, county, status, level FROM household_risk ORDER BY at")
        assert [row[1:3] for row in trail] == [
            ("533301", "found"), ("533301", "verified"), ("530102", "verified"),
        ]  # fmt: skip
        assert [row[3] for row in trail] == [point.level for point in states["H1"].summary.trail]


def test_the_leads_of_the_view_are_those_of_the_households(filled: Filled) -> None:
    told = filled.client.execute("SELECT case_id, household, signals FROM leads")
    published = {
        (lead.case_id, name) for name, state in filled.states.items() for lead in state.published
    }
    assert {(case_id, name) for case_id, name, _ in told} == published
    total = sum(state.summary.signals for state in filled.states.values())
    assert sum(signals for _, _, signals in told) == total


CAUSES = (
    "SELECT cause, found, dismissed, verified FROM relapse_trends(as_of = '2026-06-01 00:00:00', "
    "since = '2026-03-01', until = '2026-03-31', place = '', by = 'cause')"
)


def replayed(
    server: Server, records: list[dict[str, object]], events: list[HouseholdEvent]
) -> dict[str, HouseholdState]:
    """Write what signals and cases come to by the core, as worker and sink do."""
    lines = [encoded(record) for record in records]
    states: dict[str, HouseholdState] = {}
    for line in lines:
        read = decode(line)
        add_signal(states.setdefault(read.household, HouseholdState(read.household)), read.signal)
    for event in events:
        add_case(states.setdefault(event.household, HouseholdState(event.household)), event)
    for state in states.values():
        settle(state, DATA)
    packed = [household.encode(state) for state in states.values()]
    with server.client() as client:
        for module, found in (
            (signal_rows, signal_rows.rows(stored(lines), 0, DATA)[0]),
            (household_rows, household_rows.rows(stored(packed), 0)[0]),
        ):
            write(client, module.TABLE, module.NAMES, found)
    return states


def stored(values: list[bytes]) -> list[Record]:
    return [Record(number, ms("2026-06-01"), value) for number, value in enumerate(values)]


@pytest.fixture
def empty(clickhouse_server: ClickHouseServer, clickhouse_database: str) -> Server:
    server = Server(clickhouse_server.host, clickhouse_server.port, clickhouse_database)
    migrate(server)
    return server


def test_who_is_seen_again_after_a_dismissal_has_two_leads_each_with_its_cause(
    empty: Server,
) -> None:
    march = DATA.window_of(ms("2026-03-05"))
    leads = [lead_case_id("H1", march, ordinal) for ordinal in (0, 1)]
    # The late signal of the 8th comes last and is of the first lead; so is the one of the very
    # instant of the dismissal.
    records = [
        signal_record("s1", "H1", "2026-03-05"),
        signal_record("s2", "H1", "2026-03-20", indicator="disaster", value=99_999),
        signal_record("s3", "H1", "2026-03-10", indicator="job-loss", value=99_999),
        signal_record("s4", "H1", "2026-03-08"),
        signal_record("other", "H2", "2026-03-20"),
        signal_record("below", "H1", "2026-03-25", value=0),
    ]
    events = [
        lead(leads[0], "2026-03-05", ("2026-03-10", Life.DISMISSED)),
        lead(leads[1], "2026-03-20", ("2026-03-22", Life.VERIFIED)),
    ]
    replayed(empty, records, events)
    with empty.client() as client:
        told = client.execute(
            "SELECT case_id, first_indicator, indicators, signals, found_at FROM leads "
            "WHERE household = 'H1' ORDER BY found_at"
        )
        assert [row[:4] for row in told] == [
            (leads[0], "dropout", ["dropout", "job-loss"], 3),
            (leads[1], "disaster", ["disaster"], 1),
        ]
        assert told[1][4] == to_datetime(ms("2026-03-20"))
        joined = dict(client.execute("SELECT signal_id, case_id FROM signals_with_leads"))
        assert joined == {
            "s1": leads[0], "s2": leads[1], "s3": leads[0], "s4": leads[0], "below": "",
            "other": lead_case_id("H2", march),
        }  # fmt: skip
        assert client.execute(CAUSES) == [("disaster", 1, 0, 1), ("dropout", 1, 1, 0)]


def test_the_signals_of_any_household_are_in_the_leads_that_the_core_joins_them_into(
    empty: Server,
) -> None:
    rng, records, events = random.Random(4), [], []
    for number in range(60):
        name = f"R{number}"
        days = [rng.randrange(1, 29) for _ in range(rng.randrange(1, 6))]
        records += [
            signal_record(f"s{place}", name, f"2026-0{rng.choice([3, 4])}-{day:02d}")
            for place, day in enumerate(days)
        ]
        for month in (3, 4):
            window_at = DATA.window_of(ms(f"2026-0{month}-05"))
            for ordinal in range(rng.randrange(4)):
                ended = f"2026-0{month}-{rng.randrange(1, 29):02d}"
                life, closed = (
                    ([(ended, Life.DISMISSED)], None) if rng.random() < 0.5 else ([], ended)
                )
                events.append(
                    lead(lead_case_id(name, window_at, ordinal), f"2026-0{month}-01", *life,
                         household=name, closed=closed)
                )  # fmt: skip
    states = replayed(empty, records, events)
    with empty.client() as client:
        told = client.execute("SELECT household, signal_id, case_id FROM signals_with_leads")
    joined = {
        (name, signal.signal_id): group.case_id
        for name, state in states.items()
        for group in lead_groups(
            name, [each for each in state.signals if DATA.judge(each).counts], state.cases, DATA
        )
        for signal in group.signals
    }
    assert sum(len(state.summary.later_leads) for state in states.values()) > 20
    assert {row[:2]: row[2] for row in told} == joined


def test_clearings_and_relapses_are_told_apart_by_household(filled: Filled) -> None:
    told = filled.client.execute(
        "SELECT count(), countIf(relapsed_at IS NOT NULL), countIf(relapsed_at < cleared_at) "
        "FROM household_clearings"
    )
    lives = [[event.life for event in state.summary.life] for state in filled.states.values()]
    assert told == [
        (
            sum(life.count("cleared") for life in lives),
            sum(life.count("relapsed") for life in lives),
            0,
        )
    ]


def test_alarms_find_all_that_struck_within_two_weeks_and_little_else(filled: Filled) -> None:
    end = START + dt.timedelta(days=DAYS)
    struck: dict[tuple[str, str, str], Struck] = {}
    for each in filled.province.struck:
        direction, what = SHOWS.get((each.name, each.item), ("", ""))
        if what:
            struck |= {(direction, county, what): each for county in each.counties}
    first: dict[tuple[str, str, str], list[dt.date]] = defaultdict(list)
    by_chance = 0
    for row in alarms(filled, end):
        key = row["direction"], row["county"], row["indicator"]
        monday = dt.datetime.strptime(f"{row['week']}-1", "%G-W%V-%u").date()  # noqa: DTZ007
        cause = struck.get(key)
        if cause is None or monday + WEEK <= date_of_day(cause.first_day):
            by_chance += 1
        else:
            first[key].append(monday)
    late = {
        key: min(first[key], default=None)
        for key, cause in struck.items()
        if not first[key] or min(first[key]) > date_of_day(cause.first_day) + WEEK
    }
    assert not late
    weighed = filled.client.execute(
        "SELECT countIf(score IS NOT NULL) FROM weekly_findings(as_of = %(at)s, since = %(since)s, "
        "until = %(until)s, place = '', by = 'direction,county,indicator')",
        {"at": f"{end} 00:00:00", "since": START, "until": end},
    )[0][0]
    assert by_chance / weighed < 0.002


def alarms(filled: Filled, end: dt.date) -> list[dict[str, str]]:
    """What ``jushou household alarms`` prints."""
    as_of = render_instant(start_of_day(day_of_date(end)))
    done = subprocess.run(
        [sys.executable, "-m", "jushou.cli.main", "household", "alarms", "--as-of", as_of,
         "--weeks", "30", "--json"],
        env={
            **os.environ,
            "JUSHOU_CLICKHOUSE_HOST": filled.server.host,
            "JUSHOU_CLICKHOUSE_PORT": str(filled.server.port),
            "JUSHOU_CLICKHOUSE_DATABASE": filled.database,
        },
        capture_output=True,
        check=True,
        timeout=60,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]
