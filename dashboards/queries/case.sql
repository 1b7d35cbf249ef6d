-- One case as the stream last left it: no row where the warehouse has none of this number. The
-- household's pseudonym is left out: nobody needs it here.
SELECT
    case_id, item, county, township, department, raised_by, channel, submitted_at, closed_at,
    outcome, reopened, bounces, open_pauses, events, set_aside, held,
    violations.rule AS violated_rules, regions.name_zh AS township_zh,
    regions.name_en AS township_en
FROM (SELECT * FROM cases FINAL WHERE case_id = %(case_id)s) AS cases
LEFT JOIN regions ON regions.code = cases.township
