-- Cycles as of an instant: one row for each cycle of each clock, judged as of as_of.
--
-- What the other questions count from, and the list to look single cycles up in. A cycle that
-- started after as_of is left out, one that ended after it is still running. Late is derived here
-- and stored nowhere: the due instant is before as_of, and before the end of the cycle. Extensions
-- and pauses after as_of that are known today have already moved due_at. Cases that an open bulk
-- load holds back are left out until it closes. A cycle is with the office to which its verdict is
-- charged (0060): the one that had the case when it became late, or ended; while it is open and in
-- time, the one that has the case now. Names single cases: not for publication.
--
-- as_of: RFC 3339 with its offset; text without one is UTC, as in verdicts_at.
-- kind: list
-- columns:
--   case_id        | id        | the case
--   item           | dimension | service item
--   department     | dimension | who had the case when the verdict became certain, else who has it now
--   prefecture     | dimension | 6 digits, the county's first four and 00
--   county         | dimension | 6 digits of GB/T 2260; likewise
--   township       | dimension | 9 digits; empty where there is none, or the case has left the county
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
CREATE OR REPLACE VIEW cycles_at AS
WITH parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now
SELECT
    v.case_id AS case_id,
    v.item AS item,
    if(v.verdict_at IS NULL, v.now_department, v.charged_department) AS department,
    concat(substring(county, 1, 4), '00') AS prefecture,
    if(v.verdict_at IS NULL, v.now_county, v.charged_county) AS county,
    if(county = v.now_county, v.now_township, '') AS township,
    v.raised_by AS raised_by,
    v.clock AS clock,
    v.start_event_id AS start_event_id,
    v.cycle AS cycle,
    v.policy AS policy,
    v.provisional AS provisional,
    v.started_at AS started_at,
    v.due_at AS due_at,
    v.stopped_at AS stopped_at,
    v.status AS status,
    v.is_late AS is_late,
    v.verdict_at AS verdict_at
FROM
(
    SELECT
        case_id, item, raised_by, clock, start_event_id, cycle, policy, provisional,
        started_at, due_at,
        cases.county AS now_county, cases.department AS now_department,
        cases.township AS now_township,
        if(empty(`charged.county`), now_county, `charged.county`[nth]) AS charged_county,
        if(empty(`charged.county`), now_department, `charged.department`[nth]) AS charged_department,
        if(stop <= now, stop, NULL) AS stopped_at,
        multiIf(ifNull(stop <= now, false), ended_as, due_at IS NULL, 'paused', 'running') AS status,
        ifNull(due_at < least(ifNull(stop, now), now), false) AS is_late,
        multiIf(is_late, due_at, stop <= now, stop, NULL) AS verdict_at
    FROM cases FINAL
    ARRAY JOIN
        arrayEnumerate(verdicts.clock) AS nth, verdicts.clock AS clock,
        verdicts.start_event_id AS start_event_id, verdicts.cycle AS cycle,
        verdicts.policy AS policy, verdicts.started_at AS started_at, verdicts.due_at AS due_at,
        verdicts.stopped_at AS stop, verdicts.outcome AS ended_as,
        verdicts.provisional AS provisional
    WHERE started_at <= now AND NOT held AND item != ''
) AS v;
