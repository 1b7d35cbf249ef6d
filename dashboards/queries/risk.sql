-- How many monitored households stand at each level of relapse risk as of an instant, within the
-- place of the scope, and what state they are in. The index of a household is what its drivers add
-- up to, each halved after its half-life (schemas/monitoring/risk.yaml); the levels are those of
-- its county. Those that were dismissed are left out.
SELECT
    level,
    count() AS households,
    countIf(status = 'found') AS found,
    countIf(status = 'verified') AS verified,
    countIf(status = 'assisted') AS assisted,
    countIf(status = 'cleared') AS cleared,
    countIf(status = 'relapsed') AS relapsed,
    round(avg(index), 1) AS mean_index
FROM
(
    SELECT level, status, index, county, township
    FROM household_risk_at(as_of = %(as_of_text)s)
    WHERE status NOT IN ('', 'dismissed')
)
WHERE (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
    AND (%(county)s = '' OR county = %(county)s)
    AND (%(township)s = '' OR township = %(township)s)
GROUP BY level
ORDER BY min(index)
