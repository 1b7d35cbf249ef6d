"""The signed link of a message: a page that asks, and an action once the reader says so.

A look at the link does nothing: robots and mail programs look at every link to preview it. Only
the button acts. Served by ``jushou notify --acknowledge-port``, behind the offices' own proxy.
"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from schemas.action import Action, ActionType, Channel, new_action_id
from schemas.action_link import Claims, check
from schemas.errors import InvalidRecord, Unavailable
from schemas.instants import render_instant
from schemas.topics import ACTIONS
from sinks.notify.action_sender import send_action
from sinks.notify.dispatch import wall_ms
from sinks.notify.formats import html_template

_LONGEST_FORM = 4_096  # bytes; a token has about 400
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def link_app(bootstrap: str, secret: str, topic: str = ACTIONS.name) -> FastAPI:
    """Return the server of the signed links."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/acknowledge")
    def ask(token: str = "") -> HTMLResponse:
        return _page(secret, token, "ask")

    @app.post("/acknowledge")
    async def acknowledge(request: Request) -> HTMLResponse:
        form = parse_qs((await request.body())[:_LONGEST_FORM].decode(errors="replace"))
        return await asyncio.to_thread(answer, form.get("token", [""])[0])

    def answer(token: str) -> HTMLResponse:
        try:
            send_action(bootstrap, _action(check(token, secret, wall_ms())), topic)
        except InvalidRecord as fault:
            return _answer("refused", 403, fault.detail)
        except Unavailable:
            return _answer("unavailable", 503)
        return _answer("done", 200)

    return app


def _page(secret: str, token: str, state: str) -> HTMLResponse:
    try:
        claims = check(token, secret, wall_ms())
    except InvalidRecord as fault:
        return _answer("refused", 403, fault.detail)
    return _answer(state, 200, token=token, claims=claims)


def _answer(
    state: str, status: int, detail: str = "", token: str = "", claims: Claims | None = None
) -> HTMLResponse:
    page = html_template("acknowledge.html")
    text = page.render(state=state, detail=detail, token=token, claims=claims)
    return HTMLResponse(text, status, _HEADERS)


def _action(claims: Claims) -> Action:
    return Action(
        action_id=new_action_id(),
        type=ActionType.ACKNOWLEDGED,
        case_id=claims.case_id,
        escalation_id=claims.escalation_id,
        level=claims.level,
        at=render_instant(wall_ms()),
        by=claims.by,
        side=claims.side,
        channel=Channel.LINK,
    )


async def serve_links(
    bootstrap: str, secret: str, port: int, stop: asyncio.Event, topic: str = ACTIONS.name
) -> None:
    """Serve until ``stop``."""
    app = link_app(bootstrap, secret, topic)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    # Signals are the command's: it stops the notifier and this together.
    serving = asyncio.create_task(server._serve())
    await stop.wait()
    server.should_exit = True
    await serving
