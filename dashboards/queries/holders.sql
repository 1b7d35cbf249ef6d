-- Who has the open cases within the scope as of an instant: one row for each department and level,
-- which is the county department itself, or the townships that it dispatched cases to. late and
-- supervised are among open and count as in counts.sql; due_72h are open cases that are not late
-- and whose next clock is due within 72 hours; paused those without a running clock of which a
-- pause is open; unaccepted those that this office has not accepted yet; oldest_days whole days
-- since the oldest of them was submitted.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toStartOfMinute(live_due_at + INTERVAL 59999 MILLISECOND) AS due_at,
    ifNull(toStartOfMinute(overall_due_at + INTERVAL 59999 MILLISECOND) < as_of, false)
        AS is_supervised,
    is_supervised OR ifNull(due_at < as_of, false) AS is_late
SELECT
    concat(held_level, ' ', department) AS holder,
    held_level, department,
    count() AS open,
    countIf(is_late) AS late,
    countIf(is_supervised) AS supervised,
    countIf(NOT is_late AND ifNull(due_at <= as_of + INTERVAL 72 HOUR, false)) AS due_72h,
    countIf(live_due_at IS NULL AND notEmpty(open_pauses)) AS paused,
    countIf(is_unaccepted) AS unaccepted,
    max(intDiv(dateDiff('millisecond', submitted_at, as_of), 86400000)) AS oldest_days
FROM
(
    SELECT
        department, live_due_at, overall_due_at, open_pauses, submitted_at,
        if(empty(custody.level), 'county', custody.level[-1]) AS held_level,
        custody.accepted_at[-1] IS NULL AS is_unaccepted
    FROM
    (
        SELECT
            case_id, item, department, county, township, raised_by, channel, submitted_at,
            open_pauses, custody.level, custody.accepted_at, live_due_at, overall_due_at,
            toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on
        FROM cases FINAL
        WHERE closed_at IS NULL AND submitted_at <= as_of AND item != ''
    )
    WHERE (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
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
GROUP BY held_level, department
ORDER BY open DESC, holder
