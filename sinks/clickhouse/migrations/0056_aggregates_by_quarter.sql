-- The counts by quarters: what is counted on a day of long ago, or was due then, hardly changes any
-- more. Its partition is one part after an hour, of which FINAL has nothing to merge, and most
-- groups of open cases that are empty now lie there. Partitions are of columns of the key, so that
-- two versions of a row cannot lie in two of them.
--
-- Stop the sink for it: what it writes between INSERT and EXCHANGE would only be there again after
-- `jushou warehouse rebuild`. Cut off anywhere, it is simply applied again.
CREATE OR REPLACE TABLE aggregates_next
(
    measure         LowCardinality(String) COMMENT 'received, closed, open',
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
PARTITION BY (measure, toYear(ifNull(toDate32(due_at, 'Asia/Shanghai'), day)) * 10
    + toQuarter(ifNull(toDate32(due_at, 'Asia/Shanghai'), day)))
ORDER BY (
    measure, day, county, item, department, raised_by, channel, clock, status,
    due_at, supervised_from, partition
)
SETTINGS
    allow_nullable_key = 1, non_replicated_deduplication_window = 1000,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'absolute counts of the stream, per group and partition';

INSERT INTO aggregates_next
SELECT * FROM aggregates FINAL
SETTINGS max_partitions_per_insert_block = 0;

EXCHANGE TABLES aggregates AND aggregates_next;

DROP TABLE aggregates_next SYNC;
