-- The newest absolute count of each group and partition. Sum over partitions, after FINAL (or
-- argMax(count, version) by the whole key). What is late is derived when asked: due_at < now().
CREATE TABLE IF NOT EXISTS aggregates
(
    measure         LowCardinality(String) COMMENT 'received, closed, open, clock-open, clock-ended',
    day             Date32                 COMMENT 'day of Asia/Shanghai; 1900-01-01 where the measure has none',
    county          LowCardinality(String) COMMENT '6 digits of GB/T 2260, or empty',
    item            LowCardinality(String) COMMENT 'service item, or empty',
    department      LowCardinality(String) COMMENT 'code, or empty',
    raised_by       LowCardinality(String) COMMENT 'self, proxy, government, or empty',
    channel         LowCardinality(String) COMMENT 'code, or empty',
    clock           LowCardinality(String) COMMENT 'clock, or empty',
    status          LowCardinality(String) COMMENT 'outcome or status, or empty',
    due_at          Nullable(DateTime64(3, 'UTC')) COMMENT 'up to the full minute; null: no clock runs',
    supervised_from Nullable(DateTime64(3, 'UTC')) COMMENT 'due of overall, up to the full minute',
    partition       UInt16                 COMMENT 'partition of the case topics that was counted',
    count           Int64                  COMMENT 'absolute, of this partition',
    version         UInt64                 COMMENT 'generation * 2^40 + change; the largest counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (
    measure, day, county, item, department, raised_by, channel, clock, status,
    due_at, supervised_from, partition
)
SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000
COMMENT 'absolute counts of the stream, per group and partition';

-- The counts of today, summed over partitions; groups that are empty now are left out.
CREATE VIEW IF NOT EXISTS aggregates_current AS
SELECT
    measure, day, county, item, department, raised_by, channel, clock, status,
    due_at, supervised_from, sum(count) AS total
FROM aggregates FINAL
GROUP BY ALL
HAVING total != 0;
