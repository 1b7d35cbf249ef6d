-- Who may read, on a real server; the embedded engine has no roles and names its read-only users
-- when it is started. jushou_page reads everything of the warehouse. What jushou_analyst may read
-- is granted table by table after each migration, without the column of the household's pseudonym
-- (sinks/clickhouse/readers.py). Views run with the rights of the user who migrates.
-- readonly 2: no writing, but settings may come with a query, as drivers send them. The limits keep
-- one question from taking the server: 5 minutes, 8 GB.
CREATE ROLE IF NOT EXISTS jushou_page;

CREATE ROLE IF NOT EXISTS jushou_analyst;

CREATE SETTINGS PROFILE IF NOT EXISTS jushou_reader
SETTINGS readonly = 2, max_execution_time = 300, max_memory_usage = 8000000000
TO jushou_page, jushou_analyst;

GRANT SELECT ON ${DATABASE}.* TO jushou_page;
