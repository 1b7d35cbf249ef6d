-- Who had a case when: custody intervals, in the row of the case and replaced with it as a whole
-- (schemas/custody.py reckons them; `jushou explain` shows the same). Rows that are written before
-- this have none: `jushou warehouse rebuild` fills them.
ALTER TABLE cases
    ADD COLUMN IF NOT EXISTS `custody.level` Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS `custody.department` Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS `custody.county` Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS `custody.township` Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS `custody.since` Array(DateTime64(3, 'UTC')),
    ADD COLUMN IF NOT EXISTS `custody.until` Array(Nullable(DateTime64(3, 'UTC'))),
    ADD COLUMN IF NOT EXISTS `custody.accepted_at` Array(Nullable(DateTime64(3, 'UTC'))),
    ADD COLUMN IF NOT EXISTS `custody.begun_by` Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS `custody.ended_by` Array(LowCardinality(String));

CREATE OR REPLACE VIEW cases_current AS
SELECT
    case_id, version, item, county, township, department, raised_by, channel, household,
    submitted_at, closed_at, outcome, reopened, bounces, open_pauses, events, set_aside, held,
    source_partition
FROM cases FINAL;

-- One row per interval, ordinal counting from 1: an office, county department or township, had the
-- case from since until until (null while it has it). The offices are those of the interval; who
-- has the case now is in cases. begun_by and ended_by are event types: ended_by returned is a
-- bounce (退单). No hand-over stops a clock of the citizen.
CREATE VIEW IF NOT EXISTS custody_intervals AS
SELECT
    case_id, item, raised_by, held AS is_held_by_load,
    ordinal, level, department, county, township,
    since, until, accepted_at, begun_by, nullIf(ended, '') AS ended_by
FROM (SELECT * EXCEPT (department, county, township) FROM cases FINAL)
ARRAY JOIN
    arrayEnumerate(custody.level) AS ordinal,
    custody.level AS level, custody.department AS department, custody.county AS county,
    custody.township AS township, custody.since AS since, custody.until AS until,
    custody.accepted_at AS accepted_at, custody.begun_by AS begun_by, custody.ended_by AS ended;

-- The intervals as they read at an instant, from the events that the stream had applied when it
-- last wrote the case: SELECT * FROM custody_at(as_of = '2026-06-01 00:00:00.000') (UTC). held_ms
-- counts up to as_of; unaccepted_ms is the part of it before the acceptance by that office.
CREATE VIEW IF NOT EXISTS custody_at AS
SELECT
    *,
    toUnixTimestamp64Milli(ifNull(until, {as_of:DateTime64(3, 'UTC')}))
        - toUnixTimestamp64Milli(since) AS held_ms,
    toUnixTimestamp64Milli(coalesce(accepted_at, until, {as_of:DateTime64(3, 'UTC')}))
        - toUnixTimestamp64Milli(since) AS unaccepted_ms
FROM custody_intervals;

CREATE VIEW IF NOT EXISTS custody_current AS
SELECT
    *,
    toUnixTimestamp64Milli(ifNull(until, now64(3, 'UTC')))
        - toUnixTimestamp64Milli(since) AS held_ms,
    toUnixTimestamp64Milli(coalesce(accepted_at, until, now64(3, 'UTC')))
        - toUnixTimestamp64Milli(since) AS unaccepted_ms
FROM custody_intervals;
