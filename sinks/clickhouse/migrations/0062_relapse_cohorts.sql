-- Relapse cohorts: of the households whose risk was cleared, how many fall back after how long?
--
-- Counts clearings by the day of the clearing and follows each until it relapsed or until as_of,
-- in months of 30 days. at_risk were still cleared and being watched when the month began, relapsed
-- fell back in it, censored were watched to a point within it and had not fallen back by as_of.
-- kept is the share that has not fallen back by the end of the month, by the life table: of each
-- month relapsed / (at_risk - censored / 2), multiplied up (Cutler and Ederer 1958). Its 95 %
-- interval is Wilson's (z = 1.959964, Wilson 1927) with the effective sample size of the life table
-- (Dorey and Korn 1987, Stat. Med. 6:679): kept (1 - kept) / variance, the variance by Greenwood. Where
-- kept is 0 or 1 that variance is 0 and says nothing; the size is then the smallest
-- at_risk - censored / 2 so far. Households that ask for nothing and are not visited are not seen to
-- fall back, so kept is at best what it is said to be. Early months of young cohorts rest on all of
-- them, late months on few: look at at_risk.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai of the clearing.
-- place: beginning of the county's code; empty for all.
-- by: prefecture, county, kind, category, month|quarter|year
-- by default:
-- kind: aggregate of clearings
-- columns:
--   prefecture  | dimension                        | 6 digits
--   county      | dimension                        | of the household by its newest fact, 6 digits
--   kind        | dimension                        | unstable, marginal, sudden or none
--   category    | dimension                        | what the rules in force call that kind
--   period      | dimension                        | of the clearing
--   after_month | dimension                        | of 30 days since the clearing, from 1
--   relapsed    | count                            | fell back in this month
--   censored    | count                            | watched no further than this month
--   at_risk     | sum of relapsed, censored, next at_risk | cleared and watched when it began
--   kept        | from so far relapsed, censored, at_risk | share not fallen back by the end of the month
--   kept_low    | from so far relapsed, censored, at_risk | its 95 % interval, lower bound
--   kept_high   | from so far relapsed, censored, at_risk | its 95 % interval, upper bound
CREATE OR REPLACE VIEW relapse_cohorts AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    (share, n, side) -> round(greatest(0, least(1,
        (n * share + 1.920729 + side * 1.959964 * sqrt(n * share * (1 - share) + 0.960365))
        / (n + 3.841459)
    )), 4) AS wilson
SELECT
    prefecture, county, kind, category, period,
    elapsed + 1 AS after_month,
    fell AS relapsed, lost AS censored, risk AS at_risk,
    round(survival, 4) AS kept,
    wilson(survival, size, -1) AS kept_low,
    wilson(survival, size, 1) AS kept_high
FROM
(
    SELECT
        *,
        risk - lost / 2 AS exposed,
        exp(sum(log(1 - fell / exposed)) OVER cohort) AS survival,
        -- Greenwood's variance over the square of survival.
        sum(if(exposed > fell, fell / (exposed * (exposed - fell)), 0)) OVER cohort AS variance,
        if(
            survival > 0 AND variance > 0, (1 - survival) / (survival * variance),
            min(exposed) OVER cohort
        ) AS size
    FROM
    (
        SELECT
            if(has(dims, 'prefecture'), concat(substring(c.county, 1, 4), '00'), '') AS prefecture,
            if(has(dims, 'county'), c.county, '') AS county,
            if(has(dims, 'kind'), c.kind, '') AS kind,
            if(has(dims, 'category'), c.category, '') AS category,
            multiIf(
                has(dims, 'month'), formatDateTime(c.cleared_at, '%Y-%m', 'Asia/Shanghai'),
                has(dims, 'quarter'), formatDateTime(c.cleared_at, '%Y-Q%Q', 'Asia/Shanghai'),
                has(dims, 'year'), formatDateTime(c.cleared_at, '%Y', 'Asia/Shanghai'), ''
            ) AS period,
            elapsed,
            count() AS risk,
            countIf(c.has_relapsed AND elapsed = c.months) AS fell,
            countIf(NOT c.has_relapsed AND elapsed = c.months) AS lost
        FROM
        (
            SELECT
                county, kind, category, cleared_at,
                ifNull(relapsed_at <= now, false) AS has_relapsed,
                intDiv(
                    dateDiff('millisecond', cleared_at, least(ifNull(relapsed_at, now), now)),
                    30 * 86400000
                ) AS months
            FROM household_clearings
            WHERE cleared_at <= now
                AND toDate(cleared_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
                AND startsWith(county, {place:String})
                AND throwIf(
                    not hasAll([
                        '', 'prefecture', 'county', 'kind', 'category', 'month', 'quarter', 'year'
                    ], dims),
                    'by takes prefecture, county, kind, category, month, quarter, year'
                ) = 0
        ) AS c
        ARRAY JOIN range(0, toUInt32(c.months) + 1) AS elapsed
        GROUP BY ALL
    )
    WINDOW cohort AS (
        PARTITION BY prefecture, county, kind, category, period ORDER BY elapsed
    )
)
ORDER BY prefecture, county, kind, category, period, after_month;
