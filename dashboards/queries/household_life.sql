-- What happened to one household up to an instant, in order: found, dismissed, verified, assisted,
-- cleared, relapsed, asked. case_id is that of the lead or request that it is from.
SELECT at, event, case_id
FROM household_life
WHERE household = %(household)s
    AND at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
ORDER BY at, event, case_id
