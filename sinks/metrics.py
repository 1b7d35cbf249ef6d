"""What the sink tells of itself to Prometheus."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

_BLOCK_ROWS = (1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000)
_INSERT_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


class SinkMetrics:
    """Counters of one sink in ``registry``; one per process where it is the default one."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.rows = Counter(
            "jushou_sink_rows", "Rows that ClickHouse acknowledged", ["table"], registry=registry
        )
        self.block_rows = Histogram(
            "jushou_sink_block_rows",
            "Rows of a block that ClickHouse acknowledged",
            ["table"],
            registry=registry,
            buckets=_BLOCK_ROWS,
        )
        self.insert_s = Histogram(
            "jushou_sink_insert_seconds",
            "Seconds until a block was acknowledged, with its retries",
            ["table"],
            registry=registry,
            buckets=_INSERT_S,
        )
        self.parts = Gauge(
            "jushou_sink_parts",
            "Active parts of a table; ClickHouse refuses blocks when a partition has 3,000",
            ["table"],
            registry=registry,
        )
        self.retries = Counter(
            "jushou_sink_retries", "Inserts that failed and are tried again", registry=registry
        )
        self.outage = Gauge(
            "jushou_sink_outage", "1 while ClickHouse does not take blocks", registry=registry
        )
        self.skipped = Counter(
            "jushou_sink_skipped_records",
            "Records that need no row, by reason",
            ["topic", "reason"],
            registry=registry,
        )
        self.last_block_at = Gauge(
            "jushou_sink_last_block_timestamp_seconds",
            "When the last block was acknowledged, Unix time",
            registry=registry,
        )
        self.lag = Gauge(
            "jushou_sink_lag_records",
            "Records of a partition that are not written yet",
            ["topic", "partition"],
            registry=registry,
        )
        self.commit_failures = Counter(
            "jushou_sink_commit_failures",
            "Commits that failed; their blocks are written again after a restart, harmlessly",
            registry=registry,
        )
