-- When the sink last wrote any row of what the page reads, and how many seconds ago by the clock
-- of ClickHouse. The one question that does not take as_of: it is about the pipeline, not about
-- cases. Parts that a merge rewrote count too; merges end soon after writing does.
--
-- judged_behind_s: how much later the newest events were written than the newest states or counts.
-- Events that come in while nothing is judged mean that no worker runs. Of events only parts that
-- no merge rewrote are looked at (those that were merged away stay listed for minutes).
-- The marks change with every write to (and merge of) their tables.
SELECT
    maxOrNullIf(modification_time, active) AS written_at,
    dateDiff('second', written_at, now()) AS written_age_s,
    dateDiff(
        'second',
        maxOrNullIf(modification_time, active AND table IN ('aggregates', 'cases')),
        maxOrNullIf(
            modification_time, table = 'case_events' AND min_block_number = max_block_number
        )
    ) AS judged_behind_s,
    toString(groupBitXorIf(sipHash64(name), active AND table = 'aggregates')) AS counts_mark,
    toString(groupBitXorIf(sipHash64(name), active AND table = 'cases')) AS cases_mark,
    toString(groupBitXorIf(sipHash64(name), active AND table = 'escalations')) AS escalations_mark
FROM system.parts
WHERE database = currentDatabase()
    AND table IN ('aggregates', 'cases', 'case_events', 'escalations')
