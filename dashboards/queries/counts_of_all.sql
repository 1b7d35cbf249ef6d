-- The numbers of counts.sql of the whole province, and in the same answer those of every cell: a way
-- of raising, an item and a county. The page asks this once for all its live views, and sums the
-- cells that a view is of (dashboards/board.py); a test holds both to the same answers.
--
-- A cell is grouped by a number made of its three texts, which themselves cost twice as much; a test
-- shows that no two cells of this build's items and regions have the same.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toDate32(as_of, 'Asia/Shanghai') AS today,
    ifNull(supervised_from < as_of, false) AS is_supervised,
    is_supervised OR ifNull(due_at < as_of, false) AS is_late,
    ifNull(due_at <= as_of + INTERVAL 24 HOUR, false) AS is_due_24h,
    ifNull(due_at <= as_of + INTERVAL 72 HOUR, false) AS is_due_72h
SELECT
    transform(
        grouping(raised_by, item, county, prefecture), [1, 7, 11, 13, 14],
        ['cells', 'directions', 'items', 'counties', 'prefectures'], 'numbers'
    ) AS dimension,
    raised_by, item, county, prefecture,  -- those that are not grouped by are empty
    sum(of_today) AS received_today,
    sum(of_all) AS received_total,
    sum(of_open) AS open,
    sum(of_late) AS late,
    sum(of_supervised) AS supervised,
    sum(of_24h) AS due_24h,
    sum(of_72h) AS due_72h
FROM
(
    SELECT
        any(aggregates.raised_by) AS raised_by,
        any(aggregates.item) AS item,
        any(aggregates.county) AS county,
        concat(substring(county, 1, 4), '00') AS prefecture,
        sumIf(count, measure = 'received' AND day = today) AS of_today,
        sumIf(count, measure = 'received') AS of_all,
        sumIf(count, measure = 'open') AS of_open,
        sumIf(count, measure = 'open' AND is_late) AS of_late,
        sumIf(count, measure = 'open' AND is_supervised) AS of_supervised,
        sumIf(count, measure = 'open' AND NOT is_late AND is_due_24h) AS of_24h,
        sumIf(count, measure = 'open' AND NOT is_late AND is_due_72h) AS of_72h
    FROM aggregates FINAL
    WHERE measure IN ('received', 'open')
        AND count != 0
        AND (measure = 'open' OR day <= today)
    GROUP BY
        cityHash64(aggregates.raised_by) + 3 * cityHash64(aggregates.item)
        + 7 * cityHash64(aggregates.county)
)
GROUP BY GROUPING SETS (
    (), (raised_by), (item), (county), (prefecture), (raised_by, item, county)
)
ORDER BY dimension, raised_by, item, county, prefecture
