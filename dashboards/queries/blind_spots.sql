-- Who asked without having been found, by what should have seen it, within the place, item and
-- period of the scope: households by the indicator of the item that they asked for first; none
-- where no screening could have seen it.
--
-- found_before  had been found (政府找), by any indicator and however long ago, when they first
--               asked (找政府)
-- found_later   had not, and were found by as_of
-- never_found   had not, and have not been found
-- share         not found when they asked, of all that asked
-- low, high     Wilson interval of share (95 in 100)
--
-- The period is of the first request.
WITH
    fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of,
    toDate32(first_request_at, 'Asia/Shanghai') AS asked_on
SELECT
    if(first_request_indicator = '', 'none', first_request_indicator) AS indicator,
    countIf(ifNull(first_found_at <= first_request_at, false)) AS found_before,
    countIf(ifNull(first_found_at > first_request_at AND first_found_at <= as_of, false))
        AS found_later,
    count() - found_before - found_later AS never_found,
    count() AS asked,
    (asked - found_before) / asked AS share,
    (share + 1.9208 / asked - 1.96 * sqrt(share * (1 - share) / asked + 0.9604 / asked / asked))
        / (1 + 3.8416 / asked) AS low,
    (share + 1.9208 / asked + 1.96 * sqrt(share * (1 - share) / asked + 0.9604 / asked / asked))
        / (1 + 3.8416 / asked) AS high
FROM households FINAL
WHERE first_request_at <= as_of
    AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
    AND (%(county)s = '' OR county = %(county)s)
    AND (%(township)s = '' OR township = %(township)s)
    AND (%(item)s = '' OR first_request_item = %(item)s)
    AND (%(since)s = '' OR asked_on >= toDate32OrNull(%(since)s))
    AND (%(until)s = '' OR asked_on <= toDate32OrNull(%(until)s))
GROUP BY indicator
ORDER BY indicator
