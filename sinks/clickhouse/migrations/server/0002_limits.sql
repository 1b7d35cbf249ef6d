-- readonly 2 lets a query bring settings of its own, and so a larger limit, or 0 for none: bounds
-- keep them.
ALTER SETTINGS PROFILE jushou_reader
SETTINGS
    readonly = 2,
    max_execution_time = 300 MIN 1 MAX 300,
    max_memory_usage = 8000000000 MIN 1 MAX 8000000000
TO jushou_page, jushou_analyst;

-- The page asks how fresh each table is. Tables of the system need a grant of their own (server
-- setting select_from_system_db_requires_grant, on by default); of the parts one sees those of
-- tables that one may read.
GRANT SELECT ON system.parts TO jushou_page;
