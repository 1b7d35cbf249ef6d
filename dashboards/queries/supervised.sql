-- The open cases within the scope that are under provincial supervision (督办) as of an instant,
-- longest first: their overall clock (10 days from submission, pauses do not stop it) is live and
-- past its due instant. supervised_days are whole days since then; submitted_days since the case
-- was submitted.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    arrayFilter(
        (due, clock, outcome) -> clock = 'overall' AND outcome = 'live' AND due < as_of,
        verdicts.due_at, verdicts.clock, verdicts.outcome
    ) AS overdue
SELECT
    case_id, item, department, county, raised_by, submitted_at,
    overdue[1] AS supervised_from,
    intDiv(dateDiff('millisecond', supervised_from, as_of), 86400000) AS supervised_days,
    intDiv(dateDiff('millisecond', submitted_at, as_of), 86400000) AS submitted_days,
    bounces, open_pauses
FROM cases FINAL
WHERE closed_at IS NULL
    AND notEmpty(overdue)
    AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
    AND (%(county)s = '' OR county = %(county)s)
    AND (%(item)s = '' OR item = %(item)s)
ORDER BY supervised_from, case_id
LIMIT %(limit)s
