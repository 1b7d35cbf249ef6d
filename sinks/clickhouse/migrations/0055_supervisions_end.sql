-- A supervision (督办) is resolved when its clock ended (resolved_at), not when the case is closed:
-- a chronic-care case goes on after its contract ended the ten days, and a case that is reopened
-- begins a clock of its own. Otherwise as before: one row per standing supervise of a case and
-- cycle. ground is stage-late, or within-limits: over ten days with every stage within its limit,
-- which is lawful and blames nobody. state is asked, answered (until it is asked again), resolved
-- (done, the supervision not closed yet) or closed (by the province). Ages are for the reader to
-- reckon from asked_at and last_asked_at.
CREATE OR REPLACE VIEW supervisions AS
SELECT
    listed.escalation_id AS escalation_id, listed.case_id AS case_id, listed.item AS item,
    listed.department AS department, listed.county AS county, listed.township AS township,
    listed.start_event_id AS start_event_id, listed.cycle AS cycle, listed.due_at AS due_at,
    listed.known_late AS known_late, listed.provisional AS provisional,
    listed.at AS asked_at,
    arraySort(arrayConcat(listed.again_at, done.repeated_at)) AS repeated_at,
    arrayMax(arrayPushFront(repeated_at, asked_at)) AS last_asked_at,
    arrayFilter(answer -> answer >= last_asked_at, done.answered_at) AS answers,
    if(empty(answers), NULL, arrayMax(answers)) AS answered_at,
    if(empty(done.closed_at), NULL, arrayMin(done.closed_at)) AS closed_at,
    ended.stopped_at AS resolved_at,
    multiIf(
        isNotNull(closed_at), 'closed', isNotNull(resolved_at), 'resolved',
        isNotNull(answered_at), 'answered', 'asked'
    ) AS state,
    if(empty(listed.late), 'within-limits', 'stage-late') AS ground,
    arrayDistinct(arrayMap(stage -> stage.2, arraySort(listed.late))) AS late_clocks
FROM
(
    SELECT
        case_id, asked.escalation_id AS escalation_id, asked.item AS item,
        asked.department AS department, asked.county AS county, asked.township AS township,
        asked.clock AS clock, asked.start_event_id AS start_event_id, asked.cycle AS cycle,
        asked.due_at AS due_at, asked.at AS at, asked.known_late AS known_late,
        asked.provisional AS provisional, late,
        arrayFilter(
            step -> step.level = 'supervise-again' AND step.clock = clock
                AND step.start_event_id = start_event_id,
            steps
        ) AS again,
        arrayMap(step -> step.at, again) AS again_at,
        arrayMap(step -> step.escalation_id, again) AS again_ids
    FROM
    (
        SELECT
            case_id,
            groupArrayIf(
                CAST(
                    (escalation_id, level, item, department, county, township, clock,
                     start_event_id, cycle, due_at, at, known_late, provisional),
                    'Tuple(escalation_id UUID, level String, item String, department String,
                           county String, township String, clock String, start_event_id String,
                           cycle UInt32, due_at Nullable(DateTime64(3, \'UTC\')),
                           at DateTime64(3, \'UTC\'), known_late Bool, provisional Bool)'
                ),
                level IN ('supervise', 'supervise-again')
            ) AS steps,
            groupArrayIf((at, clock), clock != 'overall' AND level IN ('red', 'prefecture')) AS late
        FROM escalations_standing
        WHERE level IN ('supervise', 'supervise-again', 'red', 'prefecture')
        GROUP BY case_id
    )
    ARRAY JOIN arrayFilter(step -> step.level = 'supervise', steps) AS asked
) AS listed
LEFT JOIN
(
    SELECT
        steps.case_id AS case_id, steps.clock AS clock, steps.start_event_id AS start_event_id,
        groupArrayIf(acts.at, acts.type = 'repeated' AND acts.side = 'province') AS repeated_at,
        groupArrayIf(acts.at, acts.type = 'answered' AND acts.side != 'owner') AS answered_at,
        groupArrayIf(acts.at, acts.type = 'closed' AND acts.side = 'province') AS closed_at
    FROM (SELECT * FROM actions FINAL WHERE type IN ('repeated', 'answered', 'closed')) AS acts
    INNER JOIN
    (
        SELECT escalation_id, case_id, clock, start_event_id
        FROM escalations_standing WHERE level IN ('supervise', 'supervise-again')
    ) AS steps ON steps.escalation_id = acts.escalation_id
    GROUP BY case_id, clock, start_event_id
) AS done ON done.case_id = listed.case_id AND done.clock = listed.clock
    AND done.start_event_id = listed.start_event_id
LEFT JOIN
(
    SELECT case_id, clock, start_event_id, stopped_at
    FROM (SELECT * FROM cases FINAL)
    ARRAY JOIN
        verdicts.clock AS clock, verdicts.start_event_id AS start_event_id,
        verdicts.stopped_at AS stopped_at
    WHERE isNotNull(stopped_at)
        AND case_id IN (SELECT case_id FROM escalations WHERE level = 'supervise')
) AS ended ON ended.case_id = listed.case_id AND ended.clock = listed.clock
    AND ended.start_event_id = listed.start_event_id;
