-- Where a household stood at each instant: its place, kind and status, and when each indicator was
-- first seen (streams/core/household_past.py). What is asked of an instant is answered from them and
-- not from the newest state; the levels of the index are those of the county it was in then
-- (levels.since). Rows that were written before this have none: of them the newest state is told
-- until the household worker starts, which writes them all again.
ALTER TABLE households
    ADD COLUMN IF NOT EXISTS `past.at` Array(DateTime64(3, 'UTC'))
        COMMENT 'from when on' AFTER `later_leads.case_id`,
    ADD COLUMN IF NOT EXISTS `past.county` Array(LowCardinality(String))
        COMMENT '6 digits, by the newest fact then' AFTER `past.at`,
    ADD COLUMN IF NOT EXISTS `past.township` Array(LowCardinality(String))
        COMMENT '9 digits, or empty' AFTER `past.county`,
    ADD COLUMN IF NOT EXISTS `past.kind` Array(LowCardinality(String))
        COMMENT 'unstable, marginal, sudden or none' AFTER `past.township`,
    ADD COLUMN IF NOT EXISTS `past.category` Array(LowCardinality(String))
        COMMENT 'what the rules in force then call that kind' AFTER `past.kind`,
    ADD COLUMN IF NOT EXISTS `past.status` Array(LowCardinality(String))
        COMMENT 'as status' AFTER `past.category`,
    ADD COLUMN IF NOT EXISTS `past.status_at` Array(Nullable(DateTime64(3, 'UTC')))
        COMMENT 'since when it had that status' AFTER `past.status`,
    ADD COLUMN IF NOT EXISTS indicators_at Array(DateTime64(3, 'UTC'))
        COMMENT 'when each of the indicators was first seen' AFTER `past.status_at`;

CREATE OR REPLACE VIEW households_current AS
SELECT * EXCEPT (
    `drivers.code`, `drivers.points`, `drivers.at`, `drivers.half_life_d`, `drivers.until`,
    `drivers.subject`, `trail.at`, `trail.index`, `trail.level`, `levels.level`,
    `levels.points_from`, `levels.since`, `life.at`, `life.event`, `life.case_id`,
    `clearings.cleared_at`, `clearings.relapsed_at`, `later_leads.window_at`, `later_leads.at`,
    `later_leads.signal_id`, `later_leads.case_id`, `past.at`, `past.county`, `past.township`,
    `past.kind`, `past.category`, `past.status`, `past.status_at`, indicators_at
)
FROM households FINAL;

-- The index and level of each household at an instant, and where it stood then, by the facts that
-- had happened by then: household_risk_at(as_of = '2026-06-01 …'). No row for one of which nothing
-- was known yet. Before the first version of the rules the first one holds.
CREATE OR REPLACE VIEW household_risk_at AS
WITH arrayLastIndex(at -> at <= {as_of:DateTime64(3, 'UTC')}, h.`past.at`) AS nth
SELECT
    h.household AS household,
    if(nth = 0, h.county, h.`past.county`[nth]) AS county,
    if(nth = 0, h.township, h.`past.township`[nth]) AS township,
    if(nth = 0, h.kind, h.`past.kind`[nth]) AS kind,
    if(nth = 0, h.category, h.`past.category`[nth]) AS category,
    if(nth = 0, h.status, h.`past.status`[nth]) AS status,
    if(nth = 0, h.status_at, h.`past.status_at`[nth]) AS status_at,
    arrayFilter(
        (indicator, at) -> at <= {as_of:DateTime64(3, 'UTC')},
        h.indicators,
        arrayResize(h.indicators_at, length(h.indicators), toDateTime64(0, 3, 'UTC'))
    ) AS indicators,
    h.rules AS rules,
    greatest(0, least(100, round(arraySum(
        (points, at, half_life_d, until) -> if(
            at > {as_of:DateTime64(3, 'UTC')} OR ifNull(until <= {as_of:DateTime64(3, 'UTC')}, false),
            0,
            points * if(half_life_d = 0, 1, exp2(
                -(toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(at))
                / 86400000 / half_life_d
            ))
        ),
        h.`drivers.points`, h.`drivers.at`, h.`drivers.half_life_d`, h.`drivers.until`
    ), 2))) AS index,
    arrayLast(
        (name, points_from, since) -> points_from <= index
            AND (since <= {as_of:DateTime64(3, 'UTC')} OR since = h.`levels.since`[1]),
        h.`levels.level`, h.`levels.points_from`, h.`levels.since`
    ) AS level
FROM households AS h FINAL
WHERE empty(h.`past.at`) OR nth > 0;

-- The same at each instant at which a fact changed the index (the day in Asia/Shanghai). A late
-- signal rewrites the past of a household as a whole. Between two instants the index only decays.
CREATE OR REPLACE VIEW household_risk AS
WITH arrayLastIndex(since -> since <= at, h.`past.at`) AS nth
SELECT
    h.household AS household,
    if(nth = 0, h.county, h.`past.county`[nth]) AS county,
    if(nth = 0, h.township, h.`past.township`[nth]) AS township,
    if(nth = 0, h.kind, h.`past.kind`[nth]) AS kind,
    if(nth = 0, h.category, h.`past.category`[nth]) AS category,
    if(nth = 0, h.status, h.`past.status`[nth]) AS status,
    arrayFilter(
        (indicator, seen_at) -> seen_at <= at,
        h.indicators,
        arrayResize(h.indicators_at, length(h.indicators), toDateTime64(0, 3, 'UTC'))
    ) AS indicators,
    h.rules AS rules,
    at, toDate(at, 'Asia/Shanghai') AS day, index, level
FROM households AS h FINAL
ARRAY JOIN h.`trail.at` AS at, h.`trail.index` AS index, h.`trail.level` AS level;
