-- The newest state of each household that was found or that asked, with its life and its risk in
-- the same row: a household is replaced as a whole, so that nothing of what a late signal undid
-- can stay behind. Not partitioned: everything in it can change.
CREATE TABLE IF NOT EXISTS households
(
    household        String                 COMMENT 'pseudonym',
    version          UInt64                 COMMENT 'generation * 2^40 + change; the largest counts',
    county           LowCardinality(String) COMMENT '6 digits of GB/T 2260, by its newest fact',
    township         LowCardinality(String) COMMENT '9 digits, or empty',
    kind             LowCardinality(String) COMMENT 'unstable, marginal, sudden or none, by its newest signal that says',
    category         LowCardinality(String) COMMENT 'what the rules in force then call that kind; empty for none',
    status           LowCardinality(String) COMMENT 'found, dismissed, verified, assisted, cleared, relapsed; empty if never found',
    status_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'since when',
    first_signal_at  Nullable(DateTime64(3, 'UTC')) COMMENT 'first signal that reached its threshold',
    first_found_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'first signal, lead or request raised by officials (政府找)',
    first_found_indicator LowCardinality(String) COMMENT 'what was seen then; empty where officials raised a request or lead by hand',
    first_found_by   LowCardinality(String) COMMENT 'screening, inspection or another channel',
    first_request_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first request by itself or by proxy (找政府)',
    first_request_item LowCardinality(String) COMMENT 'service item of that request',
    first_request_indicator LowCardinality(String) COMMENT 'the indicator that should have seen it; empty where none could',
    first_direction  LowCardinality(String) COMMENT 'government, people, or empty: who came first',
    lead_time_s      Nullable(Int64)        COMMENT 'seconds from found to asked; negative: asked first; null while one is missing',
    indicators       Array(LowCardinality(String)) COMMENT 'all that signals saw, in alphabetical order',
    dismissed_then_asked Bool               COMMENT 'a request came after a dismissal',
    asked_after_dismissal_at Nullable(DateTime64(3, 'UTC')) COMMENT 'the first such request',
    first_verified_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first confirmed by a visit',
    dismissed_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'last time',
    verified_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'last time',
    assisted_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'last time measures were assigned',
    cleared_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'last time the risk was found cleared',
    relapsed_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'last time it fell back after that',
    times_dismissed  UInt32                 COMMENT 'of its life',
    times_verified   UInt32                 COMMENT 'of its life',
    times_assisted   UInt32                 COMMENT 'of its life',
    times_cleared    UInt32                 COMMENT 'of its life',
    times_relapsed   UInt32                 COMMENT 'of its life',
    signals          UInt32                 COMMENT 'signals that reached their threshold',
    below_threshold  UInt32                 COMMENT 'signals that did not',
    leads            UInt32                 COMMENT 'cases of monitoring.lead',
    requests         UInt32                 COMMENT 'cases that it raised itself or by proxy',
    open_cases       UInt32                 COMMENT 'of all its cases those that are open',
    risk_index       Float64                COMMENT '0 to 100 at risk_at; it decays since: household_risk_at has it for any instant',
    risk_level       LowCardinality(String) COMMENT 'level at risk_at',
    risk_at          Nullable(DateTime64(3, 'UTC')) COMMENT 'the last instant at which a fact changed the risk',
    drivers Nested(
        code         LowCardinality(String),
        points       Float64,
        at           DateTime64(3, 'UTC'),
        half_life_d  Float64,
        until        Nullable(DateTime64(3, 'UTC')),
        subject      String
    ),
    trail Nested(
        at           DateTime64(3, 'UTC'),
        index        Float64,
        level        LowCardinality(String)
    ),
    levels Nested(
        level        LowCardinality(String),
        points_from  Float64
    ),
    life Nested(
        at           DateTime64(3, 'UTC'),
        event        LowCardinality(String),
        case_id      String
    ),
    clearings Nested(
        cleared_at   DateTime64(3, 'UTC'),
        relapsed_at  Nullable(DateTime64(3, 'UTC'))
    ),
    rules            LowCardinality(String) COMMENT 'version of categories, thresholds and risk rules',
    source_partition UInt16                 COMMENT 'partition of the household topics'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY household
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'the newest state of each household, with its life and its risk';

CREATE VIEW IF NOT EXISTS households_current AS
SELECT * EXCEPT (
    `drivers.code`, `drivers.points`, `drivers.at`, `drivers.half_life_d`, `drivers.until`,
    `drivers.subject`, `trail.at`, `trail.index`, `trail.level`, `levels.level`,
    `levels.points_from`, `life.at`, `life.event`, `life.case_id`,
    `clearings.cleared_at`, `clearings.relapsed_at`
)
FROM households FINAL;

-- One row per event of a household's life.
CREATE VIEW IF NOT EXISTS household_life AS
SELECT household, county, township, kind, category, at, event, case_id
FROM households FINAL
ARRAY JOIN life.at AS at, life.event AS event, life.case_id AS case_id;

-- One row per clearing: the cohorts of cleared households, and when each fell back, if it did.
CREATE VIEW IF NOT EXISTS household_clearings AS
SELECT household, county, township, kind, category, cleared_at, relapsed_at
FROM (SELECT * EXCEPT (cleared_at, relapsed_at) FROM households FINAL)
ARRAY JOIN clearings.cleared_at AS cleared_at, clearings.relapsed_at AS relapsed_at;
