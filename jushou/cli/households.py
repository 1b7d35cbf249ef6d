"""``jushou households``: one household worker; several share the partitions."""

from __future__ import annotations

from typing import Annotated

import typer


def households(
    until_idle: Annotated[
        bool, typer.Option(help="exit once everything sent so far is applied")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option(help="forget the states of households and read signals and cases again"),
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(help="serve Prometheus metrics on this port")
    ] = None,
) -> None:
    """Join signals into leads and keep the life and risk of households, until it is stopped."""
    import asyncio

    from prometheus_client import start_http_server

    from jushou.logs import set_up_logs
    from jushou.settings import Settings
    from jushou.stopping import stop_on_signals
    from schemas.monitoring.load import load_monitoring
    from streams.household_worker import HouseholdWorker, HouseholdWorkerConfig

    set_up_logs("households")
    settings = Settings()
    if metrics_port is not None:
        start_http_server(metrics_port)
    instance = settings.worker_instance
    config = HouseholdWorkerConfig(
        bootstrap=settings.bootstrap,
        group=settings.household_group,
        folder=settings.folder / "households",
        instance=None if instance is None else f"{instance}-households",
        partitions=settings.partitions,
        load_timeout_s=settings.load_timeout_s,
        session_timeout_s=settings.worker_session_timeout_s,
        until_idle=until_idle,
        rebuild=rebuild,
    )

    async def serve() -> None:
        stop = stop_on_signals(asyncio.get_running_loop())
        await HouseholdWorker(config, load_monitoring()).run(stop)

    asyncio.run(serve())
