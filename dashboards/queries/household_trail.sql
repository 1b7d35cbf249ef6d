-- The risk index of one household at each instant up to as_of at which a fact changed it.
SELECT at, round(index, 1) AS risk_index, level
FROM household_risk
WHERE household = %(household)s
    AND at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
ORDER BY at
