-- Warnings heeded: of the yellow warnings, how many were followed by an end in time?
--
-- Counts yellow steps that stand as fired (newest revision), by the day of the step, and what
-- became of their cycle by as_of. Steps that were already past when a bulk load brought the case
-- (known_late) warned nobody and are left out, as are steps after as_of. heeded_share is of those
-- that are decided; a warning whose clock still runs in time is undecided, a cancelled one counts
-- for neither. Every cycle that comes so far is warned, so there is nothing to compare with: a
-- high share says that warned cycles end in time, not that they would not have without warning, nor
-- that somebody read it: what was delivered and acknowledged is in deliveries and actions.
-- Intervals: Wilson, 95 %.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- by: item, department, prefecture, county, clock, day|week|month|quarter|year
-- by default: item, clock
-- kind: aggregate of warnings
-- columns:
--   item             | dimension                                | service item
--   department       | dimension                                | who had the case when the verdict became certain; undecided: who has it now
--   prefecture       | dimension                                | 6 digits
--   county           | dimension                                | likewise, 6 digits
--   clock            | dimension                                | clock of the item
--   period           | dimension                                | of the day of the warning
--   heeded           | count                                    | ended in time
--   late             | count                                    | became late, ended or not
--   undecided        | count                                    | not late and not ended
--   cancelled        | count                                    | cancelled in time
--   warnings         | sum of heeded, late, undecided, cancelled | all of them
--   decided          | sum of heeded, late                      | ended in time or late
--   heeded_share     | from heeded, decided                     | heeded of decided
--   heeded_low       | from heeded, decided                     | its 95 % interval, lower bound
--   heeded_high      | from heeded, decided                     | its 95 % interval, upper bound
--   median_hours     | from heeded                              | from the warning to the end, of the heeded
CREATE OR REPLACE VIEW warnings_heeded AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    (k, n, side) -> if(n = 0, NULL, round(
        (k + 1.920729 + side * 1.959964 * sqrt(k * (n - k) / n + 0.960365)) / (n + 3.841459), 4
    )) AS wilson
SELECT
    if(has(dims, 'item'), c.item, '') AS item,
    if(has(dims, 'department'), c.department, '') AS department,
    if(has(dims, 'prefecture'), c.prefecture, '') AS prefecture,
    if(has(dims, 'county'), c.county, '') AS county,
    if(has(dims, 'clock'), c.clock, '') AS clock,
    multiIf(
        has(dims, 'day'), formatDateTime(w.warned_at, '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(w.warned_at, '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(w.warned_at, '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(w.warned_at, '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(w.warned_at, '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    countIf(c.status = 'met') AS heeded,
    countIf(c.is_late) AS late,
    countIf(c.status IN ('running', 'paused') AND NOT c.is_late) AS undecided,
    countIf(c.status = 'cancelled' AND NOT c.is_late) AS cancelled,
    heeded + late + undecided + cancelled AS warnings,
    heeded + late AS decided,
    if(decided = 0, NULL, round(heeded / decided, 4)) AS heeded_share,
    wilson(heeded, decided, -1) AS heeded_low,
    wilson(heeded, decided, 1) AS heeded_high,
    if(heeded = 0, NULL, round(quantileExactInclusiveIf(0.5)(
        dateDiff('millisecond', w.warned_at, assumeNotNull(c.stopped_at)) / 3600000, c.status = 'met'
    ), 2)) AS median_hours
FROM
(
    -- The newest revision of each step. Of 128 bits no two cycles have the same key.
    SELECT
        argMax(
            (sipHash128(case_id, clock, start_event_id), at, state = 'fired' AND NOT known_late),
            (revision, source_offset)
        ) AS newest,
        tupleElement(newest, 1) AS key, tupleElement(newest, 2) AS warned_at
    FROM escalations
    WHERE level = 'yellow' AND at <= now
        AND throwIf(
            not hasAll([
                '', 'item', 'department', 'prefecture', 'county', 'clock',
                'day', 'week', 'month', 'quarter', 'year'
            ], dims),
            'by takes item, department, prefecture, county, clock, day, week, month, quarter, year'
        ) = 0
    GROUP BY escalation_id
    HAVING tupleElement(newest, 3)
        AND toDate(warned_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
) AS w
INNER JOIN
(
    SELECT
        sipHash128(case_id, clock, start_event_id) AS key,
        item, department, prefecture, county, clock, status, is_late, stopped_at
    FROM cycles_at(as_of = {as_of:String})
    WHERE startsWith(county, {place:String}) AND startsWith(item, {item:String})
        AND toDate(started_at, 'Asia/Shanghai') <= {until:Date}
) AS c ON c.key = w.key
GROUP BY ALL
ORDER BY item, department, prefecture, county, clock, period;
