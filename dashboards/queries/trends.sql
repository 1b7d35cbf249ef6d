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
--
-- The days on which a case was late are the bits of one number, the first day the lowest: several
-- late runs of a case are one number by OR, and cases that were late on the same days one row. In
-- an entry they are what 3 and 4; 1 is received, 2 closed, 5 met, 6 missed, 7 the end of an accept.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    -- Days since 1970-01-01 at UTC+8, without the cost of a calendar.
    (at) -> intDiv(toUnixTimestamp64Milli(at) + 28800000, 86400000) AS day_of,
    day_of(as_of) AS last_day,
    last_day - 29 AS first_day,
    fromUnixTimestamp64Milli(first_day * 86400000 - 28800000, 'UTC') AS first_at
SELECT * EXCEPT (day_number, growth)
FROM
(
    SELECT
        day_number,
        toDate32('1970-01-01') + toInt32(day_number) AS day,
        sumIf(n, what = 1) AS received,
        sumIf(n, what = 2) AS closed,
        toInt64(received) - toInt64(closed) AS growth,
        sum(growth) OVER (ORDER BY day_number) AS open,
        sumIf(n, what = 3) AS late,
        sumIf(n, what = 4) AS supervised,
        sumIf(n, what = 5) AS in_time,
        sumIf(n, what = 6) AS out_of_time,
        maxOrNullIf(median_hours, what = 7) AS accept_hours
    FROM
    (
        SELECT first_day - 1 + number AS day_number, 0 AS what, 0 AS n, 0. AS median_hours
        FROM numbers(31)
        UNION ALL
        SELECT
            arrayJoin(if(
                what IN (3, 4),
                arrayMap((bit) -> first_day + bit, bitPositionsToArray(toUInt64(value))), [value]
            )) AS day_number,
            what, n, median_hours
        FROM
        (
            SELECT
                entry.1 AS what, entry.2 AS value, count() AS n,
                round(quantileExactIf(0.5)(entry.3, what = 7), 1) AS median_hours
            FROM
            (
                SELECT
                    toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on,
                    arrayMap(
                        (due, stop) -> if(
                            ifNull(due < least(ifNull(stop, as_of), as_of), false),
                            bitShiftLeft(toUInt64(1), greatest(first_day, if(
                                ifNull(stop <= as_of, false), day_of(assumeNotNull(stop)),
                                last_day + 1
                            )) - first_day)
                            - bitShiftLeft(toUInt64(1), greatest(
                                first_day, day_of(assumeNotNull(due))) - first_day),
                            0
                        ),
                        verdicts.due_at, verdicts.stopped_at
                    ) AS late_days,
                    toInt64(arrayReduce('groupBitOr', arrayMap(d -> toUInt64(d), late_days)))
                        AS late_mask,
                    toInt64(arrayReduce('groupBitOr', arrayMap(
                        (d, clock) -> toUInt64(if(clock = 'overall', d, 0)),
                        late_days, verdicts.clock
                    ))) AS supervised_mask,
                    arrayFilter(
                        (end) -> end.1 >= first_day AND end.1 <= last_day,
                        arrayMap(
                            (stop, outcome, clock, start) -> (
                                if(ifNull(stop <= as_of, false), day_of(assumeNotNull(stop)), 0),
                                outcome = 'met', outcome = 'missed', clock = 'accept',
                                start, assumeNotNull(stop)
                            ),
                            verdicts.stopped_at, verdicts.outcome, verdicts.clock,
                            verdicts.started_at
                        )
                    ) AS ends,
                    arrayConcat(
                        [(1, greatest(day_of(assumeNotNull(submitted_at)), first_day - 1), 0.)],
                        if(ifNull(closed_at <= as_of, false), [(
                            2, greatest(day_of(assumeNotNull(closed_at)), first_day - 1), 0.)], []),
                        if(late_mask = 0, [], [(3, late_mask, 0.)]),
                        if(supervised_mask = 0, [], [(4, supervised_mask, 0.)]),
                        arrayMap(end -> (if(end.2, 5, 6), end.1, 0.),
                            arrayFilter(end -> end.2 OR end.3, ends)),
                        arrayMap(end -> (7, end.1, dateDiff('minute', end.5, end.6) / 60),
                            arrayFilter(end -> end.4 AND (end.2 OR end.3), ends))
                    ) AS entries
                FROM cases FINAL
                WHERE submitted_at <= as_of
                    AND item != ''
                    AND (closed_at IS NULL OR closed_at >= first_at)
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
            GROUP BY what, value
        )
    )
    GROUP BY day_number
)
WHERE day_number >= first_day
ORDER BY day_number
