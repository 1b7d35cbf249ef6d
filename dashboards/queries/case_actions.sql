-- What people did about one case up to an instant, newest first: acknowledged, noted, handed over,
-- answered, closed. An action that was sent twice is one.
SELECT
    action_id, type, toString(escalation_id) AS escalation_id, level, at, by, side, channel,
    expires_at, nullIf(note, '') AS text, nullIf(handed_to, '') AS `to`
FROM actions FINAL
WHERE case_id = %(case_id)s
    AND at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
ORDER BY at DESC, action_id
