"""``jushou page``: the monitoring page."""

from __future__ import annotations

from typing import Annotated

import typer

from jushou.cli.options import AsOfOrNow, as_of_ms


def page(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on")] = None,
    as_of: AsOfOrNow = None,
) -> None:
    """Serve the monitoring page, until it is stopped."""
    from dashboards.app import create_app
    from dashboards.config import PageConfig
    from dashboards.serving import page_server
    from jushou.logs import set_up_logs
    from jushou.settings import Settings

    set_up_logs("page")
    settings = Settings()
    config = PageConfig(
        host=settings.clickhouse_host,
        port=settings.clickhouse_port,
        database=settings.clickhouse_database,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password,
        simulated=settings.simulated,
        as_of_ms=None if as_of is None else as_of_ms(as_of),
    )
    listening_port = settings.page_port if port is None else port
    page_server(create_app(config), host or settings.page_host, listening_port).run()
