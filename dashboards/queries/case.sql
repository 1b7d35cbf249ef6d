-- One case as the stream last left it: no row where the warehouse has none of this number. The
-- household's pseudonym is left out: nobody needs it here.
SELECT
    case_id, item, county, township, department, raised_by, channel, submitted_at, closed_at,
    outcome, reopened, bounces, open_pauses, events, set_aside, held,
    violations.rule AS violated_rules
FROM cases FINAL
WHERE case_id = %(case_id)s
