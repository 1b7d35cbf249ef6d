-- Directions: which came first for each household, 政府找 or 找政府, and how long before the other?
--
-- Counts households by the day of the first contact of either kind, as known as of as_of. Found:
-- the first signal that reached the threshold of its county, or the first case that officials
-- raised. Asked: the first case that the household raised itself or had raised by proxy. Found and
-- asked at one instant counts as found first. found_share is of the households that asked: how many
-- had been found before. A household found that never asks may have been helped in time or may
-- never have needed it: found_only says neither. Intervals: Wilson, 95 %.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code; empty for all.
-- by: prefecture, county, kind, found_by, day|week|month|quarter|year
-- by default: prefecture
-- kind: aggregate of households
-- columns:
--   prefecture        | dimension                                | 6 digits
--   county            | dimension                                | by its newest fact, 6 digits
--   kind              | dimension                                | unstable, marginal, sudden or none
--   found_by          | dimension                                | screening, inspection, another channel; empty: not found
--   period            | dimension                                | of the first contact
--   found_first       | count                                    | found, and asked later
--   found_only        | count                                    | found, and has not asked
--   asked_first       | count                                    | asked, and found later
--   asked_only        | count                                    | asked, and was not found
--   households        | sum of found_first, found_only, asked_first, asked_only | all of them
--   asked             | sum of found_first, asked_first, asked_only | all that asked
--   found_share       | from found_first, asked                  | found before they asked, of those that asked
--   found_low         | from found_first, asked                  | its 95 % interval, lower bound
--   found_high        | from found_first, asked                  | its 95 % interval, upper bound
--   median_lead_days  | from found_first                         | from found to asked, days of 24 hours
--   median_lag_days   | from asked_first                         | from asked to found
CREATE VIEW IF NOT EXISTS directions AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    (k, n, side) -> if(n = 0, NULL, round(
        (k + 1.920729 + side * 1.959964 * sqrt(k * (n - k) / n + 0.960365)) / (n + 3.841459), 4
    )) AS wilson
SELECT
    if(has(dims, 'prefecture'), concat(substring(h.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), h.county, '') AS county,
    if(has(dims, 'kind'), h.kind, '') AS kind,
    if(has(dims, 'found_by') AND h.is_found, h.first_found_by, '') AS found_by,
    multiIf(
        has(dims, 'day'), formatDateTime(h.met_at, '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(h.met_at, '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(h.met_at, '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(h.met_at, '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(h.met_at, '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(h.is_found AND h.has_asked AND h.lead_ms >= 0) AS found_first,
    countIf(h.is_found AND NOT h.has_asked) AS found_only,
    countIf(h.is_found AND h.has_asked AND h.lead_ms < 0) AS asked_first,
    countIf(NOT h.is_found AND h.has_asked) AS asked_only,
    found_first + found_only + asked_first + asked_only AS households,
    found_first + asked_first + asked_only AS asked,
    if(asked = 0, NULL, round(found_first / asked, 4)) AS found_share,
    wilson(found_first, asked, -1) AS found_low,
    wilson(found_first, asked, 1) AS found_high,
    if(found_first = 0, NULL, round(quantileExactInclusiveIf(0.5)(
        h.lead_ms / 86400000, h.is_found AND h.has_asked AND h.lead_ms >= 0
    ), 2)) AS median_lead_days,
    if(asked_first = 0, NULL, round(quantileExactInclusiveIf(0.5)(
        -h.lead_ms / 86400000, h.is_found AND h.has_asked AND h.lead_ms < 0
    ), 2)) AS median_lag_days
FROM
(
    SELECT
        county, kind, first_found_by,
        ifNull(first_found_at <= now, false) AS is_found,
        ifNull(first_request_at <= now, false) AS has_asked,
        ifNull(dateDiff('millisecond', first_found_at, first_request_at), 0) AS lead_ms,
        least(
            ifNull(first_found_at, assumeNotNull(first_request_at)),
            ifNull(first_request_at, assumeNotNull(first_found_at))
        ) AS met_at
    FROM households FINAL
    WHERE (first_found_at IS NOT NULL OR first_request_at IS NOT NULL) AND met_at <= now
        AND toDate(met_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND startsWith(county, {place:String})
        AND throwIf(
            not hasAll([
                '', 'prefecture', 'county', 'kind', 'found_by',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes prefecture, county, kind, found_by, day, week, month, quarter, year'
        ) = 0
) AS h
GROUP BY ALL
ORDER BY prefecture, county, kind, found_by, period;
