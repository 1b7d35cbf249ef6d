-- The open cases within the scope with at least one live clock past its due instant, those that are
-- late the longest first. late_from is the earliest such instant, late_clocks are all of them, the
-- overall clock (10 days, under supervision) among them; is_supervised says whether it is.
WITH fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of
SELECT
    case_id, item, department, county, township, raised_by, submitted_at,
    live_due_at AS late_from,
    intDiv(dateDiff('millisecond', late_from, as_of), 86400000) AS late_days,
    arrayFilter(
        (clock, due, outcome) -> outcome = 'live' AND due < as_of,
        verdicts.clock, verdicts.due_at, verdicts.outcome
    ) AS late_clocks,
    has(late_clocks, 'overall') AS is_supervised
FROM
(
    SELECT
        case_id, item, department, county, township, raised_by, channel, submitted_at, closed_at,
        live_due_at, verdicts.clock, verdicts.due_at, verdicts.outcome
    FROM cases FINAL
) AS cases
WHERE closed_at IS NULL
    AND live_due_at < as_of
    AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
    AND (%(county)s = '' OR county = %(county)s)
    AND (%(township)s = '' OR township = %(township)s)
    AND (%(item)s = '' OR item = %(item)s)
    AND (%(department)s = '' OR department = %(department)s)
    AND (%(raised_by)s = '' OR raised_by = %(raised_by)s)
    AND (%(channel)s = '' OR channel = %(channel)s)
    AND (%(since)s = '' OR toDate32(submitted_at, 'Asia/Shanghai') >= toDate32OrNull(%(since)s))
    AND (%(until)s = '' OR toDate32(submitted_at, 'Asia/Shanghai') <= toDate32OrNull(%(until)s))
    AND (%(level)s = '' OR case_id IN (
        SELECT case_id
        FROM escalations_standing
        WHERE %(level)s != '' AND level = %(level)s AND at <= as_of))
ORDER BY late_from, case_id
LIMIT %(limit)s
