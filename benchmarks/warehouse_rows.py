"""A province of any size in the warehouse, made inside ClickHouse: no broker, no worker, no sink.

Only for measuring. Sizes and shares are of the order of the simulated province: cases of a year,
16 items and 129 counties of uneven weight, about 3 % of the cases open, a tenth of them long ones,
late by the same clocks as in the catalogue, four to five events a case. The counts of the stream
are made with every group that a case passes through, those that are empty now included, as they
lie in the table in production.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clickhouse_driver import Client

from schemas.catalogue.load import load_catalogue
from schemas.regions.load import regions
from sinks.clickhouse.server import Server

DAY_MS = 86_400_000
_SPAN_DAYS = 365
# Cases a statement makes at most: it holds them in memory.
_AT_ONCE = 500_000
# The groups of counts are made a few counties at a time, for the same reason.
_COUNTY_PARTS = 16
# As the sink inserts; a part is sorted as a whole, since it is all that is inserted at once.
SETTINGS = {
    "optimize_on_insert": 0,
    "min_insert_block_size_rows": _AT_ONCE,
    "min_insert_block_size_bytes": 0,
}
_LONGEST_S = 900


@dataclass(frozen=True, slots=True)
class Province:
    """``cases`` cases as of an instant (milliseconds); the same arguments give the same rows."""

    cases: int
    as_of_ms: int

    def fill(self, server: Server) -> None:
        """Write every table that questions read, two statements at a time."""
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda sql: execute(server, sql), self._filling()))
        # As they lie after a while: counts of past quarters are one part an hour after they were
        # written, and of the other tables nearly all that is old is one. Else merges of all that
        # was just filled would run in the middle of what is measured.
        for table in _STATEMENTS:
            execute(server, f"OPTIMIZE TABLE {table} FINAL")

    def _filling(self) -> Iterator[str]:
        for first in range(0, self.cases, _AT_ONCE):
            numbers = f"numbers({first}, {min(_AT_ONCE, self.cases - first)})"
            for table in ("cases", "case_events", "escalations", "households", "signals"):
                yield self.statement(table, f"SELECT number AS n, 1 AS change FROM {numbers}")
        of_all = f"SELECT number AS n, 1 AS change FROM numbers({self.cases})"
        for part in range(_COUNTY_PARTS):
            yield self.statement("aggregates", of_all, f"code % {_COUNTY_PARTS} = {part}")

    def statement(self, table: str, chosen: str, where: str = "1", into: str = "") -> str:
        """Return the insert of a table's rows for the cases ``chosen`` (columns n, change).

        ``into`` is another table of the same columns.
        """
        cases = self._cases(chosen, where)
        insert, select = _STATEMENTS[table].split("SELECT", maxsplit=1)
        insert = insert.replace(f"INTO {table} ", f"INTO {into or table} ", 1)
        return f"{insert}{_INSTANT} SELECT{select}".format(cases=cases, as_of=self.as_of_ms)

    def _cases(self, chosen: str, where: str) -> str:
        return _CASES.format(
            chosen=chosen,
            where=where,
            as_of=self.as_of_ms,
            span=_SPAN_DAYS * DAY_MS,
            total=self.cases,
            items=list(load_catalogue().item_departments),
            departments=list(load_catalogue().item_departments.values()),
            counties=[county for county in regions().counties],
            day=DAY_MS,
        )


def execute(server: Server, sql: str) -> None:
    """Run one statement, however long it takes, with the settings by which a sink inserts."""
    client = Client(
        server.host, server.port, server.database, server.user, server.password,
        send_receive_timeout=_LONGEST_S,
    )  # fmt: skip
    try:
        client.execute(sql, settings=SETTINGS)
    finally:
        client.disconnect()


def tables(client: Client) -> Iterator[tuple[str, int, int]]:
    """Yield the tables that have rows: name, rows, bytes on disk."""
    yield from client.execute(
        "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts "
        "WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table"
    )


# Instants in milliseconds; day-based clocks are due at a midnight of Shanghai (UTC+8).
_CASES = """
(
    WITH
        (k) -> (cityHash64(n, k) % 1000003) / 1000003 AS random,
        (at) -> at - (at + 28800000) % {day} AS midnight
    SELECT
        n, change,
        toUInt16(1 + floor({items_n} * pow(random(1), 1.3))) AS item_at,
        {items}[item_at] AS item,
        {departments}[item_at] AS department,
        {counties}[code] AS county,
        concat(county, toString(100 + n % 11)) AS township,
        concat(county, '-', leftPad(toString(n), 9, '0')) AS case_id,
        concat('h', toString(if(random(3) < 0.2, n - n % 2, n))) AS household,
        ['self', 'proxy', 'government'][toUInt8(1 + floor(3 * pow(random(4), 2)))] AS raised_by,
        ['app', 'wechat', 'one-phone', 'hall'][toUInt8(1 + floor(4 * random(5)))] AS channel,
        -- Numbers go up with time, and on into the future for cases that are new.
        toInt64({as_of} - {span} * (1 - (n + random(6)) / {total})) AS submitted_ms,
        toInt64(-log(1 - random(7)) * {day} * if(random(8) < 0.1, 60, 6)) + 3600000 AS took_ms,
        submitted_ms + took_ms <= {as_of} AS is_closed,
        submitted_ms + toInt64(took_ms * 0.15) AS accept_ms,
        accept_ms <= {as_of} AS is_accepted,
        submitted_ms + took_ms AS close_ms,
        if(startsWith(item, 'water'), submitted_ms + {day}, midnight(submitted_ms) + 3 * {day})
            AS accept_due_ms,
        midnight(submitted_ms) + 11 * {day} AS overall_due_ms,
        midnight(accept_ms) + 15 * {day} AS decide_due_ms,
        random(9) < 0.05 AS is_bounced,
        random(10) < 0.15 AS is_asked,
        if(is_closed, if(random(11) < 0.9, 'resolved', 'rejected'), '') AS outcome,
        arraySlice([
            ('overall', submitted_ms, overall_due_ms, close_ms),
            ('accept', submitted_ms, accept_due_ms, accept_ms),
            ('decide', accept_ms, decide_due_ms, close_ms)
        ], 1, if(is_accepted, 3, 2)) AS cycles,
        arrayMap((c) -> if(c.4 > {as_of}, 'live', if(c.4 <= c.3, 'met', 'missed')), cycles) AS ends
    FROM
    (
        -- Only these are reckoned further.
        SELECT n, change, toUInt16(1 + floor(
            {counties_n} * pow((cityHash64(n, 2) % 1000003) / 1000003, 1.7)
        )) AS code
        FROM ({chosen})
        WHERE {where}
    )
)
"""
_CASES = _CASES.replace("{items_n}", "length({items})").replace(
    "{counties_n}", "length({counties})"
)
_INSTANT = "WITH (ms) -> fromUnixTimestamp64Milli(toInt64(ms), 'UTC') AS instant"
_STATEMENTS = {
    "cases": """
INSERT INTO cases (
    case_id, version, item, county, township, department, raised_by, channel, household,
    submitted_at, closed_at, outcome, bounces, events, held,
    verdicts.clock, verdicts.start_event_id, verdicts.cycle, verdicts.policy, verdicts.term,
    verdicts.extended, verdicts.started_at, verdicts.due_at, verdicts.stopped_at,
    verdicts.stop_event_id, verdicts.outcome, verdicts.provisional,
    custody.level, custody.department, custody.county, custody.township, custody.since,
    custody.until, custody.accepted_at, custody.begun_by, custody.ended_by, source_partition
)
SELECT
    case_id, change, item, county, township, department, raised_by, channel, household,
    instant(submitted_ms), if(is_closed, instant(close_ms), NULL), outcome,
    is_bounced, 4, false,
    arrayMap((c) -> c.1, cycles), arrayMap((c) -> concat(case_id, '-', c.1), cycles),
    arrayMap((c) -> 1, cycles), arrayMap((c) -> '2021-11', cycles), arrayMap((c) -> 10, cycles),
    arrayMap((c) -> 0, cycles), arrayMap((c) -> instant(c.2), cycles),
    arrayMap((c) -> instant(c.3), cycles),
    arrayMap((c, e) -> if(e = 'live', NULL, instant(c.4)), cycles, ends),
    arrayMap((e) -> if(e = 'live', '', 'stop'), ends), ends, arrayMap((c) -> false, cycles),
    ['county', 'township'], [department, department], [county, county], ['', township],
    [instant(submitted_ms), instant(accept_ms)],
    [instant(accept_ms), if(is_closed, instant(close_ms), NULL)],
    [instant(accept_ms), NULL], ['submitted', 'dispatched'],
    ['dispatched', if(is_closed, outcome, '')], n % 4
FROM {cases}
""",
    "case_events": """
INSERT INTO case_events (
    case_id, event_id, record_hash, type, occurred_at, item, county, department, source_partition,
    source_offset
)
SELECT case_id, concat(case_id, '-', e.1), 1, e.1, instant(e.2), item, county, department, n % 4, n
FROM {cases}
ARRAY JOIN arrayFilter((e) -> e.2 <= close_ms AND e.3, [
    ('submitted', submitted_ms, 1), ('accepted', accept_ms, is_accepted),
    ('returned', accept_ms + 3600000, is_bounced),
    ('supplement_requested', accept_ms + 7200000, is_asked),
    ('supplement_provided', accept_ms + 86400000, is_asked),
    (if(outcome = '', 'note', outcome), close_ms, is_closed)
]) AS e
""",
    "escalations": """
INSERT INTO escalations (
    escalation_id, revision, state, cause, case_id, item, department, county, township, clock,
    start_event_id, cycle, level, `to`, term, due_at, at, published_at, policy, calendar, reason_zh,
    reason_en, source_partition, source_offset
)
SELECT
    reinterpretAsUUID(unhex(hex(sipHash128(case_id, s.1, s.2)))), 1, 'fired', 'reached', case_id,
    item, department, county, township, s.1, concat(case_id, '-', s.1), 1, s.2, 'county', '10d',
    instant(s.3), instant(s.4), instant(s.4), '2021-11', '2026', '到期', 'due', n % 4, n
FROM {cases}
ARRAY JOIN arrayFilter((s) -> s.4 < s.5 AND s.4 < {as_of}, arrayConcat(
    arrayMap((c) -> (c.1, 'yellow', c.3, c.3 - 86400000, c.4), cycles),
    arrayMap((c) -> (c.1, if(c.1 = 'overall', 'supervise', 'red'), c.3, c.3, c.4), cycles)
)) AS s
""",
    "households": """
INSERT INTO households (
    household, version, county, kind, status, first_found_at, first_found_indicator, first_found_by,
    first_request_at, first_request_item, first_request_indicator, asked_after_dismissal_at,
    life.at, life.event, life.case_id, clearings.cleared_at, clearings.relapsed_at,
    drivers.code, drivers.points, drivers.at, drivers.half_life_d, drivers.until, drivers.subject,
    levels.level, levels.points_from, levels.since
)
SELECT
    household, change, county, ['unstable', 'marginal', 'sudden'][toUInt8(1 + n % 3)],
    if(empty(life), '', life[-1].1),
    if(n % 3 = 0, NULL, instant(submitted_ms)), if(n % 3 = 0, '', indicator), 'screening',
    if(n % 5 = 0, NULL, instant(submitted_ms + took_ms - 5 * 86400000)), item, indicator,
    if(n % 20 = 1, instant(close_ms + 86400000), NULL),
    arrayMap((e) -> instant(e.2), life), arrayMap((e) -> e.1, life), arrayMap((e) -> case_id, life),
    if(n % 4 = 0 AND is_closed, [instant(close_ms)], []),
    if(n % 4 = 0 AND is_closed,
       [if(n % 16 = 0 AND close_ms < {as_of} - 5184000000, instant(close_ms + 2592000000), NULL)],
       []),
    arrayMap((d) -> d.1, drivers), arrayMap((d) -> d.2, drivers),
    arrayMap((d) -> instant(d.3), drivers), arrayMap((d) -> d.4, drivers),
    arrayMap((d) -> NULL, drivers), arrayMap((d) -> case_id, drivers),
    ['low', 'watch', 'elevated', 'high'], [0, 20, 40, 60], arrayWithConstant(4, instant(0))
FROM
(
    SELECT *,
        ['medical-expense', 'income-drop', 'dropout', 'housing-hazard', 'water-outage', 'job-loss'][
            toUInt8(1 + n % 6)] AS indicator,
        arrayFilter((e) -> e.2 <= {as_of}, [
            ('found', submitted_ms),
            (if(n % 20 IN (1, 2), 'dismissed', 'verified'), accept_ms),
            (if(n % 4 = 0, 'cleared', 'assisted'), close_ms)
        ]) AS life,
        arrayFilter((d) -> d.3 <= {as_of}, [
            (concat('signal:', indicator), 20., submitted_ms, 180.),
            ('kind:sudden', 16., submitted_ms, 0.),
            ('life:verified', 15., accept_ms, 365.)
        ]) AS drivers
    FROM {cases}
    WHERE n % 2 = 0
)
""",
    "signals": """
INSERT INTO signals (
    household, signal_id, record_hash, observed_at, source, department, indicator, county, counts,
    lead_case_id, window_at, source_partition, source_offset
)
SELECT
    household, toString(n), 1, instant(submitted_ms), 'screening', department,
    ['medical-expense', 'income-drop', 'dropout', 'housing-hazard', 'water-outage', 'job-loss'][
        toUInt8(1 + n % 6)],
    county, n % 10 != 0, case_id, instant(submitted_ms), n % 4, n
FROM {cases}
WHERE n % 3 != 0
""",
    "aggregates": """
INSERT INTO aggregates (
    measure, day, county, item, department, raised_by, channel, clock, status, due_at,
    supervised_from, partition, count, version
)
SELECT
    g.1, if(g.2 = 0, toDate32('1900-01-01'), toDate32(instant(g.2), 'Asia/Shanghai')), county, item,
    if(g.1 = 'open', department, ''), raised_by, if(g.1 = 'received', channel, ''), '', g.3,
    if(g.4 = 0, NULL, toStartOfMinute(instant(g.4 + 59999))),
    if(g.5 = 0, NULL, toStartOfMinute(instant(g.5 + 59999))),
    n % 4, sum(g.6), max(change)
FROM {cases}
ARRAY JOIN arrayFilter((g) -> g.7, [
    ('received', submitted_ms, '', toInt64(0), toInt64(0), 1, 1),
    ('closed', close_ms, outcome, toInt64(0), toInt64(0), 1, is_closed),
    ('open', toInt64(0), '', least(accept_due_ms, overall_due_ms), overall_due_ms,
        NOT is_accepted, 1),
    ('open', toInt64(0), '', least(decide_due_ms, overall_due_ms), overall_due_ms,
        is_accepted AND NOT is_closed, is_accepted)
]) AS g
GROUP BY ALL
""",
}
