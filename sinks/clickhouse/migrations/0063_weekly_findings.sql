-- Weekly findings: how many households are found, or ask, each week, beside what is usual there?
--
-- Counts the households with a signal that reached the threshold of its county (政府找), and those
-- that raised a case themselves or by proxy (找政府; a case without a household counts as one), each
-- once a week (Monday to Sunday, Asia/Shanghai) in each group, for the whole weeks that ended by
-- as_of. usual is the mean of the same group's 26 weeks that ended two weeks before, so that the
-- start of what is looked for is not in it; at least 8 of them must lie within the history, else
-- there is no bound. bound is the upper limit of Farrington et al. (1996, J. R. Stat. Soc. A 159) without
-- trend and season: usual * (1 + 2/3 z √((φ usual + φ usual / n) / usual²))^(3/2), with z = 3.09
-- (one week in a thousand of a quiet group, by chance) and φ the larger of 1 and variance over
-- mean; usual is at least 0.5 / n. score is (households - usual) / (bound - usual): 1 at the
-- bound. 26, 8, 2 and z are assumptions (A). Seasons are not known to it: what comes every year at
-- the same time raises an alarm the first time.
--
-- The history of a group begins when both its place and what it counts were seen: in the later of the
-- first week with anything of its direction in its place (county, prefecture, or all that is asked
-- about, as rows are told apart), and the first week with its indicator, of its direction, anywhere in
-- the province. From then on a week without any is 0, before it there are no weeks: a county, or a
-- source of signals, that was connected lately is no news of its households. A prefecture begins with
-- the first of its counties, and what leaves direction or indicator out with the earliest of them:
-- counties that join later raise the numbers of their prefecture, and that can be an alarm. So can a
-- wrong date of long ago, in the county and the indicator that it is of.
--
-- as_of: RFC 3339 with its offset. since, until: days within the weeks to show.
-- place: beginning of the county's code; empty for all.
-- by: direction, prefecture, county, indicator
-- by default: direction, prefecture, indicator
-- kind: aggregate of households
-- columns:
--   direction  | dimension              | government (found), people (asked)
--   prefecture | dimension              | 6 digits
--   county     | dimension              | of the signal or the case, 6 digits
--   indicator  | dimension              | what was seen, or the item that was asked for
--   week       | dimension              | such as 2026-W23
--   households | count                  | found, or asking, that week
--   usual      | from so far households | mean of the weeks before
--   bound      | from so far households | what it rarely exceeds by chance
--   score      | from so far households | distance from usual to households, in those from usual to bound
CREATE OR REPLACE VIEW weekly_findings AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    toStartOfWeek(parseDateTime64BestEffort({as_of:String}, 3, 'UTC'), 1, 'Asia/Shanghai') AS this_week
SELECT
    direction, prefecture, county, indicator,
    formatDateTime(monday, '%G-W%V') AS week,
    households,
    if(weeks < 8, NULL, round(usual_raw, 2)) AS usual,
    if(weeks < 8, NULL, round(bound_raw, 2)) AS bound,
    if(weeks < 8, NULL, round((households - usual_raw) / (bound_raw - usual_raw), 2)) AS score
FROM
(
    SELECT
        *,
        greatest(mean, 0.5 / greatest(1, weeks)) AS usual_raw,
        greatest(1, if(mean > 0, variance / mean, 1)) AS dispersion,
        usual_raw * pow(
            1 + 2 / 3 * 3.09 * sqrt(
                (dispersion * usual_raw + dispersion * usual_raw / greatest(1, weeks))
                / (usual_raw * usual_raw)
            ), 1.5
        ) AS bound_raw
    FROM
    (
        SELECT
            direction, prefecture, county, indicator, begins + 7 * (number - 1) AS monday,
            households,
            count() OVER baseline AS weeks,
            ifNull(avg(households) OVER baseline, 0) AS mean,
            ifNull(varSampStable(households) OVER baseline, 0) AS variance
        FROM
        (
            -- One row for each group, with its number of each week since its history begins.
            SELECT
                direction, prefecture, county_ AS county, indicator_ AS indicator, begins,
                arrayResize(
                    groupArrayInsertAt(0)(found, toUInt32(intDiv(dateDiff('day', begins, monday), 7))),
                    intDiv(dateDiff('day', begins, this_week), 7)
                ) AS each_week
            FROM
            (
                SELECT
                    *,
                    -- Of its place in its direction. Weeks of places that were not asked about are 0.
                    minIf(monday, found > 0) OVER (
                        PARTITION BY direction, prefecture, county_
                    ) AS place_begins,
                    -- Of its indicator in its direction, anywhere.
                    min(monday) OVER (PARTITION BY direction, indicator_) AS indicator_begins,
                    greatest(place_begins, indicator_begins) AS begins
                FROM
                (
                    SELECT
                        if(has(dims, 'direction'), s.way, '') AS direction,
                        if(has(dims, 'prefecture'), concat(substring(s.county, 1, 4), '00'), '')
                            AS prefecture,
                        if(has(dims, 'county'), toString(s.county), '') AS county_,
                        if(has(dims, 'indicator'), toString(s.what), '') AS indicator_,
                        toStartOfWeek(s.at, 1, 'Asia/Shanghai') AS monday,
                        -- All of the province is read, to know when its indicators begin.
                        uniqExactIf(s.household, startsWith(s.county, {place:String})) AS found
                    FROM
                    (
                        SELECT 'government' AS way, county, toString(indicator) AS what, household,
                            observed_at AS at
                        FROM signals_current
                        WHERE counts
                        UNION ALL
                        SELECT 'people' AS way, county, toString(item) AS what,
                            if(household = '', case_id, household) AS household,
                            assumeNotNull(submitted_at) AS at
                        FROM cases FINAL
                        WHERE submitted_at IS NOT NULL AND raised_by != 'government' AND NOT held
                    ) AS s
                    WHERE monday < this_week
                        AND throwIf(
                            not hasAll(
                                ['', 'direction', 'prefecture', 'county', 'indicator'], dims
                            ),
                            'by takes direction, prefecture, county, indicator'
                        ) = 0
                    GROUP BY ALL
                )
            )
            WHERE found > 0
            GROUP BY ALL
        )
        ARRAY JOIN each_week AS households, arrayEnumerate(each_week) AS number
        WINDOW baseline AS (
            PARTITION BY direction, prefecture, county, indicator ORDER BY monday
            ROWS BETWEEN 28 PRECEDING AND 3 PRECEDING
        )
    )
)
WHERE monday BETWEEN toStartOfWeek({since:Date}, 1) AND {until:Date}
ORDER BY direction, prefecture, county, indicator, monday;
