-- How did the last 30 Shanghai days go, within the scope: one row a day, the day of as_of last, and
-- that up to as_of.
--
-- received      cases submitted on the day
-- closed        cases resolved, rejected or withdrawn on it
-- open          cases open at its end
-- late          open cases at its end with a clock past its due instant
-- supervised    open cases at its end whose overall clock (10 days) was past its due instant
-- in_time       runs of clocks that ended on it by their due instant
-- out_of_time   runs of clocks that ended on it after their due instant
-- accept_hours  median hours, nights included, of the runs of accept that ended on it; null where
--               none did
--
-- Reckoned from the newest state of every case, so what became known later counts on the day on
-- which it happened. A clock that is paused now has no due instant and is late on no day.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toInt32(toDate32(as_of, 'Asia/Shanghai')) AS last_day,
    last_day - 29 AS first_day
SELECT * EXCEPT (day_number, growth)
FROM
(
    SELECT
        day_number,
        toDate32('1970-01-01') + day_number AS day,
        countIf(what = 'received') AS received,
        countIf(what = 'closed') AS closed,
        toInt64(received) - closed AS growth,
        sum(growth) OVER (ORDER BY day_number) AS open,
        countIf(what = 'late') AS late,
        countIf(what = 'supervised') AS supervised,
        countIf(what = 'met') AS in_time,
        countIf(what = 'missed') AS out_of_time,
        if(countIf(what = 'accepted') = 0, NULL,
            round(quantileExactIf(0.5)(hours, what = 'accepted'), 1)) AS accept_hours
    FROM
    (
        SELECT first_day - 1 + number AS day_number, 'none' AS what, 0 AS hours
        FROM numbers(31)
        UNION ALL
        SELECT entry.1 AS day_number, entry.2 AS what, entry.3 AS hours
        FROM
        (
            SELECT
                toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on,
                arrayMap(
                    (clock, start, due, stop, outcome) -> (
                        clock,
                        outcome,
                        toInt32(toDate32(due, 'Asia/Shanghai')),
                        if(stop IS NULL OR stop > as_of, last_day + 1,
                            toInt32(toDate32(stop, 'Asia/Shanghai'))),
                        dateDiff('minute', start, stop) / 60,
                        ifNull(due < least(ifNull(stop, as_of), as_of), false)
                    ),
                    verdicts.clock, verdicts.started_at, verdicts.due_at, verdicts.stopped_at,
                    verdicts.outcome
                ) AS runs,
                arrayFilter(run -> run.6 AND run.4 >= first_day, runs) AS breaches,
                arrayFilter(run -> run.4 BETWEEN first_day AND last_day, runs) AS ends,
                arrayMap(
                    run -> range(
                        toUInt32(greatest(ifNull(run.3, first_day), first_day)), toUInt32(run.4)),
                    breaches
                ) AS late_days,
                arrayConcat(
                    [(greatest(toInt32(submitted_on), first_day - 1), 'received', 0.)],
                    if(closed_at IS NULL OR closed_at > as_of, [], [(
                        greatest(toInt32(toDate32(assumeNotNull(closed_at), 'Asia/Shanghai')),
                            first_day - 1), 'closed', 0.)]),
                    arrayMap(day -> (toInt32(day), 'late', 0.),
                        arrayDistinct(arrayFlatten(late_days))),
                    arrayMap(day -> (toInt32(day), 'supervised', 0.), arrayDistinct(arrayFlatten(
                        arrayFilter((days, run) -> run.1 = 'overall', late_days, breaches)))),
                    arrayMap(run -> (run.4, toString(run.2), 0.),
                        arrayFilter(run -> run.2 IN ('met', 'missed'), ends)),
                    arrayMap(run -> (run.4, 'accepted', assumeNotNull(run.5)),
                        arrayFilter(run -> run.1 = 'accept' AND run.2 IN ('met', 'missed'), ends))
                ) AS entries
            FROM cases FINAL
            WHERE submitted_at <= as_of
                AND item != ''
                AND (closed_at IS NULL
                    OR toInt32(toDate32(closed_at, 'Asia/Shanghai')) >= first_day)
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
        ARRAY JOIN entries AS entry
    )
    GROUP BY day_number
)
WHERE day_number >= first_day
ORDER BY day_number
