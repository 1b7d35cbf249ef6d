"""The page's server, assembled: warehouse → questions → panels and live channels → routes.

The end of the path of an event: what the sink wrote is read here and shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time_ns

from fastapi import FastAPI

from dashboards import api, health
from dashboards.api import Service
from dashboards.config import PageConfig
from dashboards.hub import Hub
from dashboards.live import Channel
from dashboards.metrics import Metrics
from dashboards.names import all_names
from dashboards.page import install_page
from dashboards.problems import install_problems
from dashboards.queries import Questions
from dashboards.scope import Clock, Scope
from dashboards.security import SecureHeaders
from dashboards.warehouse import Warehouse


def _clock_of(config: PageConfig) -> Clock:
    frozen = config.as_of_ms
    if frozen is not None:
        return lambda: frozen
    return lambda: time_ns() // 1_000_000


def create_app(config: PageConfig) -> FastAPI:
    """Return the app; it connects to ClickHouse when first asked, so it starts without one.

    Raises ``Misconfigured`` where the catalogue or the table of regions is wrong.
    """
    metrics = Metrics()
    clock = _clock_of(config)
    warehouse = Warehouse(config)
    questions = Questions(warehouse, metrics)
    names = all_names()

    def channel(scope: Scope) -> Channel:
        return Channel(questions, scope, clock, names, config.poll_s)

    hub = Hub(channel, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await hub.stop()
        warehouse.close()

    # The interactive documentation of FastAPI loads scripts from elsewhere; the schema is enough.
    app = FastAPI(
        title="jushou",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.state.config = config
    app.state.metrics = metrics
    app.state.service = Service(questions, hub, names, clock, config.simulated)
    app.include_router(api.router)
    app.include_router(health.router)
    install_page(app)
    install_problems(app)
    app.add_middleware(SecureHeaders, metrics=metrics)
    return app
