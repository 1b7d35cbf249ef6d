-- What screenings and inspections saw of one household up to an instant, newest first. counts says
-- whether a signal reached the threshold of its county; case_id is the lead that it belongs to, as in
-- the view signals_with_leads, which would read all households first.
WITH arrayLast(
    (case_id, window_at, at, signal_id) -> window_at = s.window_at
        AND (at, signal_id) <= (s.observed_at, s.signal_id),
    h.`later_leads.case_id`, h.`later_leads.window_at`, h.`later_leads.at`,
    h.`later_leads.signal_id`
) AS later
SELECT
    s.signal_id AS signal_id, s.observed_at AS observed_at, s.source AS source,
    s.department AS department, s.indicator AS indicator, s.value AS value,
    s.threshold AS threshold, s.counts AS counts,
    nullIf(if(s.counts AND later != '', later, s.lead_case_id), '') AS case_id
FROM
(
    SELECT *
    FROM signals_current
    WHERE household = %(household)s
        AND observed_at <= fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC')
) AS s
LEFT JOIN
(
    SELECT
        household, `later_leads.window_at`, `later_leads.at`, `later_leads.signal_id`,
        `later_leads.case_id`
    FROM households FINAL
    WHERE household = %(household)s
) AS h ON h.household = s.household
ORDER BY observed_at DESC, signal_id
