-- For the questions of the page that count over the clocks of the last months.
--
-- The clocks as numbers: without nulls they cost less to read, to merge and to compare. Reckoned by
-- ClickHouse from the columns that the sink writes, in rows of before as well; not part of SELECT *.
ALTER TABLE cases
    ADD COLUMN IF NOT EXISTS `verdicts.due_ms` Array(Int64) MATERIALIZED
        arrayMap(due -> ifNull(toUnixTimestamp64Milli(due), 0), `verdicts.due_at`)
        COMMENT 'due_at in milliseconds since 1970; 0 where it is null',
    ADD COLUMN IF NOT EXISTS `verdicts.stopped_ms` Array(Int64) MATERIALIZED
        arrayMap(stop -> ifNull(toUnixTimestamp64Milli(stop), 0), `verdicts.stopped_at`)
        COMMENT 'stopped_at in milliseconds since 1970; 0 where the clock runs',
    ADD COLUMN IF NOT EXISTS `verdicts.limit_h` Array(UInt16) MATERIALIZED
        arrayMap(
            (start, due) -> toUInt16(
                least(65535, greatest(0, ifNull(dateDiff('millisecond', start, due), 0)) DIV 3600000)
            ),
            `verdicts.started_at`, `verdicts.due_at`
        )
        COMMENT 'whole hours from started_at to due_at, pauses included; 0 where due_at is null',
    ADD COLUMN IF NOT EXISTS `verdicts.took_min` Array(UInt32) MATERIALIZED
        arrayMap(
            (start, stop) -> toUInt32(greatest(0, ifNull(dateDiff('minute', start, stop), 0))),
            `verdicts.started_at`, `verdicts.stopped_at`
        )
        COMMENT 'minutes from started_at to stopped_at; 0 where the clock runs';

-- What lies in large parts of before is reckoned once, in the background, instead of at each reading.
ALTER TABLE cases
    MATERIALIZE COLUMN `verdicts.due_ms`,
    MATERIALIZE COLUMN `verdicts.stopped_ms`,
    MATERIALIZE COLUMN `verdicts.limit_h`,
    MATERIALIZE COLUMN `verdicts.took_min`;
