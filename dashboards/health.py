"""Health for the operator: alive, ready to answer from ClickHouse, and measured."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from dashboards.access.gate import is_loopback
from dashboards.access.guard import Public, address_of, gate_of
from dashboards.api import Serving
from dashboards.metrics import Metrics
from dashboards.problems import Refused
from dashboards.scope import Scope

router = APIRouter()


@router.get("/livez", dependencies=[Depends(Public("says that the process is alive"))])
async def livez() -> dict[str, str]:
    """Answer while the process serves at all, ClickHouse or not."""
    return {"status": "alive"}


@router.get("/readyz", dependencies=[Depends(Public("says whether ClickHouse answers"))])
async def readyz(service: Serving) -> dict[str, str]:
    """Answer 200 once the tables of the page can be asked, else 503 with the remedy."""
    await service.questions.ask("freshness", Scope().parameters(service.clock(), 1))
    return {"status": "ready"}


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    dependencies=[Depends(Public("asks for a token, or this machine"))],
)
async def metrics(request: Request) -> Response:
    """Return Prometheus metrics of the page: to this machine, and to whoever has the token."""
    if not _may_measure(request):
        raise Refused(
            401, "token-needed", "the metrics are for this machine or for a bearer token",
            "设置 JUSHOU_PAGE_METRICS_TOKEN 并在请求中携带。",
            "Set JUSHOU_PAGE_METRICS_TOKEN and send it as a bearer token.",
            {"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    of: Metrics = request.app.state.metrics
    return Response(of.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _may_measure(request: Request) -> bool:
    token = gate_of(request).metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    # Behind a proxy on this machine everybody seems to be here.
    is_passed_on = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return not is_passed_on and is_loopback(address_of(request))
