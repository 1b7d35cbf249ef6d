-- Which lead a signal belongs to, where its window has more than one: who was dismissed on the 10th
-- and is seen again on the 20th is found again, by a lead of its own. The row of the household says
-- with which signal each lead after the first of its window begins (streams/core/household_leads.py);
-- signals.lead_case_id is the first lead of the window. Households whose rows were written before
-- this have none until the household worker starts, which writes them all again.
ALTER TABLE households
    ADD COLUMN IF NOT EXISTS `later_leads.window_at` Array(DateTime64(3, 'UTC'))
        COMMENT 'the window of a lead that is not its first' AFTER `clearings.relapsed_at`,
    ADD COLUMN IF NOT EXISTS `later_leads.at` Array(DateTime64(3, 'UTC'))
        COMMENT 'when the signal that it begins with was seen' AFTER `later_leads.window_at`,
    ADD COLUMN IF NOT EXISTS `later_leads.signal_id` Array(String)
        COMMENT 'that signal' AFTER `later_leads.at`,
    ADD COLUMN IF NOT EXISTS `later_leads.case_id` Array(String)
        COMMENT 'the case of that lead' AFTER `later_leads.signal_id`;

CREATE OR REPLACE VIEW households_current AS
SELECT * EXCEPT (
    `drivers.code`, `drivers.points`, `drivers.at`, `drivers.half_life_d`, `drivers.until`,
    `drivers.subject`, `trail.at`, `trail.index`, `trail.level`, `levels.level`,
    `levels.points_from`, `levels.since`, `life.at`, `life.event`, `life.case_id`,
    `clearings.cleared_at`, `clearings.relapsed_at`, `later_leads.window_at`, `later_leads.at`,
    `later_leads.signal_id`, `later_leads.case_id`
)
FROM households FINAL;

-- One row per signal, as signals_current, with the lead that it belongs to (case_id, empty where it
-- counts for none): of its window the last one that begins with it or before it.
CREATE OR REPLACE VIEW signals_with_leads AS
WITH arrayLast(
    (case_id, window_at, at, signal_id) -> window_at = s.window_at
        AND (at, signal_id) <= (s.observed_at, s.signal_id),
    h.`later_leads.case_id`, h.`later_leads.window_at`, h.`later_leads.at`,
    h.`later_leads.signal_id`
) AS later
SELECT
    s.household AS household, s.signal_id AS signal_id, s.observed_at AS observed_at,
    s.source AS source, s.department AS department, s.indicator AS indicator,
    s.county AS county, s.township AS township, s.household_kind AS household_kind,
    s.value AS value, s.threshold AS threshold, s.counts AS counts, s.window_at AS window_at,
    multiIf(NOT s.counts, '', later = '', s.lead_case_id, later) AS case_id
FROM signals_current AS s
LEFT JOIN
(
    SELECT
        household, `later_leads.window_at`, `later_leads.at`, `later_leads.signal_id`,
        `later_leads.case_id`
    FROM households FINAL
    WHERE notEmpty(`later_leads.case_id`)
) AS h ON h.household = s.household;

-- One row per lead: what the signals of one household within a window were joined into, those that
-- were seen after the lead before had ended into another. What became of it is in cases and
-- clock_verdicts, under the same case_id.
CREATE OR REPLACE VIEW leads AS
SELECT
    case_id,
    any(household) AS household,
    any(window_at) AS window_at,
    min(observed_at) AS found_at,
    argMin(county, (observed_at, signal_id)) AS county,
    argMin(source, (observed_at, signal_id)) AS source,
    argMin(indicator, (observed_at, signal_id)) AS first_indicator,
    arraySort(groupUniqArray(indicator)) AS indicators,
    count() AS signals
FROM signals_with_leads
WHERE counts
GROUP BY case_id;
