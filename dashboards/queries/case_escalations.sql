-- Every escalation of one case, in order of its step: of each the newest revision, fired or
-- withdrawn. Steps after as_of are left out.
SELECT
    toString(escalation_id) AS escalation_id, revision, state, cause, clock, cycle, level, `to`,
    at, due_at, published_at, known_late, provisional, reason_zh, reason_en
FROM
(
    SELECT *
    FROM escalations FINAL
    -- The table is in the order of the escalations' ids, so these are found first.
    WHERE escalation_id IN (SELECT escalation_id FROM escalations WHERE case_id = %(case_id)s)
        AND at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
    ORDER BY revision DESC
    LIMIT 1 BY escalation_id
)
ORDER BY at, clock, cycle, escalation_id
