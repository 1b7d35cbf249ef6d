-- What was set aside, without its bytes: they stay on jushou.dead-letters.v1 at letter_partition
-- and letter_offset. One row per record of the source, however often it was set aside.
CREATE TABLE IF NOT EXISTS dead_letters
(
    source_topic     LowCardinality(String) COMMENT 'topic of the record; empty if the letter does not say',
    source_partition Int32                  COMMENT 'partition there; -1 if the letter does not say',
    source_offset    Int64                  COMMENT 'offset there; -1 if the letter does not say',
    reason           LowCardinality(String) COMMENT 'enumerated reason',
    detail           String                 COMMENT 'which field, what is expected; no personal data',
    set_aside_at     DateTime64(3, 'UTC')   COMMENT 'time of the letter in Kafka',
    size             UInt32                 COMMENT 'bytes of the record',
    letter_partition UInt16                 COMMENT 'partition of jushou.dead-letters.v1',
    letter_offset    UInt64                 COMMENT 'offset there; the last one of repeats'
)
ENGINE = ReplacingMergeTree(letter_offset)
ORDER BY (source_topic, source_partition, source_offset, reason)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'records that were set aside, without their bytes';
