-- How did the last 30 Shanghai days go, within the scope: one row a day, the day of as_of last, and
-- that up to as_of.
--
-- received      cases submitted on the day
-- closed        cases resolved, rejected or withdrawn on it
-- open          cases open at its end
-- late          open cases at its end with a clock past its due instant
-- supervised    open cases at its end whose overall clock (10 days) was past its due instant
-- in_time       runs of clocks that ended on it by their due instant
-- out_of_time   runs of clocks that ended on it after their due instant; both with the office that
--               had the case when the run was decided (attainment.sql), cases with the one that has
--               it now
-- accept_hours  median hours, nights included, of the runs of accept that ended on it; null where
--               none did
--
-- Reckoned from the newest state of every case, so what became known later counts on the day on
-- which it happened. A clock that is paused now has no due instant and is late on no day.
--
-- An entry is one number: what it counts in the highest byte, below it the value. what is 1 received
-- and 2 closed, whose value is the day, counted from 1, 0 being all before; 3 late and 4 supervised,
-- whose value has a bit for each day, the first day the lowest: several late runs of a case are one
-- by OR; 5 met and 6 missed, whose value is the day and, for an accept, 64 times its tenths of an
-- hour and one. An entry of 0 is none.
WITH
    toInt64(%(as_of_ms)s) AS as_of_ms,
    -- Days since 1970-01-01 at UTC+8, without the cost of a calendar.
    (ms) -> intDiv(ms + 28800000, 86400000) AS day_of,
    day_of(as_of_ms) AS last_day,
    last_day - 29 AS first_day,
    first_day * 86400000 - 28800000 AS first_ms,
    (ms) -> greatest(day_of(ms) - first_day, 0) AS bit_of,
    (ms) -> greatest(day_of(ms) - first_day + 1, 0) AS nth_of,
    (what, value) -> bitShiftLeft(toUInt64(what), 56) + value AS entry_of,
    (minutes) -> intDiv(toUInt64(minutes) + 3, 6) AS tenths_of,
    (branch, office) -> (%(prefecture)s = '' OR substring(office, 1, 4) = substring(%(prefecture)s, 1, 4))
        AND (%(county)s = '' OR office = %(county)s)
        AND (%(department)s = '' OR branch = %(department)s) AS within,
    fromUnixTimestamp64Milli(as_of_ms, 'UTC') AS as_of,
    fromUnixTimestamp64Milli(first_ms, 'UTC') AS first_at
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
        -- By the negative, so that of an even number the later of the two in the middle counts.
        -quantileExactWeightedOrNullIf(0.5)(
            1 - toInt64(tenths_and_one), n, tenths_and_one > 0
        ) / 10 AS accept_hours
    FROM
    (
        SELECT first_day - 1 + number AS day_number, 0 AS what, 0 AS n, 0 AS tenths_and_one
        FROM numbers(31)
        UNION ALL
        SELECT
            arrayJoin(if(
                what IN (3, 4),
                arrayMap(bit -> first_day + bit, bitPositionsToArray(value)),
                [first_day - 1 + bitAnd(value, 63)]
            )) AS day_number,
            what, n,
            if(what IN (5, 6), intDiv(value, 64), 0) AS tenths_and_one
        FROM
        (
            SELECT
                bitShiftRight(entry, 56) AS what,
                entry - entry_of(what, 0) AS value,
                count() AS n
            FROM
            (
                SELECT
                    toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on,
                    arrayMap(
                        (due, stop) -> if(
                            due != 0 AND due < if(stop = 0 OR stop > as_of_ms, as_of_ms, stop),
                            bitShiftLeft(
                                toUInt64(1), if(stop = 0 OR stop > as_of_ms, 30, bit_of(stop))
                            ) - bitShiftLeft(toUInt64(1), bit_of(due)),
                            0
                        ),
                        verdicts.due_ms, verdicts.stopped_ms
                    ) AS late_days,
                    arrayReduce('groupBitOr', late_days) AS late_mask,
                    arrayReduce('groupBitOr', arrayMap(
                        (days, clock) -> if(clock = 'overall', days, 0), late_days, verdicts.clock
                    )) AS supervised_mask,
                    ifNull(toUnixTimestamp64Milli(submitted_at), 0) AS submitted_ms,
                    ifNull(toUnixTimestamp64Milli(closed_at), as_of_ms + 1) AS closed_ms,
                    arrayConcat(
                        [
                            entry_of(1, nth_of(submitted_ms)),
                            if(closed_ms > as_of_ms, 0, entry_of(2, nth_of(closed_ms))),
                            if(late_mask = 0, 0, entry_of(3, late_mask)),
                            if(supervised_mask = 0, 0, entry_of(4, supervised_mask))
                        ],
                        arrayMap(
                            (stop, outcome, clock, minutes) -> if(
                                stop >= first_ms AND stop <= as_of_ms
                                    AND outcome IN ('met', 'missed'),
                                entry_of(
                                    if(outcome = 'met', 5, 6),
                                    nth_of(stop)
                                    + if(clock = 'accept', 64 * (tenths_of(minutes) + 1), 0)
                                ),
                                0
                            ),
                            verdicts.stopped_ms, verdicts.outcome, verdicts.clock, verdicts.took_min
                        )
                    ) AS all_entries,
                    within(department, county) AS is_own,
                    -- What was decided elsewhere is not of this place, nor the rest of a case elsewhere.
                    if(
                        empty(charged.county), all_entries,
                        arrayMap(
                            (entry, is_within) -> if(is_within, entry, 0), all_entries,
                            arrayConcat(
                                [is_own, is_own, is_own, is_own],
                                arrayMap(within, charged.department, charged.county)
                            )
                        )
                    ) AS entries
                FROM cases_since(since = first_at)
                WHERE submitted_at <= as_of
                    AND item != ''
                    AND (is_own OR arrayExists(within, charged.department, charged.county))
                    AND (%(township)s = '' OR township = %(township)s)
                    AND (%(item)s = '' OR item = %(item)s)
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
            GROUP BY entry
        )
    )
    GROUP BY day_number
)
WHERE day_number >= first_day
ORDER BY day_number
