-- The open cases within the scope that are under provincial supervision (督办) as of an instant,
-- longest first: their overall clock (10 days from submission, pauses do not stop it) is live and
-- past its due instant. supervised_days are whole days since then; submitted_days since the case
-- was submitted. late_stages are the other clocks that are past due now, missed_stages those that
-- ended after their due instant: where both are empty the case is over its ten days although every
-- stage kept its limit. answered_at is when the office last answered to the supervision.
WITH fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of
SELECT
    case_id, item, department, county, raised_by, submitted_at,
    overall_due_at AS supervised_from,
    intDiv(dateDiff('millisecond', supervised_from, as_of), 86400000) AS supervised_days,
    intDiv(dateDiff('millisecond', submitted_at, as_of), 86400000) AS submitted_days,
    arrayFilter(
        (clock, due, outcome) -> clock != 'overall' AND outcome = 'live' AND due < as_of,
        verdicts.clock, verdicts.due_at, verdicts.outcome
    ) AS late_stages,
    arrayFilter(
        (clock, outcome) -> clock != 'overall' AND outcome = 'missed',
        verdicts.clock, verdicts.outcome
    ) AS missed_stages,
    township, bounces, open_pauses, answers.answered_at AS answered_at
FROM
(
    SELECT
        case_id, item, department, county, township, raised_by, channel, submitted_at, closed_at,
        bounces, open_pauses, overall_due_at, verdicts.clock, verdicts.due_at, verdicts.outcome
    FROM cases FINAL
) AS cases
LEFT JOIN
(
    SELECT case_id, toNullable(max(at)) AS answered_at
    FROM actions
    WHERE type = 'answered' AND at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
    GROUP BY case_id
) AS answers ON answers.case_id = cases.case_id
WHERE closed_at IS NULL
    AND overall_due_at < as_of
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
ORDER BY supervised_from, case_id
LIMIT %(limit)s
