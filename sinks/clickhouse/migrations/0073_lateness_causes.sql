-- Causes of lateness: what had happened in the cases that became late?
--
-- Counts cases with a late clock, once, in the period in which their first clock became late, with
-- the office that had the case then, by what is on record up to that instant: from the submission on,
-- or from where a case that was closed had been reopened. Each has one cause, the first of these that
-- holds:
--   not_taken_up          no step of an office: nothing but the submission, dispatches, returns,
--                         transfers, notes and the reopening
--   handed_around         returned or transferred at least once
--   waiting_for_household a request for supplements was open for half of that time or longer
--   suspended             the case was suspended for half of that time or longer
--   slow_stage            none of these: an office had it and took too long; see stage
-- The order and the half are assumptions (A). Returns and transfers are those that moved the case (see
-- bounces). The counts bounced, transferred, waiting, suspended and reopened overlap. stage is the clock other than overall that had taken the most time in all
-- up to then (pauses included); empty where none had started.
--
-- as_of: RFC 3339 with its offset. since, until: days of Asia/Shanghai, both included.
-- place: beginning of the county's code, item: of the item's; empty for all.
-- by: item, department, prefecture, county, clock, cause, stage, day|week|month|quarter|year
-- by default: item, cause
-- kind: aggregate of cases
-- columns:
--   item        | dimension      | service item
--   department  | dimension      | who had the case when it became late
--   prefecture  | dimension      | 6 digits
--   county      | dimension      | likewise, 6 digits
--   clock       | dimension      | the clock that was late first
--   cause       | dimension      | not_taken_up, handed_around, waiting_for_household, suspended, slow_stage
--   stage       | dimension      | clock that had taken the most time
--   period      | dimension      | of the day on which the first clock became late
--   cases       | count          | cases with a late clock
--   bounced     | count          | of them, returned at least once
--   transferred | count          | of them, transferred at least once
--   waiting     | count          | of them, supplements were asked for at least once
--   suspended   | count          | of them, suspended at least once
--   reopened    | count          | of them, reopened at least once
--   stage_share | from cases     | share of that time taken by that stage, mean
--   wait_share  | from cases     | share of it that a request for supplements was open, mean
CREATE OR REPLACE VIEW lateness_causes AS
WITH
    splitByChar(',', replaceAll({by:String}, ' ', '')) AS dims,
    -- Milliseconds between events a and b (asking twice is asking once) up to an end.
    (steps, a, b, end_ms) -> tupleElement(arrayFold(
        (acc, step) -> multiIf(
            step.2 = a AND acc.1 = 0, (step.1, acc.2),
            step.2 = b AND acc.1 != 0, (toInt64(0), acc.2 + step.1 - acc.1),
            acc
        ),
        arrayPushBack(steps, (end_ms, b)), (toInt64(0), toInt64(0))
    ), 2) AS time_between,
    late AS
    (
        SELECT
            case_id, item,
            arraySort(
                (each) -> (each.2, each.1),
                arrayFilter(
                    (each) -> each.2 IS NOT NULL,
                    arrayMap(
                        (clock, due, stopped, nth) -> (
                            clock, if(due < least(ifNull(stopped, now), now), due, NULL), nth
                        ),
                        `verdicts.clock`, `verdicts.due_at`, `verdicts.stopped_at`,
                        arrayEnumerate(`verdicts.clock`)
                    )
                )
            )[1] AS first_late,
            assumeNotNull(first_late.2) AS late_at,
            toString(if(
                empty(charged_county), r.county, charged_county[first_late.3]
            )) AS late_county,
            toString(if(
                empty(charged_county), r.department, charged_department[first_late.3]
            )) AS late_department,
            arrayLastIndex(
                (since, event) -> event = 'reopened' AND since <= late_at,
                `custody.since`, `custody.begun_by`
            ) AS reopening,
            if(reopening = 0, assumeNotNull(submitted_at), `custody.since`[reopening]) AS begun_at,
            arrayMap(each -> each.1, arrayFilter(
                each -> ifNull(each.2 BETWEEN begun_at AND late_at, false),
                arrayZip(`custody.ended_by`, `custody.until`)
            )) AS moves,
            arrayMap(
                (clock, started, stopped) -> (clock, if(started < begun_at, 0, greatest(0, dateDiff(
                    'millisecond', started, least(ifNull(stopped, late_at), late_at)
                )))),
                `verdicts.clock`, `verdicts.started_at`, `verdicts.stopped_at`
            ) AS taken_ms,
            arrayReverseSort(
                (each) -> each.2,
                arrayMap(
                    (stage) -> (
                        stage, arraySum(arrayMap((t) -> if(t.1 = stage, t.2, 0), taken_ms))
                    ),
                    arrayFilter((stage) -> stage != 'overall', arrayDistinct(`verdicts.clock`))
                )
            )[1] AS longest
        FROM
        (
            SELECT
                *, `charged.county` AS charged_county, `charged.department` AS charged_department,
                parseDateTime64BestEffort({as_of:String}, 3, 'UTC') AS now
            FROM cases FINAL
            WHERE submitted_at <= now AND NOT held
                AND startsWith(item, {item:String})
                AND arrayExists(
                    (due, stopped) -> ifNull(due < least(ifNull(stopped, now), now), false),
                    `verdicts.due_at`, `verdicts.stopped_at`
                )
                AND throwIf(
                    not hasAll([
                        '', 'item', 'department', 'prefecture', 'county', 'clock', 'cause',
                        'stage', 'day', 'week', 'month', 'quarter', 'year'
                    ], dims),
                    'by takes item, department, prefecture, county, clock, cause, stage, day, week, month, quarter, year'
                ) = 0
        ) AS r
        WHERE startsWith(late_county, {place:String})
            AND toDate(late_at, 'Asia/Shanghai') BETWEEN {since:Date} AND {until:Date}
    ),
    steps_of AS
    (
        SELECT
            case_id,
            arraySort(groupUniqArray((
                toUnixTimestamp64Milli(occurred_at), toString(type), event_id
            ))) AS steps
        FROM case_events
        WHERE case_id IN (SELECT case_id FROM late)
        GROUP BY case_id
    )
SELECT
    if(has(dims, 'item'), r.item, '') AS item,
    if(has(dims, 'department'), r.department, '') AS department,
    if(has(dims, 'prefecture'), concat(substring(r.county, 1, 4), '00'), '') AS prefecture,
    if(has(dims, 'county'), r.county, '') AS county,
    if(has(dims, 'clock'), r.clock, '') AS clock,
    if(has(dims, 'cause'), r.cause, '') AS cause,
    if(has(dims, 'stage'), r.stage, '') AS stage,
    multiIf(
        has(dims, 'day'), formatDateTime(r.late_at, '%F', 'Asia/Shanghai'),
        has(dims, 'week'), formatDateTime(r.late_at, '%G-W%V', 'Asia/Shanghai'),
        has(dims, 'month'), formatDateTime(r.late_at, '%Y-%m', 'Asia/Shanghai'),
        has(dims, 'quarter'), formatDateTime(r.late_at, '%Y-Q%Q', 'Asia/Shanghai'),
        has(dims, 'year'), formatDateTime(r.late_at, '%Y', 'Asia/Shanghai'), ''
    ) AS period,
    count() AS cases,
    countIf(has(r.moves, 'returned')) AS bounced,
    countIf(has(r.moves, 'transferred')) AS transferred,
    countIf(has(r.kinds, 'supplement_requested')) AS waiting,
    countIf(has(r.kinds, 'suspended')) AS suspended,
    countIf(r.was_reopened) AS reopened,
    round(avg(r.stage_ms / r.elapsed_ms), 4) AS stage_share,
    round(avg(r.waiting_ms / r.elapsed_ms), 4) AS wait_share
FROM
(
    SELECT
        l.item AS item, l.late_department AS department, l.late_county AS county,
        l.moves AS moves, l.reopening != 0 AS was_reopened,
        l.late_at AS late_at, l.first_late.1 AS clock, l.longest.1 AS stage,
        l.longest.2 AS stage_ms,
        greatest(1, dateDiff('millisecond', l.begun_at, l.late_at)) AS elapsed_ms,
        toUnixTimestamp64Milli(l.late_at) AS late_ms,
        toUnixTimestamp64Milli(l.begun_at) AS begun_ms,
        arrayFilter((step) -> step.1 BETWEEN begun_ms AND late_ms, s.steps) AS until_late,
        arrayDistinct(arrayMap((step) -> step.2, until_late)) AS kinds,
        arrayMap((step) -> (step.1, step.2), until_late) AS timed,
        time_between(timed, 'supplement_requested', 'supplement_provided', late_ms) AS waiting_ms,
        time_between(timed, 'suspended', 'resumed', late_ms) AS suspended_ms,
        multiIf(
            hasAll(['submitted', 'dispatched', 'returned', 'transferred', 'note', 'reopened'], kinds),
            'not_taken_up',
            hasAny(moves, ['returned', 'transferred']), 'handed_around',
            2 * waiting_ms >= elapsed_ms, 'waiting_for_household',
            2 * suspended_ms >= elapsed_ms, 'suspended',
            'slow_stage'
        ) AS cause
    FROM late AS l
    LEFT JOIN steps_of AS s ON s.case_id = l.case_id
) AS r
GROUP BY ALL
ORDER BY item, department, prefecture, county, clock, cause, stage, period;
