-- How does it stand as of an instant, within the scope: one row.
--
-- received_today  cases submitted on the Shanghai day that holds as_of
-- received_total  cases submitted on that day or before
-- open            cases that are submitted and not resolved, rejected or withdrawn
-- late            open cases with a running clock whose due instant is before as_of, supervised
--                 ones included (due instants are rounded up to the minute)
-- supervised      open cases whose overall clock (10 days) is past its due instant
-- due_24h         open cases that are not late and whose earliest due instant is at most 24 hours
--                 after as_of
-- due_72h         the same with 72 hours; those of 24 hours are among them
--
-- Counted from the newest count of each group and partition that the stream published. A lead that
-- officials found counts as a case. A case whose clocks are all paused has no due instant and is
-- neither late nor due.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toDate32(as_of, 'Asia/Shanghai') AS today,
    ifNull(supervised_from < as_of, false) AS is_supervised,
    is_supervised OR ifNull(due_at < as_of, false) AS is_late,
    ifNull(due_at <= as_of + INTERVAL 24 HOUR, false) AS is_due_24h,
    ifNull(due_at <= as_of + INTERVAL 72 HOUR, false) AS is_due_72h
SELECT
    'all' AS scope,
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
