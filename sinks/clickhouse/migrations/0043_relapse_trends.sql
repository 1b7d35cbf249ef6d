-- Relapse trends: how many households were found, confirmed, helped, cleared and fell back?
--
-- Counts events of the lives of monitored households by the day on which they happened, by as_of.
-- One household can be found, or fall back, more than once, and each counts. cause is the first
-- indicator of the signals of the lead that the event belongs to, by_hand where officials raised it
-- without a signal. Counts and no rates: how likely a cleared household is to fall back is asked of
-- relapse_cohorts, which knows how long each has been watched.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code; empty for all.
-- by: prefecture, county, cause, kind, category, day|week|month|quarter|year
-- by default: cause, month
-- kind: aggregate of events
-- columns:
--   prefecture | dimension | 6 digits
--   county     | dimension | of the household by its newest fact, 6 digits
--   cause      | dimension | indicator, or by_hand
--   kind       | dimension | unstable, marginal, sudden or none, by its newest signal
--   category   | dimension | what the rules in force call that kind
--   period     | dimension | of the event
--   found      | count     | leads raised
--   dismissed  | count     | the visit found no risk
--   verified   | count     | the visit confirmed it
--   assisted   | count     | measures were assigned
--   cleared    | count     | the risk was found cleared
--   relapsed   | count     | fell back after it had been cleared
CREATE VIEW IF NOT EXISTS relapse_trends AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now
SELECT
    if(has(dims, 'prefecture'), concat(substring(l.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), l.county, '') AS county,
    if(has(dims, 'cause'), if(s.cause = '', 'by_hand', s.cause), '') AS cause,
    if(has(dims, 'kind'), l.kind, '') AS kind,
    if(has(dims, 'category'), l.category, '') AS category,
    multiIf(
        has(dims, 'day'), formatDateTime(l.at, '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(l.at, '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(l.at, '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(l.at, '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(l.at, '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(l.event = 'found') AS found,
    countIf(l.event = 'dismissed') AS dismissed,
    countIf(l.event = 'verified') AS verified,
    countIf(l.event = 'assisted') AS assisted,
    countIf(l.event = 'cleared') AS cleared,
    countIf(l.event = 'relapsed') AS relapsed
FROM
(
    SELECT county, kind, category, at, event, case_id
    FROM household_life
    WHERE at <= now
        AND toDate(at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND startsWith(county, {place:String})
        AND throwIf(
            not hasAll([
                '', 'prefecture', 'county', 'cause', 'kind', 'category',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes prefecture, county, cause, kind, category, day, week, month, quarter, year'
        ) = 0
) AS l
LEFT JOIN (SELECT case_id, toString(first_indicator) AS cause FROM leads) AS s
    ON s.case_id = l.case_id
GROUP BY ALL
ORDER BY prefecture, county, cause, kind, category, period;
