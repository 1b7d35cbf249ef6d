-- What screenings and inspections saw of one household up to an instant, newest first. counts says
-- whether a signal reached the threshold of its county; case_id is the lead that it belongs to.
SELECT
    signal_id, observed_at, source, department, indicator, value, threshold, counts,
    nullIf(case_id, '') AS case_id
FROM signals_with_leads
WHERE household = %(household)s
    AND observed_at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
ORDER BY observed_at DESC, signal_id
