"""``jushou worker``: one stream worker; several share the partitions."""

from __future__ import annotations

from typing import Annotated

import typer

from jushou.cli.options import AsOfOrNow, as_of_ms


def worker(
    as_of: AsOfOrNow = None,
    until_idle: Annotated[
        bool, typer.Option(help="exit once everything sent so far is applied and judged")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(help="serve Prometheus metrics on this port")
    ] = None,
) -> None:
    """Keep the clocks of the partitions that this worker is assigned, until it is stopped."""
    import asyncio

    from prometheus_client import start_http_server

    from jushou.logs import set_up_logs
    from jushou.runtime.compiled import refuse_outdated
    from jushou.settings import Settings
    from jushou.stopping import stop_on_signals
    from schemas.instants import DAY_MS
    from streams.core.replay import default_engine
    from streams.worker import CaseWorker, WorkerConfig

    set_up_logs("worker")
    refuse_outdated()
    settings = Settings()
    if metrics_port is not None:
        start_http_server(metrics_port)
    config = WorkerConfig(
        bootstrap=settings.bootstrap,
        group=settings.worker_group,
        folder=settings.folder / "worker",
        instance=settings.worker_instance,
        partitions=settings.partitions,
        load_timeout_s=settings.load_timeout_s,
        session_timeout_s=settings.worker_session_timeout_s,
        as_of=None if as_of is None else as_of_ms(as_of),
        until_idle=until_idle,
        archive_after_ms=settings.archive_after_days * DAY_MS,
    )

    async def serve() -> None:
        stop = stop_on_signals(asyncio.get_running_loop())
        await CaseWorker(config, default_engine()).run(stop)

    asyncio.run(serve())
