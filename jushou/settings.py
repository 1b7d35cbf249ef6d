"""Settings of an installation, from the environment (``JUSHOU_*``) or a ``.env`` file.

Few on purpose: what is a fact of the offices (clocks, ladders, regions) is a data file.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the servers are and how the worker behaves; each has a default for one machine."""

    model_config = SettingsConfigDict(env_prefix="JUSHOU_", env_file=".env", extra="ignore")

    bootstrap: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port,…")
    partitions: int = Field(4, ge=1, description="partitions of the case topics")
    replication: int = Field(1, ge=1, description="replicas of each topic")
    clickhouse_host: str = Field("127.0.0.1", description="ClickHouse host")
    clickhouse_port: int = Field(9000, description="ClickHouse native TCP port")
    clickhouse_database: str = Field("jushou", description="database of the warehouse")
    clickhouse_user: str = Field("default", description="user that writes and migrates")
    clickhouse_password: str = Field("", description="its password")
    clickhouse_cluster: str = Field(
        "", description="cluster whose replicas hold the warehouse; without one, a single server"
    )
    clickhouse_page_password: str = Field(
        "", description="password of the reader page of a real server; without one it is not made"
    )
    clickhouse_analyst_password: str = Field(
        "", description="password of the reader analyst, likewise"
    )
    page_host: str = Field("127.0.0.1", description="address that the page listens on")
    page_port: int = Field(8080, description="port that the page listens on")
    page_geojson: Path | None = Field(
        None, description="approved outlines of the counties for the map (docs/map.md)"
    )
    page_proxy: str = Field(
        "", description="addresses of the proxies before the page whose word is taken, comma list"
    )
    page_idle_minutes: float = Field(
        60.0, ge=0, description="minutes without use after which a session ends; 0 for never"
    )
    page_session_hours: float = Field(
        12.0, gt=0, description="hours after which a session ends in any case"
    )
    page_metrics_token: str = Field(
        "", description="bearer token for the page's /metrics from other machines"
    )
    simulated: bool = Field(
        False, description="the cases are simulated; the page says so on every view"
    )
    worker_group: str = Field("jushou-worker", description="consumer group of the workers")
    worker_instance: str | None = Field(
        None, description="name of this worker for static membership; unique per worker"
    )
    household_group: str = Field(
        "jushou-households", description="consumer group of the household workers"
    )
    sink_group: str = Field("jushou-sink", description="consumer group of the sink")
    worker_session_timeout_s: float = Field(
        15.0, ge=6, description="seconds after which a silent worker's partitions are given away"
    )
    load_timeout_s: float = Field(
        600.0, gt=0, description="seconds of silence after which an open bulk load is closed"
    )
    archive_after_days: int = Field(
        30, ge=1, description="days after which a closed case leaves the worker's memory for a file"
    )
    notify_group: str = Field("jushou-notify", description="consumer group of the notifier")
    routing: Path | None = Field(
        None, description="folder of routing files; without one, duty desks on console and file"
    )
    page_url: str = Field(
        "http://127.0.0.1:8080", description="address of the page as readers of messages reach it"
    )
    acknowledge_url: str = Field(
        "", description="address that signed links lead to; without one messages have none"
    )
    link_secret: str = Field("", description="key that signs those links")
    folder: Path = Field(Path(".jushou"), description="folder for local files of the processes")
