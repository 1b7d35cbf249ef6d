-- Custody time: how long does each level have the cases, and how long until it accepts them?
--
-- Counts custody intervals that began in the period: an office, county department or township, had
-- a case from one hand-over to the next. An interval that still lasts counts up to as_of, and one
-- that ended after as_of likewise: of recent periods the times are too short by that. Times are by
-- the wall clock, nights and holidays included. Offices are those of the interval, not who has the
-- case now. unaccepted_share is the part of all that time before the acceptance by that office.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- by: item, level, department, prefecture, county, ended_by, day|week|month|quarter|year
-- by default: item, level
-- kind: aggregate of custody intervals
-- columns:
--   item             | dimension              | service item
--   level            | dimension              | county or township
--   department       | dimension              | the office's
--   prefecture       | dimension              | 6 digits
--   county           | dimension              | the office's, 6 digits
--   ended_by         | dimension              | event that ended it: returned is a bounce; empty while it lasts
--   period           | dimension              | of the day on which it began
--   ended            | count                  | ended by as_of
--   lasting          | count                  | still lasting
--   intervals        | sum of ended, lasting  | all of them
--   accepted         | count                  | the office had accepted the case
--   returned         | count                  | ended by a bounce
--   median_hours     | from intervals         | of an interval
--   p90_hours        | from intervals         | nine of ten were no longer, interpolated
--   total_days       | from intervals         | of all of them, days of 24 hours
--   accept_hours     | from accepted          | median, from the beginning to the acceptance
--   unaccepted_share | from intervals         | of the total, before the acceptance
CREATE VIEW IF NOT EXISTS custody_time AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now
SELECT
    if(has(dims, 'item'), c.item, '') AS item,
    if(has(dims, 'level'), c.level, '') AS level,
    if(has(dims, 'department'), c.department, '') AS department,
    if(has(dims, 'prefecture'), concat(substring(c.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), c.county, '') AS county,
    if(has(dims, 'ended_by') AND c.has_ended, ifNull(c.ended_by, ''), '') AS ended_by,
    multiIf(
        has(dims, 'day'), formatDateTime(c.since, '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(c.since, '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(c.since, '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(c.since, '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(c.since, '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(c.has_ended) AS ended,
    countIf(NOT c.has_ended) AS lasting,
    ended + lasting AS intervals,
    countIf(c.is_accepted) AS accepted,
    countIf(c.has_ended AND c.ended_by = 'returned') AS returned,
    round(quantileExactInclusive(0.5)(c.held_ms) / 3600000, 2) AS median_hours,
    round(quantileExactInclusive(0.9)(c.held_ms) / 3600000, 2) AS p90_hours,
    round(sum(c.held_ms) / 86400000, 2) AS total_days,
    if(accepted = 0, NULL, round(
        quantileExactInclusiveIf(0.5)(c.unaccepted_ms, c.is_accepted) / 3600000, 2
    )) AS accept_hours,
    if(sum(c.held_ms) = 0, NULL, round(sum(c.unaccepted_ms) / sum(c.held_ms), 4)) AS unaccepted_share
FROM
(
    SELECT
        item, level, department, county, since, ended_by,
        ifNull(until <= now, false) AS has_ended,
        ifNull(accepted_at <= now, false) AS is_accepted,
        dateDiff('millisecond', since, least(ifNull(until, now), now)) AS held_ms,
        dateDiff('millisecond', since, least(coalesce(accepted_at, until, now), now))
            AS unaccepted_ms
    FROM custody_intervals
    WHERE since <= now AND NOT is_held_by_load
        AND toDate(since, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND startsWith(county, {place:String})
        AND startsWith(item, {item:String})
        AND throwIf(
            not hasAll([
                '', 'item', 'level', 'department', 'prefecture', 'county', 'ended_by',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes item, level, department, prefecture, county, ended_by, day, week, month, quarter, year'
        ) = 0
) AS c
GROUP BY ALL
ORDER BY item, level, department, prefecture, county, ended_by, period;
