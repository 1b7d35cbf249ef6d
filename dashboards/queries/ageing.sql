-- How old are the open cases within the scope as of an instant: by whole days since they were
-- submitted, in bands. late and supervised are among open and count as in counts.sql. The ten days
-- of supervision are an edge of a band.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on,
    [0, 1, 3, 5, 7, 10, 20, 30, 60, 90] AS edges,
    intDiv(dateDiff('millisecond', submitted_at, as_of), 86400000) AS age_days,
    arrayLast(edge -> edge <= age_days, edges) AS from_days,
    ifNull(toStartOfMinute(live_due_at + INTERVAL 59999 MILLISECOND) < as_of, false) AS is_late,
    ifNull(toStartOfMinute(overall_due_at + INTERVAL 59999 MILLISECOND) < as_of, false)
        AS is_supervised
SELECT
    from_days,
    arrayFirst(edge -> edge > from_days, edges) AS until_days,
    count() AS open,
    countIf(is_late) AS late,
    countIf(is_supervised) AS supervised
FROM cases FINAL
WHERE closed_at IS NULL
    AND submitted_at <= as_of
    AND item != ''
    AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
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
GROUP BY from_days
ORDER BY from_days
