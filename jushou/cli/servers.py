"""``jushou kafka`` and ``jushou clickhouse``: each embedded server alone, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from jushou.cli.faults import told
from jushou.runtime.child_process import ChildProcess
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.kafka_broker import KafkaBroker
from sinks.clickhouse.readers import (
    ANALYST,
    HIDDEN_FROM_ANALYSTS,
    TABLES_HIDDEN_FROM_ANALYSTS,
)

_LOOK_EVERY_S = 0.5

Folder = Annotated[Path, typer.Option(help="Where the server keeps everything.")]


def kafka(
    folder: Folder = Path(".jushou/kafka"),
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 9092,
    heap_mb: Annotated[int, typer.Option(help="Java's heap in MB.")] = 400,
) -> None:
    """Run the embedded Kafka broker (KRaft, one node, this machine only)."""
    broker = KafkaBroker(folder, port or None, heap_mb)
    with told("kafka"), broker:
        typer.echo(f"Kafka is ready: bootstrap.servers={broker.bootstrap}")
        _until_asked_to_stop(broker.process)


def clickhouse(
    folder: Folder = Path(".jushou/clickhouse"),
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 9000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    password: Annotated[
        str, typer.Option(envvar="JUSHOU_CLICKHOUSE_PASSWORD", help="Of user default.")
    ] = "",
    readonly_user: Annotated[
        list[str] | None, typer.Option(help="A user who may only read; analyst sees no household.")
    ] = None,
    readonly_password: Annotated[
        str, typer.Option(envvar="JUSHOU_CLICKHOUSE_READONLY_PASSWORD", help="Of those users.")
    ] = "",
    memory_mb: Annotated[int, typer.Option(help="Limit of one query in MB.")] = 2048,
) -> None:
    """Run the embedded ClickHouse behind its native protocol."""
    server = ClickHouseServer(
        folder,
        port or None,
        host=host,
        password=password,
        readonly_users=readonly_user or (),
        readonly_password=readonly_password,
        hidden={ANALYST: HIDDEN_FROM_ANALYSTS},
        hidden_tables={ANALYST: TABLES_HIDDEN_FROM_ANALYSTS},
        memory_mb=memory_mb,
    )
    with told("clickhouse"), server:
        typer.echo(f"ClickHouse is ready: clickhouse://{server.host}:{server.port}")
        _until_asked_to_stop(server.process)


def _until_asked_to_stop(server: ChildProcess) -> None:
    """Return on Ctrl-C or SIGTERM; exit with 1 when the server ends by itself."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    while not asked.wait(_LOOK_EVERY_S):
        if not server.running:
            typer.echo(f"{server.name} ended:\n{server.log_tail()}", err=True)
            raise typer.Exit(1)
