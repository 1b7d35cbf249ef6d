-- Names of places and of what the catalogue holds, in both languages, to join facts with. Not from
-- a topic: `jushou warehouse migrate` replaces the rows of each table at once with those of the
-- build (sinks/clickhouse/dimensions.py), so that a reader sees the old ones or the new ones.
-- One row per code; a fact may name a code that is not here (renumbered, or no longer in the
-- catalogue): join LEFT, and show the code then.
CREATE TABLE IF NOT EXISTS regions
(
    code       String                 COMMENT 'GB/T 2260: 530000, 6 digits; townships 9 digits',
    level      LowCardinality(String) COMMENT 'province, prefecture, county, township',
    name_zh    String                 COMMENT 'official name',
    name_en    String                 COMMENT 'English; of townships the Mandarin reading, not official',
    short_zh   String                 COMMENT 'without kind and nationalities; of townships as name_zh',
    parent     String                 COMMENT 'code of the unit above; empty for the province',
    prefecture String                 COMMENT 'code of its prefecture; empty for the province',
    county     String                 COMMENT 'code of its county; empty above counties',
    tile_x     Nullable(UInt8)        COMMENT 'place of a county on the tile map, from the west',
    tile_y     Nullable(UInt8)        COMMENT 'place of a county on the tile map, from the north'
)
ENGINE = MergeTree
ORDER BY code
COMMENT 'the province, its prefectures, counties and townships';

CREATE TABLE IF NOT EXISTS departments
(
    code       String                 COMMENT 'as facts name it',
    name_zh    String                 COMMENT 'name',
    name_en    String                 COMMENT 'name',
    position   UInt16                 COMMENT 'order in which lists show them'
)
ENGINE = MergeTree
ORDER BY code
COMMENT 'departments of a county';

CREATE TABLE IF NOT EXISTS items
(
    code          String                 COMMENT 'as facts name it',
    name_zh       String                 COMMENT 'name',
    name_en       String                 COMMENT 'name',
    department    LowCardinality(String) COMMENT 'whose item it is',
    supervised    Bool                   COMMENT 'taken under supervision when overall is breached',
    policy        LowCardinality(String) COMMENT 'newest policy of the item',
    in_force_from Date                   COMMENT 'day of Asia/Shanghai from which that policy holds',
    position      UInt16                 COMMENT 'order in which lists show them'
)
ENGINE = MergeTree
ORDER BY code
COMMENT 'service items, as their newest policy has them';

CREATE TABLE IF NOT EXISTS clocks
(
    item          LowCardinality(String) COMMENT 'service item',
    policy        LowCardinality(String) COMMENT 'policy, as verdicts name it',
    clock         LowCardinality(String) COMMENT 'as verdicts name it',
    name_zh       String                 COMMENT 'name',
    name_en       String                 COMMENT 'name',
    in_force_from Date                   COMMENT 'day of Asia/Shanghai from which the policy holds',
    amount        UInt32                 COMMENT 'what the clock allows, without extensions',
    unit          LowCardinality(String) COMMENT 'h hours, d days, wd working days',
    pauses        Array(LowCardinality(String)) COMMENT 'pauses that stop it: supplement, suspension',
    each          Bool                   COMMENT 'one cycle per start event, even while one is live',
    certainty     LowCardinality(String) COMMENT 'of the amount: S stated, P public rule, A assumed, S/A both',
    source_zh     String                 COMMENT 'where the amount comes from',
    source_en     String                 COMMENT 'where the amount comes from',
    position      UInt16                 COMMENT 'order of the clocks of an item'
)
ENGINE = MergeTree
ORDER BY (item, policy, clock)
COMMENT 'clocks of the items, under each policy';
