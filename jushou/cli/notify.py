"""``jushou notify``: brings escalations to the people who must act."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from jushou.cli.faults import told


def notify(
    routing: Annotated[
        Path | None, typer.Option(help="folder of routing files; else JUSHOU_ROUTING")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="read routing and secrets, send nothing, and exit")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(help="serve Prometheus metrics on this port")
    ] = None,
    acknowledge_port: Annotated[
        int | None, typer.Option(help="serve the signed links on this port")
    ] = None,
    acknowledge_host: Annotated[
        str, typer.Option(help="address that the signed links are served on")
    ] = "127.0.0.1",
) -> None:
    """Send escalations, digests and corrections until stopped; a crash loses and doubles nothing.

    One process per folder. Addresses and keys are read from the environment.
    """
    import asyncio
    import os

    from prometheus_client import start_http_server

    from jushou.logs import set_up_logs
    from jushou.settings import Settings
    from jushou.stopping import stop_on_signals
    from schemas.errors import JushouError
    from schemas.routing.load import load_routing
    from sinks.notify.document import Links
    from sinks.notify.notifier import Notifier, NotifierConfig
    from sinks.notify.senders.build import build_senders

    settings = Settings()
    folder = settings.folder / "notify"
    links = Links(settings.page_url, settings.link_secret, settings.acknowledge_url)
    config = NotifierConfig(
        bootstrap=settings.bootstrap, group=settings.notify_group, folder=folder, links=links
    )
    with told("notify"):
        loaded = load_routing(routing or settings.routing)
        if check:
            build_senders(loaded, os.environ, folder)
            print(f"{len(loaded.routes)} routes, {len(loaded.endpoints)} endpoints: all is well")
            return
        set_up_logs("notify")
        notifier = Notifier(config, loaded, os.environ)
    if metrics_port is not None:
        start_http_server(metrics_port)

    async def serve() -> None:
        stop = stop_on_signals(asyncio.get_running_loop())
        serving = []
        if acknowledge_port is not None:
            from schemas.action_rules import action_rules
            from sinks.notify.action_sender import ActionSender
            from sinks.notify.link_server import link_app, serve_links

            sender = ActionSender(settings.bootstrap, action_rules(loaded))
            app = link_app(sender, loaded, links, notifier.outbox)
            serving.append(serve_links(app, acknowledge_host, acknowledge_port, stop))
        await asyncio.gather(notifier.run(stop), *serving)

    try:
        asyncio.run(serve())
    except* JushouError as faults:
        for each in faults.exceptions:
            print(f"jushou notify: {each}", file=sys.stderr)
        raise typer.Exit(1) from None
