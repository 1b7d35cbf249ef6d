"""``jushou sink``: what the stream decided, into ClickHouse."""

from __future__ import annotations

from typing import Annotated

import typer

from jushou.cli.faults import told


def sink(
    until_idle: Annotated[
        bool, typer.Option(help="exit once everything sent so far is written")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(help="serve Prometheus metrics on this port")
    ] = None,
) -> None:
    """Write events, states, escalations and counts into the warehouse, until it is stopped."""
    import signal
    import threading

    from prometheus_client import start_http_server

    from jushou.cli.warehouse import warehouse_server
    from jushou.logs import set_up_logs
    from jushou.settings import Settings
    from schemas.catalogue.load import load_catalogue
    from sinks.clickhouse.blocks import Blocks
    from sinks.metrics import SinkMetrics
    from sinks.run import Sink, SinkConfig

    set_up_logs("sink")
    settings = Settings()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if metrics_port is not None:
        start_http_server(metrics_port)
    config = SinkConfig(
        settings.bootstrap, settings.sink_group, warehouse_server(), until_idle=until_idle
    )
    with told("sink"):
        Sink(config, Blocks(load_catalogue().item_departments), SinkMetrics()).run(stop)
