-- For the questions of the page that look at the last weeks: cases that are open, or were closed
-- since an instant, are an eighth of a year's cases, and lie all over a table that is sorted by case.
--
-- ended_at sorts the open ones to the end. case_hash stands for a case where numbers are quicker.
ALTER TABLE cases
    ADD COLUMN IF NOT EXISTS ended_at DateTime64(3, 'UTC') MATERIALIZED
        ifNull(closed_at, toDateTime64('2200-01-01 00:00:00', 3, 'UTC'))
        COMMENT 'closed_at; the year 2200 while the case is open',
    ADD COLUMN IF NOT EXISTS case_hash UInt64 MATERIALIZED cityHash64(case_id)
        COMMENT 'CityHash64 of case_id';

-- A projection holds what its part holds: what drops rows of a part, a merge or a DELETE, makes it
-- anew.
ALTER TABLE cases MODIFY SETTING
    deduplicate_merge_projection_mode = 'rebuild', lightweight_mutation_projection_mode = 'rebuild';

ALTER TABLE cases ADD PROJECTION IF NOT EXISTS by_end
(
    SELECT
        case_id, case_hash, version, item, county, township, department, raised_by, channel,
        submitted_at, closed_at, ended_at, live_due_at,
        `verdicts.clock`, `verdicts.outcome`, `verdicts.due_ms`, `verdicts.stopped_ms`,
        `verdicts.limit_h`, `verdicts.took_min`
    ORDER BY ended_at
);

-- What lies in parts of before is reckoned once, in the background.
ALTER TABLE cases
    MATERIALIZE COLUMN ended_at,
    MATERIALIZE COLUMN case_hash,
    MATERIALIZE PROJECTION by_end
SETTINGS mutations_sync = 0;

-- The newest states of the cases that are open, or were closed at `since` or later: the rows of
-- SELECT * FROM cases FINAL WHERE ended_at >= since, but only these are read.
--
-- FINAL is for cases with states in several parts, and most have one: a merge leaves one state of a
-- case in a part, so that a case of the largest merged part that is in no other part is new as it
-- stands. Of any other case what counts is its largest version, wherever that lies: a newer state
-- that was closed before `since` takes the case out. Where there is no merged part, or that one was
-- merged since, all cases are such others.
--
-- All that is read here must be read of the same parts: enable_shared_storage_snapshot_in_query, a
-- default since ClickHouse 25.12. Among 10 million cases two have one hash with a probability of 3 in
-- a million; while one of them lies in two parts the other may be missing.
CREATE VIEW IF NOT EXISTS cases_since AS
WITH
    (
        -- The third number in the name of a part is its level, which is 0 until it is merged.
        SELECT argMaxIf(part, states, splitByChar('_', part)[4] != '0')
        FROM (SELECT toString(_part) AS part, count() AS states FROM cases GROUP BY part)
    ) AS largest
SELECT
    case_id, item, county, township, department, raised_by, channel, submitted_at, closed_at,
    live_due_at, `verdicts.clock`, `verdicts.outcome`, `verdicts.due_ms`, `verdicts.stopped_ms`,
    `verdicts.limit_h`, `verdicts.took_min`
FROM cases
PREWHERE ended_at >= {since:DateTime64(3, 'UTC')}
WHERE case_hash NOT IN (SELECT case_hash FROM cases WHERE _part != largest)
UNION ALL
SELECT
    case_id, item, county, township, department, raised_by, channel, submitted_at, closed_at,
    live_due_at, `verdicts.clock`, `verdicts.outcome`, `verdicts.due_ms`, `verdicts.stopped_ms`,
    `verdicts.limit_h`, `verdicts.took_min`
FROM cases
PREWHERE ended_at >= {since:DateTime64(3, 'UTC')}
WHERE (case_hash, version) IN (
    SELECT case_hash, max(version)
    FROM cases
    PREWHERE case_hash IN (SELECT case_hash FROM cases WHERE _part != largest)
    GROUP BY case_hash
)
LIMIT 1 BY case_id;
