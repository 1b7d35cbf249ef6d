-- Dismissed, then asked: of the households that were found and dismissed, how many asked later?
--
-- Counts households by the day of their first dismissal (the visit found no risk), and whether they
-- raised a case themselves, or had one raised by proxy, after that and by as_of. Each that did is a
-- visit that may have looked away. Recent dismissals have had less time to ask: within_90_days
-- compares like with like among those dismissed at least 90 days before as_of (followed_90_days).
-- Intervals: Wilson, 95 %.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code; empty for all.
-- by: prefecture, county, kind, indicator, day|week|month|quarter|year
-- by default: prefecture
-- kind: aggregate of households
-- columns:
--   prefecture       | dimension                               | 6 digits
--   county           | dimension                               | by its newest fact, 6 digits
--   kind             | dimension                               | unstable, marginal, sudden or none
--   indicator        | dimension                               | what it was first found by, or none
--   period           | dimension                               | of the first dismissal
--   asked            | count                                   | asked after it
--   silent           | count                                   | did not, by as_of
--   dismissed        | sum of asked, silent                    | all of them
--   asked_share      | from asked, dismissed                   | asked of dismissed
--   asked_low        | from asked, dismissed                   | its 95 % interval, lower bound
--   asked_high       | from asked, dismissed                   | its 95 % interval, upper bound
--   median_days      | from asked                              | from the dismissal to the request
--   within_90_days   | count                                   | of followed_90_days, asked within 90 days
--   not_within_90    | count                                   | of followed_90_days, did not
--   followed_90_days | sum of within_90_days, not_within_90    | dismissed 90 days before as_of or earlier
CREATE VIEW IF NOT EXISTS dismissed_then_asked AS
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
    if(has(dims, 'indicator'), if(h.indicator = '', 'none', h.indicator), '') AS indicator,
    multiIf(
        has(dims, 'day'), formatDateTime(h.dismissed_at, '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(h.dismissed_at, '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(h.dismissed_at, '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(h.dismissed_at, '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(h.dismissed_at, '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(h.has_asked) AS asked,
    countIf(NOT h.has_asked) AS silent,
    asked + silent AS dismissed,
    round(asked / dismissed, 4) AS asked_share,
    wilson(asked, dismissed, -1) AS asked_low,
    wilson(asked, dismissed, 1) AS asked_high,
    if(asked = 0, NULL, round(
        quantileExactInclusiveIf(0.5)(h.took_ms / 86400000, h.has_asked), 2
    )) AS median_days,
    countIf(h.is_followed AND h.has_asked AND h.took_ms <= 90 * 86400000) AS within_90_days,
    countIf(h.is_followed AND NOT (h.has_asked AND h.took_ms <= 90 * 86400000)) AS not_within_90,
    within_90_days + not_within_90 AS followed_90_days
FROM
(
    SELECT
        county, kind, first_found_indicator AS indicator,
        arrayMin(arrayFilter((at, event) -> event = 'dismissed', `life.at`, `life.event`))
            AS dismissed_at,
        ifNull(asked_after_dismissal_at <= now, false) AS has_asked,
        ifNull(dateDiff('millisecond', dismissed_at, asked_after_dismissal_at), 0) AS took_ms,
        dismissed_at <= now - INTERVAL 90 DAY AS is_followed
    FROM households FINAL
    WHERE has(`life.event`, 'dismissed') AND dismissed_at <= now
        AND toDate(dismissed_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
        AND startsWith(county, {place:String})
        AND throwIf(
            not hasAll([
                '', 'prefecture', 'county', 'kind', 'indicator',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes prefecture, county, kind, indicator, day, week, month, quarter, year'
        ) = 0
) AS h
GROUP BY ALL
ORDER BY prefecture, county, kind, indicator, period;
