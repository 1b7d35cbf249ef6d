-- Breach forecast: how many of the clocks that run now will become late in 1, 3 and 7 days?
--
-- For each clock that runs as of as_of, is not late and falls due within the horizon: how likely
-- is it to become late, given how much of its time is used up? Learnt from the cycles whose
-- verdict became certain in the 365 days before as_of: of those that were still running when that
-- tenth of their time (start to due, by the wall clock) was used up, the share that became late.
-- Shares of few cycles are drawn towards the next larger group: a county's towards the clock's in
-- the province, that towards all clocks', each with the weight of 20 cycles (an assumption, A).
-- expected is the sum of these shares. low and high are a 95 % interval for independent clocks
-- (normal approximation of the Poisson binomial, within 0 and due): it is too narrow where one
-- cause, such as a drought, delays many at once. due is what becomes late if nobody does anything.
-- Clocks that will start within the horizon are not forecast, nor are paused ones.
--
-- as_of: RFC 3339 with its offset.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- by: item, department, prefecture, county, clock
-- by default: item, clock
-- kind: aggregate of cycles
-- columns:
--   horizon_days | dimension | 1, 3 or 7 days of 24 hours from as_of; the larger hold the smaller
--   item         | dimension | service item
--   department   | dimension | who has the case now
--   prefecture   | dimension | 6 digits
--   county       | dimension | who has the case now, 6 digits
--   clock        | dimension | clock of the item
--   due          | count     | run in time and fall due within the horizon
--   expected     | from due  | of them, expected to become late
--   low          | from due  | 95 % interval, lower bound
--   high         | from due  | 95 % interval, upper bound
CREATE VIEW IF NOT EXISTS breach_forecast AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    judged AS
    (
        SELECT item, clock, county, tenths, count() AS cycles, sum(late) AS late
        FROM
        (
            SELECT
                item, clock, county, toUInt64(is_late) AS late,
                if(is_late, 9, least(9, intDiv(
                    10 * dateDiff('millisecond', started_at, stopped_at),
                    greatest(1, dateDiff('millisecond', started_at, due_at))
                ))) AS tenths
            FROM cycles_at(as_of = {as_of:String})
            WHERE verdict_at > now - INTERVAL 365 DAY AND due_at IS NOT NULL
                AND (is_late OR status = 'met')
        )
        GROUP BY item, clock, county, tenths
    ),
    at_tenth AS
    (
        SELECT
            item, clock, county, arrayJoin(range(0, toUInt8(assumeNotNull(tenths)) + 1)) AS tenth,
            sum(cycles) AS cycles, sum(late) AS late
        FROM judged
        GROUP BY item, clock, county, tenth
    ),
    of_all AS
    (
        SELECT tenth, (sum(late) + 0.5) / (sum(cycles) + 1) AS share FROM at_tenth GROUP BY tenth
    ),
    of_clock AS
    (
        SELECT a.item AS item, a.clock AS clock, a.tenth AS tenth,
            (sum(a.late) + 20 * any(o.share)) / (sum(a.cycles) + 20) AS share
        FROM at_tenth AS a INNER JOIN of_all AS o ON o.tenth = a.tenth
        GROUP BY a.item, a.clock, a.tenth
    ),
    of_county AS
    (
        SELECT a.item AS item, a.clock AS clock, a.county AS county, a.tenth AS tenth,
            (a.late + 20 * o.share) / (a.cycles + 20) AS share
        FROM at_tenth AS a
        INNER JOIN of_clock AS o ON o.item = a.item AND o.clock = a.clock AND o.tenth = a.tenth
    ),
    running AS
    (
        SELECT
            item, department, prefecture, county, clock, horizon,
            toUInt8(least(9, intDiv(
                10 * dateDiff('millisecond', started_at, now),
                greatest(1, dateDiff('millisecond', started_at, assumeNotNull(due_at)))
            ))) AS tenth,
            count() AS cycles
        FROM (SELECT *, arrayJoin([1, 3, 7]) AS horizon FROM cycles_at(as_of = {as_of:String}))
        WHERE status = 'running' AND NOT is_late AND due_at <= now + toIntervalDay(horizon)
            AND startsWith(county, {place:String})
            AND startsWith(item, {item:String})
            AND throwIf(
                not hasAll(['', 'item', 'department', 'prefecture', 'county', 'clock'], dims),
                'by takes item, department, prefecture, county, clock'
            ) = 0
        GROUP BY item, department, prefecture, county, clock, horizon, tenth
    )
SELECT
    r.horizon AS horizon_days,
    if(has(dims, 'item'), r.item, '') AS item,
    if(has(dims, 'department'), r.department, '') AS department,
    if(has(dims, 'prefecture'), r.prefecture, '') AS prefecture,
    if(has(dims, 'county'), r.county, '') AS county,
    if(has(dims, 'clock'), r.clock, '') AS clock,
    sum(r.cycles) AS due,
    round(sum(r.cycles * r.share), 1) AS expected,
    round(greatest(0, sum(r.cycles * r.share)
        - 1.959964 * sqrt(sum(r.cycles * r.share * (1 - r.share)))), 1) AS low,
    round(least(toFloat64(due), sum(r.cycles * r.share)
        + 1.959964 * sqrt(sum(r.cycles * r.share * (1 - r.share)))), 1) AS high
FROM
(
    SELECT
        n.item AS item, n.department AS department, n.prefecture AS prefecture,
        n.county AS county, n.clock AS clock, n.horizon AS horizon, n.cycles AS cycles,
        multiIf(y.share > 0, y.share, k.share > 0, k.share, a.share > 0, a.share, 0.5) AS share
    FROM running AS n
    LEFT JOIN of_county AS y
        ON y.item = n.item AND y.clock = n.clock AND y.county = n.county AND y.tenth = n.tenth
    LEFT JOIN of_clock AS k ON k.item = n.item AND k.clock = n.clock AND k.tenth = n.tenth
    LEFT JOIN of_all AS a ON a.tenth = n.tenth
) AS r
GROUP BY ALL
ORDER BY horizon_days, item, department, prefecture, county, clock;
