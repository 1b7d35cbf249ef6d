-- How many limits will be missed in the coming 1, 3 and 7 days, within the scope: one row of each
-- for all (item empty) and for each item.
--
-- due        runs of clocks that are running, not past due, and due within these days
-- likely     how many of them are expected to be missed
-- low, high  that, less and plus 1.96 standard deviations; not below 0, not above due
--
-- Each run is given the share of misses among the runs of the same item and clock that were due in
-- the 90 days up to as_of and that were still running as long before their due instant as it is
-- now: 12 hours for those due within a day, 2 days within three, 5 days within seven. Two runs of
-- the average of all items are added to each share, so that few runs do not read as certainty. The
-- variance is that of independent runs, and 12 in 100 of likely for what delays many at once: what
-- the analysts' forecast by county and clock (breach_forecast) needed in its back tests on simulated
-- histories. A flood or a long holiday is more than that. Paused clocks have no due instant and are
-- left out, and so are clocks that have yet to start.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toUnixTimestamp64Milli(as_of) AS as_of_ms,
    3600000 AS hour_ms,
    [12, 48, 120] AS left_h,
    arrayMap(hours -> hours * hour_ms, left_h) AS left_ms
SELECT
    item,
    [1, 3, 7][horizon] AS days,
    sum(running) AS due,
    sum(running * p) AS mean,
    1.96 * sqrt(sum(running * p * (1 - p)) + pow(0.12 * mean, 2)) AS deviation,
    round(mean, 1) AS likely,
    round(greatest(0, mean - deviation), 1) AS low,
    round(least(toFloat64(due), mean + deviation), 1) AS high
FROM
(
    SELECT
        item, band, running,
        sum(missed) OVER (PARTITION BY band) AS missed_all,
        missed_all / greatest(sum(alive) OVER (PARTITION BY band), 1) AS p_all,
        (missed + 2 * p_all) / (alive + 2) AS p
    FROM
    (
        SELECT
            item, band, running_in[band] AS running, alive_in[band] AS alive,
            missed_in[band] AS missed
        FROM
        (
            WITH
                outcome = 'live' AND due_ms >= as_of_ms AS is_ahead,
                due_ms < as_of_ms AS is_past,
                outcome != 'met' AS is_missed,
                due_ms - if(stop_ms = 0, as_of_ms, stop_ms) AS early_ms,
                is_past AND limit_h >= left_h[1] AND early_ms < left_ms[1] AS was_alive_1,
                is_past AND limit_h >= left_h[2] AND early_ms < left_ms[2] AS was_alive_2,
                is_past AND limit_h >= left_h[3] AND early_ms < left_ms[3] AS was_alive_3
            SELECT
                item, clock,
                [
                    countIf(is_ahead AND due_ms <= as_of_ms + 24 * hour_ms),
                    countIf(is_ahead AND due_ms > as_of_ms + 24 * hour_ms
                        AND due_ms <= as_of_ms + 72 * hour_ms),
                    countIf(is_ahead AND due_ms > as_of_ms + 72 * hour_ms)
                ] AS running_in,
                [countIf(was_alive_1), countIf(was_alive_2), countIf(was_alive_3)] AS alive_in,
                [
                    countIf(was_alive_1 AND is_missed), countIf(was_alive_2 AND is_missed),
                    countIf(was_alive_3 AND is_missed)
                ] AS missed_in
            FROM
            (
                SELECT
                    item, toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on,
                    verdicts.clock, verdicts.limit_h, verdicts.due_ms, verdicts.stopped_ms,
                    verdicts.outcome
                -- 90 days, and the 5 by which a run that ended may have been early.
                FROM cases_since(since = as_of - INTERVAL 95 DAY)
                WHERE submitted_at <= as_of
                    AND item != ''
                    AND (%(prefecture)s = ''
                        OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
                    AND (%(county)s = '' OR county = %(county)s)
                    AND (%(township)s = '' OR township = %(township)s)
                    AND (%(item)s = '' OR item = %(item)s)
                    AND (%(department)s = '' OR department = %(department)s)
                    AND (%(raised_by)s = '' OR raised_by = %(raised_by)s)
                    AND (%(channel)s = '' OR channel = %(channel)s)
                    AND (%(since)s = '' OR submitted_on >= toDate32OrNull(%(since)s))
                    AND (%(until)s = '' OR submitted_on <= toDate32OrNull(%(until)s))
                    AND (%(level)s = '' OR case_id IN (
                        SELECT case_id
                        FROM escalations_standing
                        WHERE %(level)s != '' AND level = %(level)s AND at <= as_of))
            )
            ARRAY JOIN
                verdicts.clock AS clock, verdicts.limit_h AS limit_h, verdicts.due_ms AS due_ms,
                verdicts.stopped_ms AS stop_ms, verdicts.outcome AS outcome
            WHERE due_ms > as_of_ms - 90 * 24 * hour_ms AND due_ms <= as_of_ms + 168 * hour_ms
                AND outcome IN ('live', 'met', 'missed')
            GROUP BY item, clock
        )
        ARRAY JOIN [1, 2, 3] AS band
    )
)
ARRAY JOIN [1, 2, 3] AS horizon
WHERE band <= horizon
GROUP BY GROUPING SETS ((horizon), (horizon, item))
ORDER BY item, days
