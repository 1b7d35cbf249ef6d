-- Every revision of every escalation. A revision that a crash made the worker publish twice is one
-- row: the later copy, which is the one that its state agrees with. Not partitioned: what a
-- revision says may differ between the two.
CREATE TABLE IF NOT EXISTS escalations
(
    escalation_id    UUID                   COMMENT 'the same for every revision',
    revision         UInt32                 COMMENT 'from 1; the largest counts',
    state            LowCardinality(String) COMMENT 'fired or withdrawn',
    cause            LowCardinality(String) COMMENT 'why this revision was published',
    case_id          String                 COMMENT 'the case',
    item             LowCardinality(String) COMMENT 'service item',
    department       LowCardinality(String) COMMENT 'who has the case',
    county           LowCardinality(String) COMMENT '6 digits of GB/T 2260',
    township         LowCardinality(String) COMMENT '9 digits, or empty',
    clock            LowCardinality(String) COMMENT 'whose ladder it is a step of',
    start_event_id   String                 COMMENT 'the event that started the cycle',
    cycle            UInt32                 COMMENT 'from 1, in order of start',
    level            LowCardinality(String) COMMENT 'yellow, red, prefecture, supervise, supervise-again',
    `to`             LowCardinality(String) COMMENT 'who is to act',
    term             LowCardinality(String) COMMENT 'what the clock allows with extensions, such as 30wd',
    due_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'when the clock is due',
    at               DateTime64(3, 'UTC')   COMMENT 'the instant of the step',
    published_at     DateTime64(3, 'UTC')   COMMENT 'when the worker sent this revision',
    known_late       Bool                   COMMENT 'already past when a bulk load brought the case',
    provisional      Bool                   COMMENT 'reckoned beyond the published calendar',
    policy           LowCardinality(String) COMMENT 'policy of the cycle',
    calendar         LowCardinality(String) COMMENT 'calendar it was reckoned with',
    reason_zh        String                 COMMENT 'in words, without personal data',
    reason_en        String                 COMMENT 'in words, without personal data',
    source_partition UInt16                 COMMENT 'partition of jushou.escalations.v1',
    source_offset    UInt64                 COMMENT 'offset there'
)
ENGINE = ReplacingMergeTree(source_offset)
ORDER BY (escalation_id, revision)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'every revision of every escalation';

-- The newest revision of each escalation, fired or withdrawn.
CREATE VIEW IF NOT EXISTS escalations_current AS
SELECT * FROM escalations FINAL ORDER BY escalation_id, revision DESC LIMIT 1 BY escalation_id;

-- The escalations that stand as fired.
CREATE VIEW IF NOT EXISTS escalations_standing AS
SELECT * FROM escalations_current WHERE state = 'fired';
