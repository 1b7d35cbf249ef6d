-- On-time share: of the cases that were closed, how many without any clock late?
--
-- Counts cases by the day on which they were last closed (resolved, rejected or withdrawn) by
-- as_of; one that was reopened by then is open and not counted, one that was reopened later is as it
-- was. in_time: no cycle of any of its clocks was late by as_of. A late case is counted with the
-- office that had it when its first clock became late, any other with the one that closed it.
-- within_limit is about the citizen's clock alone (overall, 10 days from the
-- submission, nothing pauses it), of the cases that have one: a case can be within it although an
-- office was late with its step. Cases whose item has no clock are in time. Intervals: Wilson, 95 %.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- by: item, department, prefecture, county, raised_by, outcome, day|week|month|quarter|year
-- by default: item
-- kind: aggregate of cases
-- columns:
--   item               | dimension                       | service item
--   department         | dimension                       | who had it when it became late, else who closed it
--   prefecture         | dimension                       | 6 digits
--   county             | dimension                       | likewise, 6 digits
--   raised_by          | dimension                       | self, proxy, government
--   outcome            | dimension                       | resolved, rejected, withdrawn
--   period             | dimension                       | of the day on which it was closed
--   in_time            | count                           | no clock was late
--   late               | count                           | at least one was
--   closed             | sum of in_time, late            | all of them
--   in_time_share      | from in_time, closed            | in_time of closed
--   in_time_low        | from in_time, closed            | its 95 % interval, lower bound
--   in_time_high       | from in_time, closed            | its 95 % interval, upper bound
--   within_limit       | count                           | the citizen's clock was never late
--   over_limit         | count                           | it was
--   with_limit         | sum of within_limit, over_limit | have that clock
--   within_limit_share | from within_limit, with_limit   | within_limit of with_limit
--   within_limit_low   | from within_limit, with_limit   | its 95 % interval, lower bound
--   within_limit_high  | from within_limit, with_limit   | its 95 % interval, upper bound
--   median_days        | from closed                     | days from submission to close, days of 24 hours
--   p90_days           | from closed                     | nine of ten took no longer, interpolated
CREATE OR REPLACE VIEW on_time_share AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    toUnixTimestamp64Milli(now) AS now_ms,
    (k, n, side) -> if(n = 0, NULL, round(
        (k + 1.920729 + side * 1.959964 * sqrt(k * (n - k) / n + 0.960365)) / (n + 3.841459), 4
    )) AS wilson
SELECT
    if(has(dims, 'item'), c.item, '') AS item,
    if(has(dims, 'department'), c.department, '') AS department,
    if(has(dims, 'prefecture'), concat(substring(c.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), c.county, '') AS county,
    if(has(dims, 'raised_by'), c.raised_by, '') AS raised_by,
    if(has(dims, 'outcome'), c.outcome, '') AS outcome,
    multiIf(
        has(dims, 'day'), formatDateTime(assumeNotNull(c.closed_at), '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(assumeNotNull(c.closed_at), '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(assumeNotNull(c.closed_at), '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(assumeNotNull(c.closed_at), '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(assumeNotNull(c.closed_at), '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(NOT c.was_late) AS in_time,
    countIf(c.was_late) AS late,
    in_time + late AS closed,
    if(closed = 0, NULL, round(in_time / closed, 4)) AS in_time_share,
    wilson(in_time, closed, -1) AS in_time_low,
    wilson(in_time, closed, 1) AS in_time_high,
    countIf(c.has_limit AND NOT c.was_over_limit) AS within_limit,
    countIf(c.was_over_limit) AS over_limit,
    within_limit + over_limit AS with_limit,
    if(with_limit = 0, NULL, round(within_limit / with_limit, 4)) AS within_limit_share,
    wilson(within_limit, with_limit, -1) AS within_limit_low,
    wilson(within_limit, with_limit, 1) AS within_limit_high,
    round(quantileExactInclusive(0.5)(c.took_days), 2) AS median_days,
    round(quantileExactInclusive(0.9)(c.took_days), 2) AS p90_days
FROM
(
    SELECT
        r.item AS item, r.raised_by AS raised_by, r.closed_by_then AS closed_at,
        if(r.last = 0, r.outcome, r.ended_by) AS outcome,
        r.first_late.2 != 0 AS was_late,
        if(was_late, r.first_late.3, r.closer_county) AS county,
        if(was_late, r.first_late.4, r.closer_department) AS department,
        has(r.clocks, 'overall') AS has_limit,
        r.was_over_limit AS was_over_limit,
        dateDiff('millisecond', r.submitted_at, r.closed_by_then) / 86400000 AS took_days
    FROM
    (
        SELECT
            item, raised_by, submitted_at, toString(cases.outcome) AS outcome,
            -- Custody ends when a case is closed and begins anew when it is reopened.
            arrayLastIndex(since -> since <= now, `custody.since`) AS last,
            toString(`custody.ended_by`[last]) AS ended_by,
            multiIf(
                last = 0, cases.closed_at,
                ended_by IN ('resolved', 'rejected', 'withdrawn'), `custody.until`[last],
                NULL
            ) AS closed_by_then,
            toString(if(last = 0, cases.county, `custody.county`[last])) AS closer_county,
            toString(if(last = 0, cases.department, `custody.department`[last])) AS closer_department,
            `verdicts.clock` AS clocks,
            arrayMap(
                (due, stop, start) -> if(
                    due != 0 AND due < if(stop = 0 OR stop > now_ms, now_ms, stop) AND start <= now,
                    due, 0
                ),
                `verdicts.due_ms`, `verdicts.stopped_ms`, `verdicts.started_at`
            ) AS late_ms,
            -- Due instant, place among the clocks, and the office to which it is charged.
            arrayFirst(late -> late.1 != 0, arraySort(arrayMap(
                (ms, nth) -> (
                    ms, nth,
                    toString(if(empty(`charged.county`), cases.county, `charged.county`[nth])),
                    toString(if(empty(`charged.county`), cases.department, `charged.department`[nth]))
                ),
                late_ms, arrayEnumerate(late_ms)
            ))) AS first_late,
            arrayExists((ms, clock) -> ms != 0 AND clock = 'overall', late_ms, clocks) AS was_over_limit
        FROM cases FINAL
        WHERE submitted_at IS NOT NULL AND NOT held
            -- Only a case that was reopened may have been closed at another instant then.
            AND (toDate(cases.closed_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
                OR reopened > 0)
            AND startsWith(item, {item:String})
            AND throwIf(
                not hasAll([
                    '', 'item', 'department', 'prefecture', 'county', 'raised_by', 'outcome',
                    'day', 'week', 'month', 'quarter', 'year'
                ], dims),
                'by takes item, department, prefecture, county, raised_by, outcome, day, week, month, quarter, year'
            ) = 0
    ) AS r
    WHERE r.closed_by_then <= now
        AND toDate(r.closed_by_then, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND startsWith(county, {place:String})
) AS c
GROUP BY ALL
ORDER BY item, department, prefecture, county, raised_by, outcome, period;
