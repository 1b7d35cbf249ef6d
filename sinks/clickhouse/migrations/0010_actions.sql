-- What people did about escalations and supervisions, with who and when: the history of a case is
-- these, its escalations and its deliveries. An action that was sent twice is one row.
CREATE TABLE IF NOT EXISTS actions
(
    action_id        String                 COMMENT 'the same however often it was sent',
    type             LowCardinality(String) COMMENT 'acknowledged, unacknowledged, noted, handed-over, answered, closed, repeated',
    case_id          String                 COMMENT 'the case',
    escalation_id    UUID                   COMMENT 'the escalation that it is about',
    level            LowCardinality(String) COMMENT 'its level',
    at               DateTime64(3, 'UTC')   COMMENT 'when',
    by               String                 COMMENT 'role or account, never a name',
    side             LowCardinality(String) COMMENT 'owner, county, prefecture, province',
    channel          LowCardinality(String) COMMENT 'command, link, page, http',
    expires_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'end of an acknowledgement, where it was given',
    note             String                 COMMENT 'a note of the office, without personal data, or empty',
    handed_to        LowCardinality(String) COMMENT 'group that it was handed over to, or empty',
    source_partition UInt16                 COMMENT 'partition of jushou.actions.v1',
    source_offset    UInt64                 COMMENT 'offset there'
)
ENGINE = ReplacingMergeTree(source_offset)
ORDER BY (case_id, action_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'what people did about escalations and supervisions';
