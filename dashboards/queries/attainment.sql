-- How many runs of clocks kept their limit in the 30 days up to as_of, within the scope: one row
-- for all, and one for each item, department, prefecture and county.
--
-- in_time      runs that ended by their due instant, in these 30 days
-- out_of_time  runs whose due instant passed in these 30 days: ended or cancelled after it, or running
-- share        in_time of both
-- low, high    Wilson interval of share (95 in 100): a county with few runs has a wide one
--
-- A run that was cancelled in time (the case was closed first) counts as neither. A run counts for
-- the department and the county that had the case when it was decided, not for those that have it
-- now.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    as_of - INTERVAL 30 DAY AS from_at,
    toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on,
    toUnixTimestamp64Milli(as_of) AS as_of_ms,
    toUnixTimestamp64Milli(from_at) AS from_ms,
    (stop, outcome) -> stop > from_ms AND stop <= as_of_ms AND outcome = 'met' AS is_met,
    (due, stop) -> due > from_ms AND due < as_of_ms AND (stop = 0 OR due < stop) AS is_breached
SELECT
    transform(
        grouping(item, department, county, prefecture), [7, 11, 13, 14],
        ['attainment_items', 'attainment_departments', 'ranking', 'ranking_prefectures'], 'all'
    ) AS dimension,
    concat(item, department, county, prefecture) AS code,  -- only the grouped one is not empty
    sum(of_met) AS in_time,
    sum(of_breached) AS out_of_time,
    in_time + out_of_time AS n,
    if(n = 0, NULL, in_time / n) AS share,
    if(n = 0, NULL, (share + 1.9208 / n - 1.96 * sqrt(share * (1 - share) / n + 0.9604 / n / n))
        / (1 + 3.8416 / n)) AS low,
    if(n = 0, NULL, (share + 1.9208 / n + 1.96 * sqrt(share * (1 - share) / n + 0.9604 / n / n))
        / (1 + 3.8416 / n)) AS high
FROM
(
    SELECT
        item, charge.1 AS department, charge.2 AS county,
        concat(substring(county, 1, 4), '00') AS prefecture,
        sum(charge.3) AS of_met,
        sum(charge.4) AS of_breached
    FROM cases_since(since = from_at) AS s
    -- One entry for a case that one office had all the time, else one for each of its runs.
    ARRAY JOIN if(
        empty(charged.county),
        [(
            s.department, s.county,
            arrayCount(is_met, verdicts.stopped_ms, verdicts.outcome),
            arrayCount(is_breached, verdicts.due_ms, verdicts.stopped_ms)
        )],
        arrayMap(
            (branch, office, due, stop, outcome) -> (
                branch, office, toUInt32(is_met(stop, outcome)), toUInt32(is_breached(due, stop))
            ),
            charged.department, charged.county,
            verdicts.due_ms, verdicts.stopped_ms, verdicts.outcome
        )
    ) AS charge
    WHERE submitted_at <= as_of
        AND item != ''
        AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
        AND (%(county)s = '' OR county = %(county)s)
        AND (%(township)s = '' OR township = %(township)s)
        AND (%(item)s = '' OR item = %(item)s)
        AND (%(department)s = '' OR department = %(department)s)
        AND (%(raised_by)s = '' OR raised_by = %(raised_by)s)
        AND (%(channel)s = '' OR channel = %(channel)s)
        AND (%(since)s = '' OR submitted_on >= toDate32OrNull(%(since)s))
        AND (%(until)s = '' OR submitted_on <= toDate32OrNull(%(until)s))
        AND (%(level)s = '' OR case_id IN (
            SELECT case_id
            FROM escalations_standing
            WHERE %(level)s != '' AND level = %(level)s AND at <= as_of))
    GROUP BY item, department, county
)
GROUP BY GROUPING SETS ((), (item), (department), (county), (prefecture))
ORDER BY dimension, code
