-- The verdicts of all cases at an instant, as `jushou replay --show verdicts` prints them.
-- as_of: text in UTC, such as 2026-06-01 00:00:00.000. A case without an item has no verdict yet.
SELECT
    case_id, item, clock, cycle, start_event_id, started_at, due_at, stopped_at, stop_event_id,
    status, breached_at, provisional
FROM verdicts_at(as_of = %(as_of)s)
WHERE item != ''
ORDER BY case_id, clock, cycle
