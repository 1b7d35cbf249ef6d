-- Attainment: how often was each clock kept?
--
-- Counts cycles whose verdict became certain in the period: one that ended in time by its end, a
-- late one by its due instant, whether or not it has ended since. So a past period does not look
-- better while its worst cases are still open, and every cycle counts once. on_time_share is of
-- the cycles that ended; kept_share counts also those against it that are late and still running,
-- or were cancelled when they were already late. Cycles cancelled in time (the case was closed or
-- withdrawn) are shown and count for neither. The intervals are Wilson's, 95 % (z = 1.959964,
-- Wilson 1927): with few cycles they are wide, and a ranking of counties within them means nothing.
-- A verdict is charged to the office that had the case when it became certain, not to the one that
-- has the case now.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code (5301 is Kunming), item: of the item's; empty for all.
-- by: item, department, prefecture, county, raised_by, clock, day|week|month|quarter|year
-- by default: item, clock
-- kind: aggregate of cycles
-- columns:
--   item           | dimension                                           | service item
--   department     | dimension                                           | who had the case when the verdict became certain
--   prefecture     | dimension                                           | 6 digits
--   county         | dimension                                           | likewise, 6 digits
--   raised_by      | dimension                                           | self, proxy, government
--   clock          | dimension                                           | clock of the item
--   period         | dimension                                           | such as 2026-06, 2026-W23 or 2026-Q2
--   met            | count                                               | ended at or before due
--   missed         | count                                               | ended after due
--   cancelled      | count                                               | cancelled in time
--   cancelled_late | count                                               | cancelled when already late
--   running_late   | count                                               | late and still running as of as_of
--   ended          | sum of met, missed                                  | ended by a stop
--   on_time_share  | from met, ended                                     | met of ended
--   on_time_low    | from met, ended                                     | its 95 % interval, lower bound
--   on_time_high   | from met, ended                                     | its 95 % interval, upper bound
--   judged         | sum of met, missed, cancelled_late, running_late    | all with a verdict for or against
--   kept_share     | from met, judged                                    | met of judged
--   kept_low       | from met, judged                                    | its 95 % interval, lower bound
--   kept_high      | from met, judged                                    | its 95 % interval, upper bound
CREATE OR REPLACE VIEW attainment AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    (k, n, side) -> if(n = 0, NULL, round(
        (k + 1.920729 + side * 1.959964 * sqrt(k * (n - k) / n + 0.960365)) / (n + 3.841459), 4
    )) AS wilson
SELECT
    if(has(dims, 'item'), c.item, '') AS item,
    if(has(dims, 'department'), c.department, '') AS department,
    if(has(dims, 'prefecture'), c.prefecture, '') AS prefecture,
    if(has(dims, 'county'), c.county, '') AS county,
    if(has(dims, 'raised_by'), c.raised_by, '') AS raised_by,
    if(has(dims, 'clock'), c.clock, '') AS clock,
    multiIf(
        has(dims, 'day'), formatDateTime(assumeNotNull(c.verdict_at), '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(assumeNotNull(c.verdict_at), '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(assumeNotNull(c.verdict_at), '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(assumeNotNull(c.verdict_at), '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(assumeNotNull(c.verdict_at), '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(c.status = 'met') AS met,
    countIf(c.status = 'missed') AS missed,
    countIf(c.status = 'cancelled' AND NOT c.is_late) AS cancelled,
    countIf(c.status = 'cancelled' AND c.is_late) AS cancelled_late,
    countIf(c.status = 'running') AS running_late,
    met + missed AS ended,
    if(ended = 0, NULL, round(met / ended, 4)) AS on_time_share,
    wilson(met, ended, -1) AS on_time_low,
    wilson(met, ended, 1) AS on_time_high,
    met + missed + cancelled_late + running_late AS judged,
    if(judged = 0, NULL, round(met / judged, 4)) AS kept_share,
    wilson(met, judged, -1) AS kept_low,
    wilson(met, judged, 1) AS kept_high
FROM cycles_at(as_of = {as_of:String}) AS c
WHERE toDate(c.verdict_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
    AND startsWith(c.county, {place:String})
    AND startsWith(c.item, {item:String})
    AND throwIf(
        not hasAll([
            '', 'item', 'department', 'prefecture', 'county', 'raised_by', 'clock',
            'day', 'week', 'month', 'quarter', 'year'
        ], dims),
        'by takes item, department, prefecture, county, raised_by, clock, day, week, month, quarter, year'
    ) = 0
GROUP BY ALL
ORDER BY item, department, prefecture, county, raised_by, clock, period;
