"""The signed link of a message: a page that asks, and an action once the reader says so.

A look at the link does nothing: robots and mail programs look at every link to preview it. Only
the buttons act. Served by ``jushou notify --acknowledge-port``, behind the offices' own proxy.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from schemas.action import Action, ActionType, Channel, new_action_id
from schemas.action_link import Claims, check
from schemas.action_rules import LONGEST_NOTE, action_rules, allowed
from schemas.errors import DeadLetterReason, InvalidRecord, NotAllowed, Unavailable
from schemas.instants import HOUR_MS, render_instant
from schemas.routing.model import Routing
from sinks.notify.action_sender import ActionSender
from sinks.notify.dispatch import wall_ms
from sinks.notify.document import Links
from sinks.notify.formats import html_template
from sinks.notify.link_view import view_of
from sinks.notify.outbox import Outbox
from sinks.notify.own_thread import in_thread

_LONGEST_FORM = 8_192  # bytes; a token has about 400, a note of 500 characters 4,500 as a form
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_DONE = {
    ActionType.ACKNOWLEDGED: "已确认 · Acknowledged",
    ActionType.UNACKNOWLEDGED: "已撤回确认 · Taken back",
    ActionType.NOTED: "已记录 · Noted",
    ActionType.HANDED_OVER: "已转交 · Handed over",
    ActionType.ANSWERED: "已反馈 · Answered",
}
_HOURS = (4, 24)  # besides the longest that the rules allow

Form = dict[str, list[str]]


def link_app(
    sender: ActionSender, routing: Routing, links: Links, outbox: Outbox | None = None
) -> FastAPI:
    """Return the server of the signed links; with the outbox it shows what they are about."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    secret = links.secret

    # On the thread of the event loop, which is the outbox's.
    @app.get("/acknowledge")
    async def ask(token: str = "") -> HTMLResponse:
        try:
            claims = check(token, secret, wall_ms())
        except InvalidRecord as fault:
            return _answer("refused", 403, detail=fault.detail)
        view = view_of(outbox, claims, routing, links, wall_ms()) if outbox else None
        return _answer("ask", 200, token=token, view=view, **_choices(claims, routing))

    @app.post("/acknowledge")
    async def acknowledge(request: Request) -> HTMLResponse:
        raw = (await request.body())[:_LONGEST_FORM]
        form = parse_qs(raw.decode(errors="replace"))
        return await in_thread(lambda: answer(form))

    def answer(form: Form) -> HTMLResponse:
        try:
            claims = check(_field(form, "token") or "", secret, wall_ms())
            action = _action(claims, form)
            sender.send(action)
        except InvalidRecord as fault:
            personal = fault.reason is DeadLetterReason.PERSONAL_DATA
            return _answer("personal" if personal else "refused", 422 if personal else 403,
                           detail=fault.detail)  # fmt: skip
        except NotAllowed as fault:
            return _answer("refused", 403, detail=str(fault))
        except Unavailable:
            return _answer("unavailable", 503)
        return _answer("done", 200, done=_DONE[action.type])

    return app


def _choices(claims: Claims, routing: Routing) -> dict[str, Any]:
    rules = routing.rules
    level = routing.catalogue.levels.get(claims.level)
    longest_h = rules.acknowledged_for_h
    return {
        "claims": claims,
        "level": level.zh if level else claims.level,
        "types": allowed(action_rules(routing), claims.level, claims.side),
        "hours": [*(each for each in _HOURS if each < longest_h), longest_h],
        "groups": [(name, group.text.zh) for name, group in routing.groups.items()],
        "longest": LONGEST_NOTE,
    }


def _answer(state: str, status: int, **more: Any) -> HTMLResponse:
    text = html_template("acknowledge.html").render(state=state, title="举手 · jushou", **more)
    return HTMLResponse(text, status, _HEADERS)


def _field(form: Form, name: str) -> str | None:
    value = form.get(name, [""])[0].strip()
    return value or None


def _action(claims: Claims, form: Form) -> Action:
    """Return the action of a form; the signature says who acts and on what, the form only what."""
    now_ms = wall_ms()
    wanted = _field(form, "type") or ActionType.ACKNOWLEDGED
    kind = next((each for each in _DONE if each == wanted), None)
    hours = _field(form, "hours") if kind is ActionType.ACKNOWLEDGED else None
    if kind is None or (hours is not None and not (hours.isdecimal() and len(hours) < 4)):
        raise InvalidRecord(DeadLetterReason.WRONG_VALUE, "the form is not one of ours")
    return Action(
        action_id=new_action_id(),
        type=kind,
        case_id=claims.case_id,
        escalation_id=claims.escalation_id,
        level=claims.level,
        at=render_instant(now_ms),
        by=claims.by,
        side=claims.side,
        channel=Channel.LINK,
        expires_at=render_instant(now_ms + int(hours) * HOUR_MS) if hours else None,
        note=_field(form, "note"),
        to=_field(form, "to") if kind is ActionType.HANDED_OVER else None,
    )


async def serve_links(app: FastAPI, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until ``stop``."""
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning"))
    # Signals are the command's: it stops the notifier and this together.
    serving = asyncio.create_task(server._serve())
    await stop.wait()
    server.should_exit = True
    await serving
