-- Bounces: how often are cases handed back (退单) or handed on?
--
-- Counts cases submitted in the period, and what happened to them by as_of. A bounce is an event
-- returned, a hand-over an event transferred, of those that moved the case: not one that came while
-- the case was closed, and of records that differ under one id only the one that counts. Neither
-- stops nor resets any clock. A case that was handed back is counted with the office that was the
-- first to do so, any other with the one that had it by as_of; what each office returned of all that
-- it had is in custody_time. Intervals: Wilson, 95 %.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- by: item, department, prefecture, county, raised_by, day|week|month|quarter|year
-- by default: item
-- kind: aggregate of cases
-- columns:
--   item            | dimension                            | service item
--   department      | dimension                            | who handed it back first, else who had it
--   prefecture      | dimension                            | 6 digits
--   county          | dimension                            | likewise, 6 digits
--   raised_by       | dimension                            | self, proxy, government
--   period          | dimension                            | of the day of submission
--   never_bounced   | count                                | cases that were not handed back
--   bounced_once    | count                                | handed back once
--   bounced_often   | count                                | handed back twice or more
--   cases           | sum of never_bounced, bounced_once, bounced_often | all of them
--   bounces         | from bounced_once, bounced_often     | events returned
--   bounced_share   | from never_bounced, cases            | cases handed back at least once
--   bounced_low     | from never_bounced, cases            | its 95 % interval, lower bound
--   bounced_high    | from never_bounced, cases            | its 95 % interval, upper bound
--   transferred     | count                                | cases handed on at least once
--   hand_overs      | from transferred                     | events transferred
CREATE OR REPLACE VIEW bounces AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    (k, n, side) -> if(n = 0, NULL, round(
        (k + 1.920729 + side * 1.959964 * sqrt(k * (n - k) / n + 0.960365)) / (n + 3.841459), 4
    )) AS wilson
SELECT
    if(has(dims, 'item'), c.item, '') AS item,
    if(has(dims, 'department'), c.department, '') AS department,
    if(has(dims, 'prefecture'), concat(substring(c.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), c.county, '') AS county,
    if(has(dims, 'raised_by'), c.raised_by, '') AS raised_by,
    multiIf(
        has(dims, 'day'), formatDateTime(assumeNotNull(c.submitted_at), '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(assumeNotNull(c.submitted_at), '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(assumeNotNull(c.submitted_at), '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(assumeNotNull(c.submitted_at), '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(assumeNotNull(c.submitted_at), '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(c.returned = 0) AS never_bounced,
    countIf(c.returned = 1) AS bounced_once,
    countIf(c.returned > 1) AS bounced_often,
    never_bounced + bounced_once + bounced_often AS cases,
    sum(c.returned) AS bounces,
    round((cases - never_bounced) / cases, 4) AS bounced_share,
    wilson(cases - never_bounced, cases, -1) AS bounced_low,
    wilson(cases - never_bounced, cases, 1) AS bounced_high,
    countIf(c.transferred > 0) AS transferred,
    sum(c.transferred) AS hand_overs
FROM
(
    SELECT
        item, raised_by, submitted_at,
        arrayCount(until -> ifNull(until <= now, false), `custody.until`) AS over,
        arraySlice(`custody.ended_by`, 1, over) AS ends,
        countEqual(ends, 'returned') AS returned,
        countEqual(ends, 'transferred') AS transferred,
        if(
            returned = 0, arrayLastIndex(since -> since <= now, `custody.since`),
            indexOf(ends, 'returned')
        ) AS whose,
        if(whose = 0, cases.department, `custody.department`[whose]) AS department,
        if(whose = 0, cases.county, `custody.county`[whose]) AS county
    FROM cases FINAL
    WHERE submitted_at <= now AND NOT held
        AND toDate(submitted_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND startsWith(county, {place:String})
        AND startsWith(item, {item:String})
        AND throwIf(
            not hasAll([
                '', 'item', 'department', 'prefecture', 'county', 'raised_by',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes item, department, prefecture, county, raised_by, day, week, month, quarter, year'
        ) = 0
) AS c
GROUP BY ALL
ORDER BY item, department, prefecture, county, raised_by, period;
