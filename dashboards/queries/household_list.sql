-- The monitored households of the highest relapse risk as of an instant, within the place of the
-- scope, by pseudonym: index and level of risk, in what state they are, what was seen of them.
-- Those that were dismissed or cleared are left out.
SELECT
    household, county, township, kind, status, round(index, 1) AS risk_index, level, indicators
FROM household_risk_at(as_of = %(as_of_text)s)
WHERE status NOT IN ('', 'dismissed', 'cleared')
    AND (%(prefecture)s = '' OR substring(county, 1, 4) = substring(%(prefecture)s, 1, 4))
    AND (%(county)s = '' OR county = %(county)s)
    AND (%(township)s = '' OR township = %(township)s)
ORDER BY index DESC, household
LIMIT %(limit)s
