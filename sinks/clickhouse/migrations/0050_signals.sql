-- Every good record of jushou.signals.v1 (政府找). Exact repeats collapse to one row; differing
-- records with one (household, signal_id) are all kept, told apart by record_hash: read
-- signals_current, where the one that the stream goes by is left.
CREATE TABLE IF NOT EXISTS signals
(
    household        String                 COMMENT 'pseudonym',
    signal_id        String                 COMMENT 'idempotency key within the household',
    record_hash      UInt64                 COMMENT 'CityHash64 of what the record says, however it is spelt',
    observed_at      DateTime64(3, 'UTC')   COMMENT 'when the department or the cadre saw it',
    source           LowCardinality(String) COMMENT 'screening or inspection',
    department       LowCardinality(String) COMMENT 'whose screening, or whose cadre',
    indicator        LowCardinality(String) COMMENT 'what was seen: medical-expense, dropout, …',
    county           LowCardinality(String) COMMENT '6 digits of GB/T 2260',
    township         LowCardinality(String) COMMENT '9 digits, or empty',
    household_kind   LowCardinality(String) COMMENT 'unstable, marginal, sudden or none, as the record says',
    value            Nullable(Float64)      COMMENT 'in the unit of the indicator',
    threshold_sent   Nullable(Float64)      COMMENT 'the threshold that the record names; not gone by',
    threshold        Nullable(Float64)      COMMENT 'the threshold of the county on that day; null where none applies',
    counts           Bool                   COMMENT 'reaches the threshold of its county, so that it makes a lead',
    lead_case_id     String                 COMMENT 'the first lead of its window; empty where it counts for none',
    window_at        DateTime64(3, 'UTC')   COMMENT 'when the window of that lead begins',
    rules            LowCardinality(String) COMMENT 'version of the thresholds gone by',
    source_partition UInt16                 COMMENT 'partition of jushou.signals.v1',
    source_offset    UInt64                 COMMENT 'offset there; the last one of exact repeats'
)
ENGINE = ReplacingMergeTree(source_offset)
ORDER BY (household, signal_id, record_hash)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'what screenings and inspections found';

-- One row per signal: of differing records with one id the one that the stream goes by.
CREATE VIEW IF NOT EXISTS signals_current AS
SELECT *
FROM signals FINAL
ORDER BY
    household, signal_id, observed_at, source, county, if(township = '', '~', township),
    department, indicator, household_kind, ifNull(value, -inf)
LIMIT 1 BY household, signal_id;

-- One row per lead: what the signals of one household within a window were joined into. What
-- became of it is in cases and clock_verdicts, under the same case_id.
CREATE VIEW IF NOT EXISTS leads AS
SELECT
    lead_case_id AS case_id,
    any(household) AS household,
    any(window_at) AS window_at,
    min(observed_at) AS found_at,
    argMin(county, (observed_at, signal_id)) AS county,
    argMin(source, (observed_at, signal_id)) AS source,
    argMin(indicator, (observed_at, signal_id)) AS first_indicator,
    arraySort(groupUniqArray(indicator)) AS indicators,
    count() AS signals
FROM signals_current
WHERE counts
GROUP BY lead_case_id;
