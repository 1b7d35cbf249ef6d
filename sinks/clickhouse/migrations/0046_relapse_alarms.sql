-- Mass-relapse alarms: where are far more households found, or asking, than is usual there?
--
-- The weeks of weekly_findings (which states the method) whose number reaches its upper bound and
-- is at least 5, the smallest number that is spoken of at all (A). Ask for county, prefecture or
-- the province, by indicator or over all: a drought shows in one county's requests for water, a
-- price fall in the income drops of several. With 129 counties and 9 indicators about one group in
-- a thousand is above its bound each week by chance alone: a single week just above 1 is a question,
-- weeks in a row or neighbours together are an answer.
--
-- as_of: RFC 3339 with its offset. since, until: days within the weeks to show.
-- place: beginning of the county's code; empty for all.
-- by: direction, prefecture, county, indicator
-- by default: direction, prefecture, indicator
-- kind: aggregate of households
-- columns:
--   direction  | dimension       | government (found), people (asked)
--   prefecture | dimension       | 6 digits
--   county     | dimension       | of the signal or the case, 6 digits
--   indicator  | dimension       | what was seen, or the item that was asked for
--   week       | dimension       | such as 2026-W23
--   households | count           | found, or asking, that week
--   usual      | from households | mean of the weeks before
--   bound      | from households | what it rarely exceeds by chance
--   score      | from households | distance from usual to households, in those from usual to bound
CREATE VIEW IF NOT EXISTS relapse_alarms AS
SELECT direction, prefecture, county, indicator, week, households, usual, bound, score
FROM weekly_findings(
    as_of = {as_of:String}, since = {since:Date}, until = {until:Date}, place = {place:String},
    by = {by:String}
)
WHERE score >= 1 AND households >= 5
ORDER BY score DESC, direction, prefecture, county, indicator, week;
