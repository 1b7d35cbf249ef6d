-- The risk index of each household at each instant at which a fact changed it (the day in
-- Asia/Shanghai). A view of the rows of households, so that a late signal rewrites the past of a
-- household as a whole. Between two instants the index only decays: household_risk_at.
CREATE VIEW IF NOT EXISTS household_risk AS
SELECT
    household, county, township, kind, category, status, indicators, rules,
    at, toDate(at, 'Asia/Shanghai') AS day, index, level
FROM households FINAL
ARRAY JOIN trail.at AS at, trail.index AS index, trail.level AS level;

-- What each driver adds at an instant: SELECT * FROM household_drivers_at(as_of = '2026-06-01 …')
-- (UTC). As streams/core/risk.py reckons it; the sum is capped at 100.
CREATE VIEW IF NOT EXISTS household_drivers_at AS
SELECT
    household, county, township, kind, category, status, code, subject, at, points,
    points * if(half_life_d = 0, 1, exp2(
        -(toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(at))
        / 86400000 / half_life_d
    )) AS adds
FROM households FINAL
ARRAY JOIN
    drivers.code AS code, drivers.subject AS subject, drivers.at AS at,
    drivers.points AS points, drivers.half_life_d AS half_life_d, drivers.until AS until
WHERE at <= {as_of:DateTime64(3, 'UTC')} AND ifNull(until > {as_of:DateTime64(3, 'UTC')}, true);

-- The index and level of each household at an instant: household_risk_at(as_of = '2026-06-01 …').
CREATE VIEW IF NOT EXISTS household_risk_at AS
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
        (name, points_from) -> points_from <= index, `levels.level`, `levels.points_from`
    ) AS level
FROM households FINAL;
