"""The page's server, assembled: warehouse → questions → panels and live channels → routes.

The end of the path of an event: what the sink wrote is read here and shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from time import time_ns

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from dashboards import acting, api, cases, health, households
from dashboards.access import audit_routes
from dashboards.access import routes as access
from dashboards.access.gate import open_gate
from dashboards.access.guard import check_guards
from dashboards.api import Service
from dashboards.board import Board
from dashboards.config import PageConfig
from dashboards.geometry import read_geometry
from dashboards.hub import Hub, View
from dashboards.live import Channel
from dashboards.metrics import Metrics
from dashboards.names import all_names
from dashboards.page import install_page
from dashboards.ports import NO_PORTS, Ports
from dashboards.problems import PROBLEMS, install_problems
from dashboards.queries import InTurn, Questions
from dashboards.scope import Clock
from dashboards.security import SecureHeaders
from dashboards.warehouse import Warehouse


def _clock_of(config: PageConfig) -> Clock:
    frozen = config.as_of_ms
    if frozen is not None:
        return lambda: frozen
    return lambda: time_ns() // 1_000_000


def create_app(config: PageConfig, ports: Ports = NO_PORTS) -> FastAPI:
    """Return the app; it connects to ClickHouse when first asked, so it starts without one.

    Raises ``Misconfigured`` where the catalogue, the table of regions or the outlines are wrong,
    and where nobody could sign in.
    """
    metrics = Metrics()
    clock = _clock_of(config)
    warehouse = Warehouse(config)
    questions = Questions(warehouse, metrics)
    names = all_names()
    if config.geojson is not None:
        names = replace(names, geometry=read_geometry(config.geojson))

    board = Board(questions, clock, config.poll_s)
    lists = InTurn(questions)
    gate = open_gate(config)

    def channel(view: View) -> Channel:
        return Channel(board, lists, view.scope, names, view.panels)

    hub = Hub(channel, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await hub.stop()
        await board.stop()
        warehouse.close()
        gate.close()
        ports.close()

    # FastAPI's own routes have no guard; ours for the schema has.
    app = FastAPI(title="jushou", openapi_url=None, lifespan=lifespan, responses=PROBLEMS)
    app.state.config = config
    app.state.metrics = metrics
    app.state.service = Service(questions, board, hub, names, clock, config.simulated)
    app.state.gate = gate
    app.state.ports = ports
    app.include_router(access.router)
    app.include_router(audit_routes.router)
    app.include_router(acting.router)
    app.include_router(cases.router)
    app.include_router(households.router)
    app.include_router(api.router)
    app.include_router(health.router)
    install_page(app)
    install_problems(app)
    # A session's answer, which has a secret in it, is smaller than this and stays as it is.
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6)
    app.add_middleware(SecureHeaders, metrics=metrics)
    check_guards(app)
    return app
