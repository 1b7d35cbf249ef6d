-- Levels by every version of the risk rules, each from the instant on from which it is in force: a
-- new version leaves the levels of the past as they were. Rows that were written before this have
-- the levels of one version, as if it had always been in force.
ALTER TABLE households
    ADD COLUMN IF NOT EXISTS `levels.since` Array(DateTime64(3, 'UTC')) AFTER `levels.points_from`;

CREATE OR REPLACE VIEW households_current AS
SELECT * EXCEPT (
    `drivers.code`, `drivers.points`, `drivers.at`, `drivers.half_life_d`, `drivers.until`,
    `drivers.subject`, `trail.at`, `trail.index`, `trail.level`, `levels.level`,
    `levels.points_from`, `levels.since`, `life.at`, `life.event`, `life.case_id`,
    `clearings.cleared_at`, `clearings.relapsed_at`
)
FROM households FINAL;

-- The index and level of each household at an instant: household_risk_at(as_of = '2026-06-01 …').
-- Before the first version of the rules the first one holds.
CREATE OR REPLACE VIEW household_risk_at AS
SELECT
    household, county, township, kind, category, status, indicators, rules,
    greatest(0, least(100, round(arraySum(
        (points, at, half_life_d, until) -> if(
            at > {as_of:DateTime64(3, 'UTC')} OR ifNull(until <= {as_of:DateTime64(3, 'UTC')}, false),
            0,
            points * if(half_life_d = 0, 1, exp2(
                -(toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(at))
                / 86400000 / half_life_d
            ))
        ),
        `drivers.points`, `drivers.at`, `drivers.half_life_d`, `drivers.until`
    ), 2))) AS index,
    arrayLast(
        (name, points_from, since) -> points_from <= index
            AND (since <= {as_of:DateTime64(3, 'UTC')} OR since = `levels.since`[1]),
        `levels.level`, `levels.points_from`, `levels.since`
    ) AS level
FROM households FINAL;
