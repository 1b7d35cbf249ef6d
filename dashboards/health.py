"""Health for the operator: alive, ready to answer from ClickHouse, and measured."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboards.api import Serving
from dashboards.metrics import Metrics
from dashboards.scope import Scope

router = APIRouter()


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Answer while the process serves at all, ClickHouse or not."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(service: Serving) -> dict[str, str]:
    """Answer 200 once the tables of the page can be asked, else 503 with the remedy."""
    await service.questions.ask("freshness", Scope().parameters(service.clock(), 1))
    return {"status": "ready"}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return Prometheus metrics of the page."""
    of: Metrics = request.app.state.metrics
    return Response(of.render(), media_type="text/plain; version=0.0.4; charset=utf-8")
