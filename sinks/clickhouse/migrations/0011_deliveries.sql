-- Every attempt to bring an escalation to somebody, and every decision to send nothing (attempt
-- 0). Recipients are roles of the routing; no address and no text of a message is here.
CREATE TABLE IF NOT EXISTS deliveries
(
    delivery_id      UUID                   COMMENT 'the same however often it was published',
    escalation_id    UUID                   COMMENT 'the escalation',
    revision         UInt32                 COMMENT 'its revision',
    case_id          String                 COMMENT 'the case',
    level            LowCardinality(String) COMMENT 'its level',
    recipient        LowCardinality(String) COMMENT 'group or person of the routing, @endpoint',
    endpoint         LowCardinality(String) COMMENT 'by which it went',
    purpose          LowCardinality(String) COMMENT 'notice, reminder, correction, daily',
    message_id       String                 COMMENT 'idempotency key; one of a table is that of several; empty where none was made',
    attempt          UInt32                 COMMENT 'from 1; 0 where it was decided to send nothing',
    outcome          LowCardinality(String) COMMENT 'delivered, retry, in-doubt, failed, listed, dropped',
    why              LowCardinality(String) COMMENT 'enumerated reason',
    code             Nullable(Int32)        COMMENT 'status or error number of the endpoint',
    repeated         Bool                   COMMENT 'marked as sent again, since the first may have arrived',
    at               DateTime64(3, 'UTC')   COMMENT 'when',
    source_partition UInt16                 COMMENT 'partition of jushou.deliveries.v1',
    source_offset    UInt64                 COMMENT 'offset there'
)
ENGINE = ReplacingMergeTree(source_offset)
ORDER BY (case_id, escalation_id, delivery_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'attempts to deliver escalations, and what became of them';
