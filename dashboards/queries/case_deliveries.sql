-- Every attempt to tell somebody of an escalation of one case up to an instant, newest first, and
-- every decision to send nothing (attempt 0). Recipients are roles of the routing, never people.
SELECT
    toString(delivery_id) AS delivery_id, toString(escalation_id) AS escalation_id, revision,
    level, recipient, endpoint, purpose, attempt, outcome, why, code, repeated, at
FROM deliveries FINAL
WHERE case_id = %(case_id)s
    AND at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
ORDER BY at DESC, delivery_id
