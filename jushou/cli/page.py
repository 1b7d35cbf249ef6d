"""``jushou page``: the monitoring page."""

from __future__ import annotations

from typing import Annotated

import typer

from jushou.cli.options import AsOfOrNow, as_of_ms
from jushou.cli.users import ACCESS


def page(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on")] = None,
    as_of: AsOfOrNow = None,
) -> None:
    """Serve the monitoring page, until it is stopped.

    Without an account (``jushou users add``) it starts only for simulated cases on this machine.
    """
    from dashboards.access.gate import may_be_open
    from dashboards.app import create_app
    from dashboards.config import PageConfig
    from dashboards.serving import page_server
    from jushou.cli.page_ports import page_ports
    from jushou.logs import set_up_logs
    from jushou.settings import Settings

    set_up_logs("page")
    settings = Settings()
    listen_host = host or settings.page_host
    config = PageConfig(
        host=settings.clickhouse_host,
        port=settings.clickhouse_port,
        database=settings.clickhouse_database,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password,
        simulated=settings.simulated,
        as_of_ms=None if as_of is None else as_of_ms(as_of),
        access_folder=settings.folder / ACCESS,
        is_open=may_be_open(settings.simulated, listen_host),
        listen_host=listen_host,
        idle_s=settings.page_idle_minutes * 60,
        session_s=settings.page_session_hours * 3600,
        metrics_token=settings.page_metrics_token,
        geojson=settings.page_geojson,
    )
    listening_port = settings.page_port if port is None else port
    app = create_app(config, page_ports(settings))
    page_server(app, listen_host, listening_port, settings.page_proxy).run()
