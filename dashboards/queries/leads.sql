-- The leads that officials found and that are not closed, within the scope, newest first: what
-- signals of a household within a window were joined into, or what an official opened by hand.
-- stage is the clock that runs (the visit, then the assistance; empty between the two), due_at when
-- it is due; is_late whether any clock is past its due instant as of the instant asked.
WITH fromUnixTimestamp64Milli(toInt64(%(as_of_ms)s), 'UTC') AS as_of
SELECT
    case_id, county, township, submitted_at AS found_at, found.source AS source,
    found.indicators AS indicators, found.signals AS signals,
    arrayFirst((clock, outcome) -> outcome = 'live', verdicts.clock, verdicts.outcome) AS stage,
    live_due_at AS due_at,
    ifNull(live_due_at < as_of, false) AS is_late
FROM
(
    SELECT
        case_id, county, township, submitted_at, verdicts.clock, verdicts.outcome, live_due_at,
        toDate32(submitted_at, 'Asia/Shanghai') AS submitted_on
    FROM cases_since(since = '2200-01-01 00:00:00')  -- only the open ones
    WHERE item = 'monitoring.lead'
        AND submitted_at <= as_of
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
) AS cases
LEFT JOIN
(
    WITH arrayLast(
        one -> one.2 = s.window_at AND (one.3, one.4) <= (s.observed_at, s.signal_id), h.later_leads
    ).1 AS later
    SELECT
        if(later = '', s.lead_case_id, later) AS case_id,
        argMin(s.source, (s.observed_at, s.signal_id)) AS source,
        arraySort(groupUniqArray(s.indicator)) AS indicators,
        count() AS signals
    FROM
    (
        -- As the view signals_with_leads, but only of the households with an open lead, and maybe
        -- of some that had one a moment ago: a view would read all signals first.
        SELECT
            household, signal_id, observed_at, source, indicator, counts, lead_case_id, window_at
        FROM signals FINAL
        PREWHERE household IN (
            SELECT household FROM cases WHERE item = 'monitoring.lead' AND closed_at IS NULL
        )
        ORDER BY
            household, signal_id, observed_at, source, county, if(township = '', '~', township),
            department, indicator, household_kind, ifNull(value, -inf)
        LIMIT 1 BY household, signal_id
    ) AS s
    LEFT JOIN
    (
        -- The newest state of the households that have or had a later lead in any: they are few.
        SELECT
            household,
            argMax(
                arrayZip(
                    `later_leads.case_id`, `later_leads.window_at`, `later_leads.at`,
                    `later_leads.signal_id`
                ), version
            ) AS later_leads
        FROM households
        PREWHERE household IN (
            SELECT household FROM households WHERE notEmpty(`later_leads.case_id`)
        )
        GROUP BY household
    ) AS h ON h.household = s.household
    WHERE s.counts
    GROUP BY case_id
) AS found ON found.case_id = cases.case_id
ORDER BY is_late DESC, submitted_at DESC, case_id
LIMIT %(limit)s
