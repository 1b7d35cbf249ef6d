-- The numbers of numbers.sql for each service item. Every case counts once, under the item of its
-- first event that names one.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toDate32(as_of, 'Asia/Shanghai') AS today,
    ifNull(supervised_from < as_of, false) AS is_supervised,
    is_supervised OR ifNull(due_at < as_of, false) AS is_late,
    ifNull(due_at <= as_of + INTERVAL 24 HOUR, false) AS is_due_24h,
    ifNull(due_at <= as_of + INTERVAL 72 HOUR, false) AS is_due_72h
SELECT
    item,
    sumIf(count, measure = 'received' AND day = today) AS received_today,
    sumIf(count, measure = 'received') AS received_total,
    sumIf(count, measure = 'open') AS open,
    sumIf(count, measure = 'open' AND is_late) AS late,
    sumIf(count, measure = 'open' AND is_supervised) AS supervised,
    sumIf(count, measure = 'open' AND NOT is_late AND is_due_24h) AS due_24h,
    sumIf(count, measure = 'open' AND NOT is_late AND is_due_72h) AS due_72h
FROM aggregates FINAL
WHERE measure IN ('received', 'open')
    AND (measure = 'open' OR day <= today)
    AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
    AND (%(county)s = '' OR county = %(county)s)
    AND (%(item)s = '' OR item = %(item)s)
GROUP BY item
ORDER BY item
