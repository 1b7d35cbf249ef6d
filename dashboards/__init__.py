"""The monitoring page: reads what the sink wrote into ClickHouse, writes nothing."""
