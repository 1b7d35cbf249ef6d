"""Errors of the page's API as RFC 9457 problems, each naming its remedy in both languages.

Last on the path of a request that fails. Nothing of a query's text, of a connection's password or
of a stack trace leaves the server.
"""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from schemas.errors import Unavailable

MEDIA_TYPE = "application/problem+json"
_NOT_FOUND = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>404 · 举手</title></head>
<body><main><h1>没有这个页面 <span lang="en">There is no such page</span></h1>
<p><a href="/">回到首页 <span lang="en">To the first page</span></a></p></main></body></html>
"""
_log = structlog.get_logger()


class Remedy(BaseModel):
    """What to do, in both languages."""

    zh: str
    en: str


class Problem(BaseModel):
    """A refusal as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    remedy: Remedy


_WHEN = {
    400: "the body is not JSON",
    401: "nobody is signed in",
    403: "not for this role, not of this region, or not from this site",
    404: "there is none, or none that the reader may see",
    409: "not as things stand",
    422: "a parameter or field is wrong",
    429: "too often; Retry-After says when again",
    503: "ClickHouse or Kafka does not answer; Retry-After says when again",
}
# For the description of the API: every route may answer so.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": when,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, when in _WHEN.items()
}


class Refused(Exception):
    """A request that cannot be answered as it is; becomes a problem with ``status``."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        zh: str,
        en: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers
        self.body = problem(status, code, detail, zh, en)


def problem(status: int, code: str, detail: str, zh: str, en: str) -> dict[str, Any]:
    """Return the body of a problem; ``code`` is stable, ``zh`` and ``en`` say what to do."""
    return {
        "type": f"urn:jushou:problem:{code}",
        "title": code.replace("-", " "),
        "status": status,
        "detail": detail,
        "remedy": {"zh": zh, "en": en},
    }


def unavailable(error: Unavailable) -> dict[str, Any]:
    """Return the problem of a warehouse that does not answer, or has no tables yet."""
    return problem(
        503,
        "warehouse-unavailable",
        str(error),
        "数据仓库无响应或尚未建表，页面数字不再更新。请联系运维检查 ClickHouse 与入库进程。",
        "The warehouse does not answer or has no tables yet, so no number here is current. "
        "Ask the operator to check ClickHouse and the sink.",
    )


def _respond(body: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body, body["status"], headers, media_type=MEDIA_TYPE)


async def _on_unavailable(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Unavailable)
    wait_s = max(1, round(error.retry_after_s or 2))
    return _respond(unavailable(error), {"Retry-After": str(wait_s)})


async def _on_refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return _respond(error.body, error.headers)


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(sorted({str(fault["loc"][-1]) for fault in error.errors()}))
    return _respond(
        problem(
            422,
            "invalid-parameter",
            f"these parameters are missing or malformed: {fields}",
            "请按 /api/openapi.json 的说明更正参数。",
            "Correct the parameters; /api/openapi.json says what each may be.",
        )
    )


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and _is_a_person(request):
        return HTMLResponse(_NOT_FOUND, 404)
    return _respond(
        problem(
            error.status_code,
            "not-found" if error.status_code == 404 else "refused",
            str(error.detail),
            "请检查地址；从首页 / 重新进入。",
            "Check the address, or start again from /.",
        ),
        dict(error.headers or {}),
    )


def _is_a_person(request: Request) -> bool:
    is_api = request.url.path.startswith("/api/")
    return not is_api and "text/html" in request.headers.get("accept", "")


async def _on_fault(request: Request, error: Exception) -> JSONResponse:
    _log.error("request failed", route=request.scope.get("path"), fault=type(error).__name__)
    return _respond(
        problem(
            500,
            "internal-fault",
            "the server met a fault of its own",
            "服务器内部错误，已记入日志；请联系运维。",
            "The fault is in the log of the page; tell the operator the time at which it happened.",
        )
    )


def install_problems(app: FastAPI) -> None:
    """Make every error that leaves ``app`` a problem."""
    app.add_exception_handler(Unavailable, _on_unavailable)
    app.add_exception_handler(Refused, _on_refused)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_fault)
