-- On-time share: of the cases that were closed, how many without any clock late?
--
-- Counts cases by the day on which they were last closed (resolved, rejected or withdrawn) by
-- as_of; one that was reopened since is open and not counted. in_time: no cycle of any of its
-- clocks was ever late. within_limit is about the citizen's clock alone (overall, 10 days from the
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
--   department         | dimension                       | who had the case last
--   prefecture         | dimension                       | 6 digits
--   county             | dimension                       | who had the case last, 6 digits
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
CREATE VIEW IF NOT EXISTS on_time_share AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
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
        item, department, county, raised_by, outcome, closed_at,
        arrayExists(
            (due, stopped) -> ifNull(due < stopped, false), `verdicts.due_at`, `verdicts.stopped_at`
        ) AS was_late,
        has(`verdicts.clock`, 'overall') AS has_limit,
        arrayExists(
            (clock, due, stopped) -> clock = 'overall' AND ifNull(due < stopped, false),
            `verdicts.clock`, `verdicts.due_at`, `verdicts.stopped_at`
        ) AS was_over_limit,
        dateDiff('millisecond', submitted_at, closed_at) / 86400000 AS took_days
    FROM cases FINAL
    WHERE closed_at <= parseDateTime64BestEffort({as_of:String}, 3, 'UTC')
        AND toDate(closed_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND submitted_at IS NOT NULL AND NOT held
        AND startsWith(county, {place:String})
        AND startsWith(item, {item:String})
        AND throwIf(
            not hasAll([
                '', 'item', 'department', 'prefecture', 'county', 'raised_by', 'outcome',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes item, department, prefecture, county, raised_by, outcome, day, week, month, quarter, year'
        ) = 0
) AS c
GROUP BY ALL
ORDER BY item, department, prefecture, county, raised_by, outcome, period;
