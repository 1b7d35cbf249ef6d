-- To whom a verdict is charged: the office that had the case when the verdict became certain, at the
-- due instant of a clock that was late, at the end of one that was not. A county that takes a case
-- over is not blamed for what was late before, nor is one that gave it back for what came after. An
-- event at the very instant finds the case with the office that had it until then.
--
-- charged.county and charged.department are empty where one office had the case all the time, which
-- is nearly always: then all its verdicts are charged to cases.county and cases.department. Otherwise
-- they have an entry for each of verdicts.*; of a clock that is neither late nor ended, that of the
-- office that has the case now. Reckoned by ClickHouse from the custody intervals (0007), in rows of
-- before as well; not part of SELECT *.
ALTER TABLE cases
    ADD COLUMN IF NOT EXISTS `charged.county` Array(LowCardinality(String)) MATERIALIZED
        if(
            arrayAll(
                (office, branch) -> office = county AND branch = department,
                `custody.county`, `custody.department`
            ),
            [],
            arrayMap(
                (due, stop) -> `custody.county`[greatest(1, arrayLastIndex(
                    since -> toUnixTimestamp64Milli(since) < multiIf(
                        due != 0 AND (stop = 0 OR due < stop), due,
                        stop != 0, stop,
                        9223372036854775807
                    ),
                    `custody.since`
                ))],
                `verdicts.due_ms`, `verdicts.stopped_ms`
            )
        )
        COMMENT 'county that had the case when each verdict became certain; empty where always the same',
    ADD COLUMN IF NOT EXISTS `charged.department` Array(LowCardinality(String)) MATERIALIZED
        if(
            arrayAll(
                (office, branch) -> office = county AND branch = department,
                `custody.county`, `custody.department`
            ),
            [],
            arrayMap(
                (due, stop) -> `custody.department`[greatest(1, arrayLastIndex(
                    since -> toUnixTimestamp64Milli(since) < multiIf(
                        due != 0 AND (stop = 0 OR due < stop), due,
                        stop != 0, stop,
                        9223372036854775807
                    ),
                    `custody.since`
                ))],
                `verdicts.due_ms`, `verdicts.stopped_ms`
            )
        )
        COMMENT 'department that had it then';

-- The projection that cases_since reads (0058), with the two: a question that needs a column that it
-- does not hold reads the whole table. It cannot be dropped while a mutation still makes it, and each
-- mutation waits for those before it: this one changes nothing.
ALTER TABLE cases DELETE WHERE 0 SETTINGS mutations_sync = 2;

ALTER TABLE cases DROP PROJECTION IF EXISTS by_end;

ALTER TABLE cases ADD PROJECTION IF NOT EXISTS by_end_charged
(
    SELECT
        case_id, case_hash, version, item, county, township, department, raised_by, channel,
        submitted_at, closed_at, ended_at, live_due_at,
        `verdicts.clock`, `verdicts.outcome`, `verdicts.due_ms`, `verdicts.stopped_ms`,
        `verdicts.limit_h`, `verdicts.took_min`, `charged.county`, `charged.department`
    ORDER BY ended_at
);

-- What lies in parts of before is reckoned once, in the background.
ALTER TABLE cases
    MATERIALIZE COLUMN `charged.county`,
    MATERIALIZE COLUMN `charged.department`,
    MATERIALIZE PROJECTION by_end_charged
SETTINGS mutations_sync = 0;

-- As in 0058, with the two.
CREATE OR REPLACE VIEW cases_since AS
WITH
    (
        -- The third number in the name of a part is its level, which is 0 until it is merged.
        SELECT argMaxIf(part, states, splitByChar('_', part)[4] != '0')
        FROM (SELECT toString(_part) AS part, count() AS states FROM cases GROUP BY part)
    ) AS largest
SELECT
    case_id, item, county, township, department, raised_by, channel, submitted_at, closed_at,
    live_due_at, `verdicts.clock`, `verdicts.outcome`, `verdicts.due_ms`, `verdicts.stopped_ms`,
    `verdicts.limit_h`, `verdicts.took_min`, `charged.county`, `charged.department`
FROM cases
PREWHERE ended_at >= {since:DateTime64(3, 'UTC')}
WHERE case_hash NOT IN (SELECT case_hash FROM cases WHERE _part != largest)
UNION ALL
SELECT
    case_id, item, county, township, department, raised_by, channel, submitted_at, closed_at,
    live_due_at, `verdicts.clock`, `verdicts.outcome`, `verdicts.due_ms`, `verdicts.stopped_ms`,
    `verdicts.limit_h`, `verdicts.took_min`, `charged.county`, `charged.department`
FROM cases
PREWHERE ended_at >= {since:DateTime64(3, 'UTC')}
WHERE (case_hash, version) IN (
    SELECT case_hash, max(version)
    FROM cases
    PREWHERE case_hash IN (SELECT case_hash FROM cases WHERE _part != largest)
    GROUP BY case_hash
)
LIMIT 1 BY case_id;
