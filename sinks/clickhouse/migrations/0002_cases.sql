-- The newest state of each case with the verdicts of all its clocks in the same row: a case is
-- replaced as a whole, so that a cycle that a late event undid cannot stay behind, and no reader
-- sees half of a change. Not partitioned: submitted_at is null while a case is held, then is not.
CREATE TABLE IF NOT EXISTS cases
(
    case_id         String                 COMMENT 'the case',
    version         UInt64                 COMMENT 'generation * 2^40 + change; the largest counts',
    item            LowCardinality(String) COMMENT 'service item; empty until an event names it',
    county          LowCardinality(String) COMMENT '6 digits of GB/T 2260, or empty',
    township        LowCardinality(String) COMMENT '9 digits, or empty',
    department      LowCardinality(String) COMMENT 'who has the case; the one of the item if no event says',
    raised_by       LowCardinality(String) COMMENT 'self, proxy, government, or empty',
    channel         LowCardinality(String) COMMENT 'code, or empty',
    household       String                 COMMENT 'pseudonym, or empty',
    submitted_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'null until the submission is known',
    closed_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'null while the case is open',
    outcome         LowCardinality(String) COMMENT 'the terminal event type, or empty',
    reopened        UInt32                 COMMENT 'times reopened',
    bounces         UInt32                 COMMENT 'times returned (退单)',
    open_pauses     Array(LowCardinality(String))  COMMENT 'supplement, suspension: those open now',
    events          UInt32                 COMMENT 'events known, those still to come included',
    set_aside       UInt32                 COMMENT 'events that the item of the case does not have',
    held            Bool                   COMMENT 'an open bulk load holds the case back from judgement',
    verdicts Nested(
        clock          LowCardinality(String),
        start_event_id String,
        cycle          UInt32,
        policy         LowCardinality(String),
        term           UInt32,
        extended       UInt32,
        started_at     DateTime64(3, 'UTC'),
        due_at         Nullable(DateTime64(3, 'UTC')),
        stopped_at     Nullable(DateTime64(3, 'UTC')),
        stop_event_id  String,
        outcome        LowCardinality(String),
        provisional    Bool
    ),
    violations Nested(
        rule           LowCardinality(String),
        event_id       String
    ),
    source_partition UInt16                COMMENT 'partition of the case topics'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY case_id
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'the newest state of each case, with the verdicts of its clocks';

CREATE VIEW IF NOT EXISTS cases_current AS
SELECT * EXCEPT (
    `verdicts.clock`, `verdicts.start_event_id`, `verdicts.cycle`, `verdicts.policy`,
    `verdicts.term`, `verdicts.extended`, `verdicts.started_at`, `verdicts.due_at`,
    `verdicts.stopped_at`, `verdicts.stop_event_id`, `verdicts.outcome`, `verdicts.provisional`,
    `violations.rule`, `violations.event_id`
)
FROM cases FINAL;

-- One row per cycle of a clock, as the stream left it: outcome is live, met, missed or cancelled.
CREATE VIEW IF NOT EXISTS clock_verdicts AS
SELECT
    case_id, version, item, county, township, department, raised_by, channel, household,
    submitted_at, closed_at, held,
    clock, start_event_id, cycle, policy, term, extended,
    started_at, due_at, stopped_at, nullIf(stopped_by, '') AS stop_event_id, outcome, provisional
FROM (SELECT * EXCEPT (outcome) FROM cases FINAL)
ARRAY JOIN
    verdicts.clock AS clock, verdicts.start_event_id AS start_event_id, verdicts.cycle AS cycle,
    verdicts.policy AS policy, verdicts.term AS term, verdicts.extended AS extended,
    verdicts.started_at AS started_at, verdicts.due_at AS due_at,
    verdicts.stopped_at AS stopped_at, verdicts.stop_event_id AS stopped_by,
    verdicts.outcome AS outcome, verdicts.provisional AS provisional;

-- The verdicts as they read at an instant, from what the stream had applied when it last wrote
-- the case: SELECT * FROM verdicts_at(as_of = '2026-06-01 00:00:00.000') (UTC). A cycle is
-- breached once as_of, or its end, is after its due instant; a live one without a due instant is
-- paused. Nothing here is stored: a page is right even when nothing arrives.
CREATE VIEW IF NOT EXISTS verdicts_at AS
SELECT
    * EXCEPT (outcome),
    multiIf(outcome != 'live', outcome, due_at IS NULL, 'paused', 'running') AS status,
    if(due_at < ifNull(stopped_at, {as_of:DateTime64(3, 'UTC')}), due_at, NULL) AS breached_at
FROM clock_verdicts;

CREATE VIEW IF NOT EXISTS verdicts_current AS
SELECT
    * EXCEPT (outcome),
    multiIf(outcome != 'live', outcome, due_at IS NULL, 'paused', 'running') AS status,
    if(due_at < ifNull(stopped_at, now64(3, 'UTC')), due_at, NULL) AS breached_at
FROM clock_verdicts;

-- One row per event that broke a rule that counts.
CREATE VIEW IF NOT EXISTS violations AS
SELECT
    case_id, item, county, department,
    rule, event_id
FROM cases FINAL
ARRAY JOIN violations.rule AS rule, violations.event_id AS event_id;
