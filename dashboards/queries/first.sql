-- Who came first, 政府找 or 找政府, within the place and period of the scope: one row for all, one
-- for each prefecture, one for each county. Households by their first contact of either kind.
--
-- found_first       found by officials (a signal that reached its threshold, a lead, or a request
--                   that officials raised), and asked later; at one instant counts as found first
-- found_only        found, and has not asked: helped in time, or in no need; this says neither
-- asked_first       asked by itself or by proxy, and found later
-- asked_only        asked, and has not been found
-- share             found_first of all that asked
-- low, high         Wilson interval of share (95 in 100)
-- median_lead_days  days of 24 hours from found to asked, of those found first
--
-- The period is of the first contact; of the other filters only the item narrows it, by the item of
-- the first request.
WITH fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of
SELECT
    multiIf(grouping(county) = 0, 'county', grouping(prefecture) = 0, 'prefecture', 'all') AS place,
    concat(prefecture, county) AS code,  -- only the grouped one is not empty
    countIf(is_found AND has_asked AND lead_ms >= 0) AS found_first,
    countIf(is_found AND NOT has_asked) AS found_only,
    countIf(is_found AND has_asked AND lead_ms < 0) AS asked_first,
    countIf(NOT is_found AND has_asked) AS asked_only,
    found_first + asked_first + asked_only AS asked,
    if(asked = 0, NULL, found_first / asked) AS share,
    if(asked = 0, NULL, (share + 1.9208 / asked
        - 1.96 * sqrt(share * (1 - share) / asked + 0.9604 / asked / asked))
        / (1 + 3.8416 / asked)) AS low,
    if(asked = 0, NULL, (share + 1.9208 / asked
        + 1.96 * sqrt(share * (1 - share) / asked + 0.9604 / asked / asked))
        / (1 + 3.8416 / asked)) AS high,
    if(found_first = 0, NULL, round(quantileExactInclusiveIf(0.5)(
        lead_ms / 86400000, is_found AND has_asked AND lead_ms >= 0), 1)) AS median_lead_days
FROM
(
    SELECT
        county, concat(substring(county, 1, 4), '00') AS prefecture,
        ifNull(first_found_at <= as_of, false) AS is_found,
        ifNull(first_request_at <= as_of, false) AS has_asked,
        ifNull(dateDiff('millisecond', first_found_at, first_request_at), 0) AS lead_ms,
        toDate32(least(
            ifNull(first_found_at, assumeNotNull(first_request_at)),
            ifNull(first_request_at, assumeNotNull(first_found_at))
        ), 'Asia/Shanghai') AS met_on
    FROM households FINAL
    WHERE (is_found OR has_asked)
        AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
        AND (%(county)s = '' OR county = %(county)s)
        AND (%(township)s = '' OR township = %(township)s)
        AND (%(item)s = '' OR first_request_item = %(item)s)
        AND (%(since)s = '' OR met_on >= toDate32OrNull(%(since)s))
        AND (%(until)s = '' OR met_on <= toDate32OrNull(%(until)s))
)
GROUP BY GROUPING SETS ((), (prefecture), (county))
ORDER BY place, code
