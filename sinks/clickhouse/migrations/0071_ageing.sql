-- Ageing: how long have the open cases been open?
--
-- Counts cases that were submitted by as_of and not closed by then, by the time since their
-- submission in days of 24 hours. Each band includes its upper bound: days_0_1 is up to 1 day,
-- days_1_3 over 1 and up to 3. The bands are those of the monthly bulletin; 10 days is the limit
-- of the platform's rule, which counts calendar days, so that over_limit and days_over_10 can
-- differ by the hours of the first day. A case that was reopened counts from its first submission;
-- one that was closed by as_of and reopened later was not open then. Offices are those that had the
-- case then.
--
-- as_of: RFC 3339 with its offset.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- by: item, department, prefecture, county, raised_by
-- by default: item
-- kind: aggregate of cases
-- columns:
--   item         | dimension                                                                      | service item
--   department   | dimension                                                                      | who had the case then
--   prefecture   | dimension                                                                      | 6 digits
--   county       | dimension                                                                      | who had the case then, 6 digits
--   raised_by    | dimension                                                                      | self, proxy, government
--   days_0_1     | count                                                                          | up to 1 day
--   days_1_3     | count                                                                          | over 1, up to 3
--   days_3_5     | count                                                                          | over 3, up to 5
--   days_5_7     | count                                                                          | over 5, up to 7
--   days_7_10    | count                                                                          | over 7, up to 10
--   days_over_10 | count                                                                          | over 10
--   open         | sum of days_0_1, days_1_3, days_3_5, days_5_7, days_7_10, days_over_10         | all of them
--   late         | count                                                                          | have a clock that is late and runs
--   over_limit   | count                                                                          | the citizen's clock (overall) is late
--   median_days  | from open                                                                      | days since submission
CREATE OR REPLACE VIEW ageing AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now
SELECT
    if(has(dims, 'item'), c.item, '') AS item,
    if(has(dims, 'department'), c.department, '') AS department,
    if(has(dims, 'prefecture'), concat(substring(c.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), c.county, '') AS county,
    if(has(dims, 'raised_by'), c.raised_by, '') AS raised_by,
    countIf(c.age_days <= 1) AS days_0_1,
    countIf(c.age_days > 1 AND c.age_days <= 3) AS days_1_3,
    countIf(c.age_days > 3 AND c.age_days <= 5) AS days_3_5,
    countIf(c.age_days > 5 AND c.age_days <= 7) AS days_5_7,
    countIf(c.age_days > 7 AND c.age_days <= 10) AS days_7_10,
    countIf(c.age_days > 10) AS days_over_10,
    count() AS open,
    countIf(c.is_late) AS late,
    countIf(c.is_over_limit) AS over_limit,
    round(quantileExactInclusive(0.5)(c.age_days), 2) AS median_days
FROM
(
    SELECT
        item, raised_by,
        -- Custody ends when a case is closed and begins anew when it is reopened.
        arrayLastIndex(since -> since <= now, `custody.since`) AS last,
        if(last = 0, cases.department, `custody.department`[last]) AS department,
        if(last = 0, cases.county, `custody.county`[last]) AS county,
        dateDiff('millisecond', assumeNotNull(submitted_at), now) / 86400000 AS age_days,
        arrayExists(
            (due, stopped) -> ifNull(due < now, false) AND ifNull(stopped > now, true),
            `verdicts.due_at`, `verdicts.stopped_at`
        ) AS is_late,
        arrayExists(
            (clock, due, stopped) ->
                clock = 'overall' AND ifNull(due < now, false) AND ifNull(stopped > now, true),
            `verdicts.clock`, `verdicts.due_at`, `verdicts.stopped_at`
        ) AS is_over_limit
    FROM cases FINAL
    WHERE submitted_at <= now AND NOT held
        AND ifNull(if(last = 0, closed_at, `custody.until`[last]) > now, true)
        AND startsWith(county, {place:String})
        AND startsWith(item, {item:String})
        AND throwIf(
            not hasAll(['', 'item', 'department', 'prefecture', 'county', 'raised_by'], dims),
            'by takes item, department, prefecture, county, raised_by'
        ) = 0
) AS c
GROUP BY ALL
ORDER BY item, department, prefecture, county, raised_by;
