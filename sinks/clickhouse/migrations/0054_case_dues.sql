-- What most questions of the page ask of the clocks of a case, beside the arrays of its verdicts:
-- when the first clock that runs is due, and the citizen's. Late is not stored, only the instants
-- that it is derived from. Reckoned by ClickHouse from the columns that the sink writes, in rows of
-- before as well; not part of SELECT *.
ALTER TABLE cases
    ADD COLUMN IF NOT EXISTS live_due_at Nullable(DateTime64(3, 'UTC')) MATERIALIZED
        arrayMin(arrayFilter(
            (due, outcome) -> outcome = 'live' AND due IS NOT NULL,
            `verdicts.due_at`, `verdicts.outcome`
        ))
        COMMENT 'earliest due instant of the clocks that run; null where none does',
    ADD COLUMN IF NOT EXISTS overall_due_at Nullable(DateTime64(3, 'UTC')) MATERIALIZED
        arrayMin(arrayFilter(
            (due, clock, outcome) -> clock = 'overall' AND outcome = 'live' AND due IS NOT NULL,
            `verdicts.due_at`, `verdicts.clock`, `verdicts.outcome`
        ))
        COMMENT 'due instant of overall where it runs, else null';
