-- The newest escalations within the scope, newest first: of each escalation its newest revision,
-- fired or withdrawn, by the instant at which the stream published it; one that was past already
-- when a bulk load brought its case is no news of that day and stands at the instant of its step.
-- Steps after as_of are left out. A revision stands after those before it, so the newest rows hold
-- the newest revision of every escalation among them; four times as many are read as are shown.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    if(known_late AND revision = 1, at, published_at) AS news_at
SELECT
    toString(escalation_id) AS escalation_id, revision, state, cause, case_id, item, department,
    county, clock, cycle, level, `to`, at, due_at, published_at, known_late, provisional,
    reason_zh, reason_en
FROM
(
    SELECT *
    FROM
    (
        SELECT *
        FROM escalations
        WHERE at <= as_of
            AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
            AND (%(county)s = '' OR county = %(county)s)
            AND (%(township)s = '' OR township = %(township)s)
            AND (%(item)s = '' OR item = %(item)s)
            AND (%(department)s = '' OR department = %(department)s)
            AND (%(level)s = '' OR level = %(level)s)
            AND (%(raised_by)s = '' AND %(channel)s = '' AND %(since)s = '' AND %(until)s = ''
                OR case_id IN (
                    SELECT case_id
                    FROM cases
                    WHERE (%(raised_by)s = '' OR raised_by = %(raised_by)s)
                        AND (%(channel)s = '' OR channel = %(channel)s)
                        AND (%(since)s = '' OR toDate32(submitted_at, 'Asia/Shanghai')
                            >= toDate32OrNull(%(since)s))
                        AND (%(until)s = '' OR toDate32(submitted_at, 'Asia/Shanghai')
                            <= toDate32OrNull(%(until)s))))
        ORDER BY news_at DESC, at DESC
        LIMIT 4 * %(limit)s
    )
    ORDER BY revision DESC, source_offset DESC
    LIMIT 1 BY escalation_id
)
ORDER BY news_at DESC, at DESC, escalation_id
LIMIT %(limit)s
