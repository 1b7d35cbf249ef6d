-- How does it stand as of an instant, within the scope: one row for all of it, and one for each way
-- of raising, item, county and prefecture. dimension says for which of them a row counts, code its
-- value.
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
-- Counted from the newest count of each group and partition that the stream published. Every case
-- counts once: under the county that has it now (a transfer moves it), under the item of its first
-- event that names one, and under how it was raised. People finding the government (找政府): self,
-- and proxy, which is somebody else on their behalf, a class teacher included. The government
-- finding people (政府找): government, by inspection of households or by screening; a lead that
-- officials found counts as a case. A case whose clocks are all paused has no due instant and is
-- neither late nor due. Where the scope names more than a place, an item and a direction,
-- counts_of_cases.sql answers the same from the cases themselves.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toDate32(as_of, 'Asia/Shanghai') AS today,
    ifNull(supervised_from < as_of, false) AS is_supervised,
    is_supervised OR ifNull(due_at < as_of, false) AS is_late,
    ifNull(due_at <= as_of + INTERVAL 24 HOUR, false) AS is_due_24h,
    ifNull(due_at <= as_of + INTERVAL 72 HOUR, false) AS is_due_72h
SELECT
    row.1 AS dimension,
    row.2 AS code,
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
        -- Grouped by one thing at a time: together these texts cost more than twice as much.
        arrayJoin(multiIf(
            grouping(raised_by) = 0, [('directions', toString(raised_by))],
            grouping(item) = 0, [('items', toString(item))],
            [
                ('numbers', ''), ('counties', toString(county)),
                ('prefectures', concat(substring(county, 1, 4), '00'))
            ]
        )) AS row,
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
        AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
        AND (%(county)s = '' OR county = %(county)s)
        AND (%(item)s = '' OR item = %(item)s)
        AND (%(raised_by)s = '' OR raised_by = %(raised_by)s)
    GROUP BY GROUPING SETS ((raised_by), (item), (county))
)
GROUP BY row
ORDER BY dimension, code
