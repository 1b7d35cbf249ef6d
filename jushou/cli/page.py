"""``jushou page``: the monitoring page."""

from __future__ import annotations

from types import FrameType
from typing import Annotated

import typer
import uvicorn

from jushou.cli.options import AsOfOrNow, as_of_ms


class PageServer(uvicorn.Server):
    """Ends the live streams when asked to stop, so that stopping does not wait for browsers."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self.config.app.state.service.hub.close_streams()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def page(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on")] = None,
    as_of: AsOfOrNow = None,
) -> None:
    """Serve the monitoring page, until it is stopped."""
    from dashboards.app import create_app
    from dashboards.config import PageConfig
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
    serving = uvicorn.Config(
        create_app(config),
        host=host or settings.page_host,
        port=settings.page_port if port is None else port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    PageServer(serving).run()
