-- Every cycle of every clock of one case, with its verdict as of an instant: running, paused, met,
-- missed or cancelled, and since when it is breached (a live cycle once as_of is after its due
-- instant, an ended one if it ended after it). What happened after as_of but is already known
-- counts as it stands.
SELECT
    clock, cycle, policy, term, extended, started_at, due_at, stopped_at, status, breached_at,
    provisional
FROM verdicts_at(as_of = %(as_of_text)s)
WHERE case_id = %(case_id)s
ORDER BY started_at, clock, cycle
