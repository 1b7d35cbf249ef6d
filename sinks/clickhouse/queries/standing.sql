-- The escalations that stand as fired, as `jushou replay --show escalations` prints them.
SELECT escalation_id, case_id, clock, start_event_id, level, `to`, at
FROM escalations_standing
ORDER BY escalation_id
