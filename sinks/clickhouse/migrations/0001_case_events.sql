-- Every accepted record of jushou.case-events.v1, without free text. Exact repeats collapse to one
-- row; differing records with one (case_id, event_id) are all kept, told apart by record_hash.
-- Read it with FINAL where repeats must not count.
CREATE TABLE IF NOT EXISTS case_events
(
    case_id          String                 COMMENT 'the case',
    event_id         String                 COMMENT 'idempotency key within the case',
    record_hash      UInt64                 COMMENT 'CityHash64 of what the record says, however it is spelt',
    type             LowCardinality(String) COMMENT 'event type',
    occurred_at      DateTime64(3, 'UTC')   COMMENT 'when it happened at the department',
    sequence         Nullable(Int64)        COMMENT 'the order of the source within the case',
    item             LowCardinality(String) COMMENT 'service item; empty where the record names none',
    county           LowCardinality(String) COMMENT '6 digits of GB/T 2260, or empty',
    township         LowCardinality(String) COMMENT '9 digits, or empty',
    department       LowCardinality(String) COMMENT 'code, or empty',
    raised_by        LowCardinality(String) COMMENT 'self, proxy, government, or empty',
    channel          LowCardinality(String) COMMENT 'code, or empty',
    household        String                 COMMENT 'pseudonym, or empty',
    confirmed        Nullable(Bool)         COMMENT 'attribute; null where absent or not a boolean',
    placed           Nullable(Bool)         COMMENT 'attribute; null where absent or not a boolean',
    zero_employment  Nullable(Bool)         COMMENT 'attribute; null where absent or not a boolean',
    grade            LowCardinality(String) COMMENT 'attribute, A to D, else empty',
    round            Nullable(UInt32)       COMMENT 'attribute; larger numbers are cut to the largest',
    offers           Nullable(UInt32)       COMMENT 'attribute; larger numbers are cut to the largest',
    clock            LowCardinality(String) COMMENT 'attribute of extended: which clock, else empty',
    extended_by      LowCardinality(String) COMMENT 'attribute by, such as 15wd, else empty',
    reason_given     Bool                   COMMENT 'whether a reason was given; its text is not kept',
    source_partition UInt16                 COMMENT 'partition of jushou.case-events.v1',
    source_offset    UInt64                 COMMENT 'offset there; the last one of exact repeats'
)
ENGINE = ReplacingMergeTree(source_offset)
ORDER BY (case_id, event_id, record_hash)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'what happened to each case';
