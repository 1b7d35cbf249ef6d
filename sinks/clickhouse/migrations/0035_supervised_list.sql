-- Supervised list: which open cases are under provincial supervision (督办)?
--
-- One row for each case whose citizen's clock (overall: 10 days from the submission, nothing
-- pauses it) was past due as of as_of and had not ended by then, longest first. Days are whole
-- ones of 24 hours. Names single cases, for the offices that act on them: not for publication.
--
-- as_of: RFC 3339 with its offset.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- kind: list
-- columns:
--   case_id         | id        | the case
--   item            | dimension | service item
--   department      | dimension | who has the case now
--   prefecture      | dimension | 6 digits
--   county          | dimension | who has the case now, 6 digits
--   raised_by       | dimension | self, proxy, government
--   submitted_at    | instant   | UTC
--   supervised_from | instant   | when the citizen's clock was due, UTC
--   supervised_days | figure    | whole days since then
--   submitted_days  | figure    | whole days since the submission
--   bounces         | figure    | times handed back
--   open_pauses     | dimension | supplement, suspension: those open now
CREATE VIEW IF NOT EXISTS supervised_list AS
WITH
    parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now,
    arrayFilter(
        (due, clock, stopped) ->
            clock = 'overall' AND ifNull(due < now, false) AND ifNull(stopped > now, true),
        `verdicts.due_at`, `verdicts.clock`, `verdicts.stopped_at`
    ) AS overdue
SELECT
    case_id, item, department, concat(substring(county, 1, 4), '00') AS prefecture, county,
    raised_by, submitted_at,
    overdue[1] AS supervised_from,
    intDiv(dateDiff('millisecond', supervised_from, now), 86400000) AS supervised_days,
    intDiv(dateDiff('millisecond', submitted_at, now), 86400000) AS submitted_days,
    bounces,
    arrayStringConcat(open_pauses, ' ') AS open_pauses
FROM cases FINAL
WHERE ifNull(closed_at > now, true) AND NOT held AND notEmpty(overdue)
    AND startsWith(county, {place:String})
    AND startsWith(item, {item:String})
ORDER BY supervised_from, case_id;
