-- Blind spots: who asked without having been found, where, and by what should they have been seen?
--
-- Counts households by the day on which they first asked, and whether screening or inspection had
-- found them by then. indicator is what should have seen the trouble that they asked about, by the
-- item of that request (schemas/monitoring/indicators.yaml); none where no screening could have.
-- found_for_it: by that indicator. found_otherwise: by others only, or by hand, so that the household
-- was known and what it asked about was not; where indicator is none all are. Both count however
-- long ago it was: median_lead_days says how long. found_later: found by anything after they had
-- asked, by as_of. blind_share is of households that were not known at all. A high one of an
-- indicator in one county, or few found_for_it among those found, points at a screening that is not
-- run there, or at a threshold set too far. Intervals: Wilson, 95 %.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code, item: of the item's that they asked for; empty for all.
-- by: item, indicator, prefecture, county, kind, day|week|month|quarter|year
-- by default: prefecture, indicator
-- kind: aggregate of households
-- columns:
--   item             | dimension                    | what they asked for first
--   indicator        | dimension                    | what should have seen it, or none
--   prefecture       | dimension                    | 6 digits
--   county           | dimension                    | by its newest fact, 6 digits
--   kind             | dimension                    | unstable, marginal, sudden or none
--   period           | dimension                    | of the first request
--   found_for_it     | count                        | had been found by this indicator when they asked
--   found_otherwise  | count                        | had been found, but not by this indicator
--   found_before     | sum of found_for_it, found_otherwise | had been found when they asked
--   found_later      | count                        | had not, and were found later
--   never_found      | count                        | had not, and have not been found
--   asked            | sum of found_before, found_later, never_found | all of them
--   blind_share      | from found_before, asked     | not found when they asked
--   blind_low        | from found_before, asked     | its 95 % interval, lower bound
--   blind_high       | from found_before, asked     | its 95 % interval, upper bound
--   median_lead_days | from found_before            | from found to asked, days of 24 hours
CREATE OR REPLACE VIEW blind_spots AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    (k, n, side) -> if(n = 0, NULL, round(
        (k + 1.920729 + side * 1.959964 * sqrt(k * (n - k) / n + 0.960365)) / (n + 3.841459), 4
    )) AS wilson
SELECT
    if(has(dims, 'item'), h.item, '') AS item,
    if(has(dims, 'indicator'), if(h.indicator = '', 'none', h.indicator), '') AS indicator,
    if(has(dims, 'prefecture'), concat(substring(h.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), h.county, '') AS county,
    if(has(dims, 'kind'), h.kind, '') AS kind,
    multiIf(
        has(dims, 'day'), formatDateTime(h.asked_at, '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(h.asked_at, '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(h.asked_at, '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(h.asked_at, '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(h.asked_at, '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(h.found_at <= h.asked_at AND h.is_for_it) AS found_for_it,
    countIf(h.found_at <= h.asked_at AND NOT h.is_for_it) AS found_otherwise,
    found_for_it + found_otherwise AS found_before,
    countIf(h.found_at > h.asked_at AND h.found_at <= now) AS found_later,
    countIf(h.found_at IS NULL OR h.found_at > now) AS never_found,
    found_before + found_later + never_found AS asked,
    round((asked - found_before) / asked, 4) AS blind_share,
    wilson(asked - found_before, asked, -1) AS blind_low,
    wilson(asked - found_before, asked, 1) AS blind_high,
    if(found_before = 0, NULL, round(quantileExactInclusiveIf(0.5)(
        ifNull(dateDiff('millisecond', h.found_at, h.asked_at), 0) / 86400000,
        ifNull(h.found_at <= h.asked_at, false)
    ), 2)) AS median_lead_days
FROM
(
    SELECT
        county, kind, first_request_item AS item, first_request_indicator AS indicator,
        assumeNotNull(first_request_at) AS asked_at, first_found_at AS found_at,
        -- By its first signal of the indicator, or found first by officials who raised the same.
        first_request_indicator != '' AND (
            first_found_indicator = first_request_indicator
            OR arrayExists(
                (seen, at) -> seen = first_request_indicator AND at <= asked_at,
                indicators,
                arrayResize(indicators_at, length(indicators), toDateTime64('2200-01-01', 3, 'UTC'))
            )
        ) AS is_for_it
    FROM households FINAL
    WHERE first_request_at <= now
        AND toDate(first_request_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND startsWith(county, {place:String})
        AND startsWith(first_request_item, {item:String})
        AND throwIf(
            not hasAll([
                '', 'item', 'indicator', 'prefecture', 'county', 'kind',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes item, indicator, prefecture, county, kind, day, week, month, quarter, year'
        ) = 0
) AS h
GROUP BY ALL
ORDER BY item, indicator, prefecture, county, kind, period;
