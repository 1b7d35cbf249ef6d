-- Cycles as of an instant: one row for each cycle of each clock, judged as of as_of.
--
-- What the other questions count from, and the list to look single cycles up in. A cycle that
-- started after as_of is left out, one that ended after it is still running. Late is derived here
-- and stored nowhere: the due instant is before as_of, and before the end of the cycle. Extensions
-- and pauses after as_of that are known today have already moved due_at. Cases that an open bulk
-- load holds back are left out until it closes. Names single cases: not for publication.
--
-- as_of: RFC 3339 with its offset; text without one is UTC, as in verdicts_at.
-- kind: list
-- columns:
--   case_id        | id        | the case
--   item           | dimension | service item
--   department     | dimension | who has the case now
--   prefecture     | dimension | 6 digits, the county's first four and 00
--   county         | dimension | 6 digits of GB/T 2260; who has the case now
--   township       | dimension | 9 digits, or empty
--   raised_by      | dimension | self, proxy (找政府), government (政府找)
--   clock          | dimension | clock of the item
--   start_event_id | id        | the event that started the cycle
--   cycle          | dimension | from 1, in order of start
--   policy         | dimension | policy that its limit is from
--   provisional    | dimension | reckoned beyond the published holiday calendar
--   started_at     | instant   | start of the cycle, UTC
--   due_at         | instant   | when it is due; null while paused
--   stopped_at     | instant   | its end; null if it had none by as_of
--   status         | dimension | running, paused, met, missed, cancelled
--   is_late        | dimension | due before as_of and before its end
--   verdict_at     | instant   | since when it is certain: due if late, else the end; null while open
CREATE VIEW IF NOT EXISTS cycles_at AS
WITH parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now
SELECT
    v.case_id AS case_id,
    v.item AS item,
    v.department AS department,
    concat(substring(v.county, 1, 4), '00') AS prefecture,
    v.county AS county,
    v.township AS township,
    v.raised_by AS raised_by,
    v.clock AS clock,
    v.start_event_id AS start_event_id,
    v.cycle AS cycle,
    v.policy AS policy,
    v.provisional AS provisional,
    v.started_at AS started_at,
    v.due_at AS due_at,
    if(v.stopped_at <= now, v.stopped_at, NULL) AS stopped_at,
    multiIf(
        ifNull(v.stopped_at <= now, false), v.outcome, v.due_at IS NULL, 'paused', 'running'
    ) AS status,
    ifNull(v.due_at < least(ifNull(v.stopped_at, now), now), false) AS is_late,
    multiIf(is_late, v.due_at, v.stopped_at <= now, v.stopped_at, NULL) AS verdict_at
FROM clock_verdicts AS v
WHERE v.started_at <= now AND NOT v.held AND v.item != '';
