-- The counts of counts.sql, reckoned from the newest state of every case instead of from published
-- counts: for a scope that also names a department, a township, a channel, a level or a period.
--
-- period   cases submitted on these Shanghai days, the first and the last included
-- level    cases with an escalation of that level that was due to fire by as_of and stands
--
-- Each of these narrows every column. Besides the rows of counts.sql there is one for each township
-- that has the case now.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    -- Bounds that are reckoned once: rounding up the due instants of a million cases costs more.
    toStartOfMinute(as_of - INTERVAL 1 MILLISECOND) AS late_by,
    toStartOfMinute(as_of + INTERVAL 24 HOUR) AS due_by_24h,
    toStartOfMinute(as_of + INTERVAL 72 HOUR) AS due_by_72h,
    toStartOfDay(as_of, 'Asia/Shanghai') AS today_at,
    today_at + INTERVAL 1 DAY AS tomorrow_at,
    toDate32(submitted_at, 'Asia/Shanghai') AS day,
    closed_at IS NULL AS is_open,
    is_open AND ifNull(overall_due_at <= late_by, false) AS is_supervised,
    is_open AND ifNull(live_due_at <= late_by, false) OR is_supervised AS is_late,
    is_open AND NOT is_late AS is_ahead,
    is_ahead AND ifNull(live_due_at <= due_by_24h, false) AS is_due_24h,
    is_ahead AND ifNull(live_due_at <= due_by_72h, false) AS is_due_72h
SELECT
    row.1 AS dimension,
    row.2 AS code,
    sum(of_today) AS received_today,
    sum(of_all) AS received_total,
    sum(of_open) AS open,
    sum(of_late) AS late,
    sum(of_supervised) AS supervised,
    sum(of_24h) AS due_24h,
    sum(of_72h) AS due_72h
FROM
(
    SELECT
        -- Grouped by one thing at a time: a million cases have tens of thousands of combinations.
        arrayJoin(multiIf(
            grouping(raised_by) = 0, [('directions', toString(raised_by))],
            grouping(item) = 0, [('items', toString(item))],
            [
                ('numbers', ''), ('counties', toString(county)), ('townships', toString(township)),
                ('prefectures', concat(substring(county, 1, 4), '00'))
            ]
        )) AS row,
        countIf(submitted_at >= today_at AND submitted_at < tomorrow_at) AS of_today,
        countIf(submitted_at < tomorrow_at) AS of_all,
        countIf(is_open) AS of_open,
        countIf(is_late) AS of_late,
        countIf(is_supervised) AS of_supervised,
        countIf(is_due_24h) AS of_24h,
        countIf(is_due_72h) AS of_72h
    FROM cases FINAL
    WHERE submitted_at IS NOT NULL
        AND item != ''
        AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
        AND (%(county)s = '' OR county = %(county)s)
        AND (%(township)s = '' OR township = %(township)s)
        AND (%(item)s = '' OR item = %(item)s)
        AND (%(department)s = '' OR department = %(department)s)
        AND (%(raised_by)s = '' OR raised_by = %(raised_by)s)
        AND (%(channel)s = '' OR channel = %(channel)s)
        AND (%(since)s = '' OR day >= toDate32OrNull(%(since)s))
        AND (%(until)s = '' OR day <= toDate32OrNull(%(until)s))
        AND (%(level)s = '' OR case_id IN (
            SELECT case_id
            FROM escalations_standing
            WHERE %(level)s != '' AND level = %(level)s AND at <= as_of))
    GROUP BY GROUPING SETS ((raised_by), (item), (county, township))
)
GROUP BY row
ORDER BY dimension, code
