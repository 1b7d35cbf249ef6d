-- The open cases within the scope as of an instant, those with a clock past its due instant first,
-- then by when the next clock is due; those without a running clock (paused, or between two stages)
-- come last. next_clocks are the clocks that are due at due_at, the earliest due instant of those
-- that run. held_level says whether the county department has the case or a township on its behalf,
-- held_since since when, is_accepted whether that office has accepted it. open_pauses are the
-- pauses that are open now.
WITH fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of
SELECT
    case_id, item, department, county, township, raised_by, submitted_at,
    arrayDistinct(arrayFilter(
        (clock, due, outcome) -> outcome = 'live' AND ifNull(due = live_due_at, false),
        verdicts.clock, verdicts.due_at, verdicts.outcome
    )) AS next_clocks,
    live_due_at AS due_at,
    ifNull(live_due_at < as_of, false) AS is_late,
    ifNull(overall_due_at < as_of, false) AS is_supervised,
    custody.level[-1] AS held_level,
    if(empty(custody.since), NULL, toNullable(custody.since[-1])) AS held_since,
    custody.accepted_at[-1] IS NOT NULL AS is_accepted,
    arrayFilter(name -> name != 'any', arrayDistinct(open_pauses)) AS open_pauses
FROM
(
    SELECT
        case_id, item, department, county, township, raised_by, channel, submitted_at, open_pauses,
        verdicts.clock, verdicts.due_at, verdicts.outcome, custody.level, custody.since,
        custody.accepted_at, live_due_at, overall_due_at,
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
ORDER BY is_late DESC, due_at ASC NULLS LAST, submitted_at, case_id
LIMIT %(limit)s
