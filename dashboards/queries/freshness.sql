-- When the sink last wrote any row of what the page reads, and how many seconds ago by the clock
-- of ClickHouse. The one question that does not take as_of: it is about the pipeline, not about
-- cases. Parts that a merge rewrote count too; merges end soon after writing does.
SELECT
    if(count() = 0, NULL, max(modification_time)) AS written_at,
    if(count() = 0, NULL, dateDiff('second', max(modification_time), now())) AS written_age_s
FROM system.parts
WHERE active
    AND database = currentDatabase()
    AND table IN ('aggregates', 'cases', 'case_events', 'escalations')
