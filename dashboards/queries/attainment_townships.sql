-- How many runs of clocks kept their limit in the 30 days up to as_of, by the township that has the
-- case now, within the scope; as attainment.sql counts them, without those that were decided while
-- another county had the case. A case that no township has yet is in the row with an empty code.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    as_of - INTERVAL 30 DAY AS from_at,
    toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on,
    toUnixTimestamp64Milli(as_of) AS as_of_ms,
    toUnixTimestamp64Milli(from_at) AS from_ms,
    (stop, outcome) -> stop > from_ms AND stop <= as_of_ms AND outcome = 'met' AS is_met,
    (due, stop) -> due > from_ms AND due < as_of_ms AND (stop = 0 OR due < stop) AS is_breached,
    if(
        empty(charged.county),
        arrayCount(is_met, verdicts.stopped_ms, verdicts.outcome),
        arrayCount(
            (stop, outcome, office) -> is_met(stop, outcome) AND office = county,
            verdicts.stopped_ms, verdicts.outcome, charged.county
        )
    ) AS met,
    if(
        empty(charged.county),
        arrayCount(is_breached, verdicts.due_ms, verdicts.stopped_ms),
        arrayCount(
            (due, stop, office) -> is_breached(due, stop) AND office = county,
            verdicts.due_ms, verdicts.stopped_ms, charged.county
        )
    ) AS breached
SELECT
    township,
    sum(met) AS in_time,
    sum(breached) AS out_of_time,
    in_time + out_of_time AS n,
    if(n = 0, NULL, in_time / n) AS share,
    if(n = 0, NULL, (share + 1.9208 / n - 1.96 * sqrt(share * (1 - share) / n + 0.9604 / n / n))
        / (1 + 3.8416 / n)) AS low,
    if(n = 0, NULL, (share + 1.9208 / n + 1.96 * sqrt(share * (1 - share) / n + 0.9604 / n / n))
        / (1 + 3.8416 / n)) AS high
FROM cases_since(since = from_at)
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
GROUP BY township
ORDER BY township
