-- The leads that officials found and that are not closed, within the scope, newest first: what
-- signals of a household within a window were joined into, or what an official opened by hand.
-- stage is the clock that runs (the visit, then the assistance; empty between the two), due_at when
-- it is due; is_late whether any clock is past its due instant as of the instant asked.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on
SELECT
    case_id, county, township, submitted_at AS found_at, found.source AS source,
    found.indicators AS indicators, found.signals AS signals,
    arrayFirst((clock, outcome) -> outcome = 'live', verdicts.clock, verdicts.outcome) AS stage,
    arrayFirst((due, outcome) -> outcome = 'live', verdicts.due_at, verdicts.outcome) AS due_at,
    arrayExists(
        (due, outcome) -> outcome = 'live' AND ifNull(due < as_of, false),
        verdicts.due_at, verdicts.outcome
    ) AS is_late
FROM (SELECT * FROM cases FINAL WHERE item = 'monitoring.lead') AS cases
LEFT JOIN
(
    SELECT case_id, source, indicators, signals FROM leads
) AS found ON found.case_id = cases.case_id
WHERE closed_at IS NULL
    AND submitted_at <= as_of
    AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
    AND (%(county)s = '' OR county = %(county)s)
    AND (%(township)s = '' OR township = %(township)s)
    AND (%(department)s = '' OR department = %(department)s)
    AND (%(since)s = '' OR submitted_on >= toDate32OrNull(%(since)s))
    AND (%(until)s = '' OR submitted_on <= toDate32OrNull(%(until)s))
ORDER BY is_late DESC, submitted_at DESC, case_id
LIMIT %(limit)s
