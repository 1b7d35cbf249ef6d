-- What happened to one case up to an instant, in the order in which it counts. Repeats of an event
-- are one; of differing records with one id the one that was read first is shown.
SELECT
    event_id, type, occurred_at, department, county, clock, extended_by, grade, round, confirmed,
    reason_given
FROM
(
    SELECT *
    FROM case_events FINAL
    WHERE case_id = %(case_id)s
        AND occurred_at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
    ORDER BY source_offset
    LIMIT 1 BY event_id
)
ORDER BY occurred_at, ifNull(sequence, 0), event_id
