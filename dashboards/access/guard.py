"""The guards: every route depends on one of them, and a server with a route that has none refuses
to start.

``Depends(Needs(Right.CASES))`` for what only some may see, ``Depends(Public("why"))`` for what
everybody may. Where a reader may look within a route is decided by ``dashboards.access.reach``.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIRouter
from starlette.concurrency import run_in_threadpool

from dashboards.access.audit import Act
from dashboards.access.gate import Gate, is_loopback, now_ms
from dashboards.access.roles import Reader, Right
from dashboards.access.sessions import Session
from dashboards.problems import Refused

_READING = frozenset(("GET", "HEAD"))
# What goes on by itself does not keep a session alive; else an open page would never end it.
_BY_ITSELF = frozenset(("/api/live", "/api/session"))
# A case is shown in several parts: what one asks for within a minute is one look at it.
_ONE_LOOK_MS = 60_000
# The page asks for a list again every minute by itself.
_ONE_LOOK_AT_LIST_MS = 3_600_000
_LOOKS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Public:
    """A route that needs no reader; ``why`` says what makes it harmless."""

    why: str

    async def __call__(self) -> None:
        """Let everybody pass."""


@dataclass(frozen=True, slots=True)
class Needs:
    """A route that needs a reader with a right; for a change also the token of their session."""

    right: Right

    async def __call__(self, request: Request) -> Reader:
        """Return the reader, or raise ``Refused``: 401 without one, 403 without the right."""
        session = session_of(request)
        reader = session.reader if session else _open_reader(request)
        gate_of(request).limits.check_request(session.key if session else None)
        if self.right not in reader.rights:
            await audited(request, reader, Act.REFUSED, str(self.right))
            raise _lacking(reader, self.right)
        if request.method not in _READING:
            check_origin(request)
            sent = request.headers.get("x-csrf-token", "")
            if session is None or not hmac.compare_digest(sent.encode(), session.csrf.encode()):
                raise _forged("the header X-CSRF-Token is not that of the session")
        return reader


def gate_of(request: Request) -> Gate:
    """Return the gate of the app that a request came to."""
    gate: Gate = request.app.state.gate
    return gate


def session_of(request: Request) -> Session | None:
    """Return the live session that a request's cookie names."""
    gate = gate_of(request)
    token = request.cookies.get(gate.cookie, "")
    if not token:
        return None
    is_use = request.url.path not in _BY_ITSELF and "x-by-itself" not in request.headers
    return gate.sessions.find(token, is_use=is_use)


def address_of(request: Request) -> str:
    """Return the address that a request came from; a proxy's word counts only if it is trusted."""
    return request.client.host if request.client else "-"


async def audited(request: Request, reader: Reader, act: Act, of: str = "") -> None:
    """Return when the audit log has the line; what cannot be noted must not be shown."""
    await run_in_threadpool(
        gate_of(request).audit.write, now_ms(), act, reader, address_of(request), of
    )


async def seen(request: Request, reader: Reader, act: Act, of: str) -> None:
    """Note that a reader looks at something: once a minute for the same reader and address, at a
    list once an hour."""
    gate, at_ms = gate_of(request), now_ms()
    one_look_ms = _ONE_LOOK_AT_LIST_MS if act is Act.LIST_SEEN else _ONE_LOOK_MS
    look = (reader.account, address_of(request), act.value, of)
    # The page asks for the parts of a case at once: the others wait until the first is noted.
    async with gate.looking:
        if gate.looks.get(look, 0) + one_look_ms > at_ms:
            return
        await audited(request, reader, act, of)
        if len(gate.looks) >= _LOOKS_REMEMBERED:
            gate.looks.clear()
        gate.looks[look] = at_ms


def check_origin(request: Request) -> None:
    """Raise ``Refused`` (403) for a change that a page of another site asks for."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if site not in ("same-origin", "none") or (
        origin and urlsplit(origin).netloc != request.headers.get("host")
    ):
        raise _forged("the request comes from another site")


def _open_reader(request: Request) -> Reader:
    reader = gate_of(request).open_reader
    # By another name a page of some other site could look in (DNS rebinding).
    if reader is None or not is_loopback(request.headers.get("host", "")):
        raise needs_sign_in()
    return reader


def needs_sign_in() -> Refused:
    """Return the refusal of a request without a live session."""
    return Refused(
        401,
        "sign-in-needed",
        "there is no session, or it has ended",
        "请登录。",
        "Sign in.",
        {"WWW-Authenticate": 'Cookie realm="jushou"'},
    )


def _lacking(reader: Reader, right: Right) -> Refused:
    if reader.is_open and right is Right.ACT:
        return Refused(
            403, "sign-in-to-act", "the open demo is for looking only",
            "请用演示账号登录后再操作。", "Sign in with one of the demo's accounts to act.",
        )  # fmt: skip
    return Refused(
        403,
        "not-your-role",
        f"the role {reader.role} does not have the right {right}",
        "本账号的角色无此权限，见 docs/access.md；如有需要请联系管理员。",
        "Your role does not allow this, see docs/access.md; ask whoever keeps the accounts.",
    )


def _forged(detail: str) -> Refused:
    return Refused(
        403, "forged-request", detail, "请刷新页面后重试。", "Reload the page and try again."
    )  # fmt: skip


def routes_of(app: FastAPI) -> Iterator[APIRoute]:
    """Yield every route of the API of an app, however deep it was included."""
    yield from _routes(app.router)


def _routes(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
            yield from _routes(inner)


def guard_of(route: APIRoute) -> Needs | Public | None:
    """Return the guard of a route."""
    return next(_guards(route.dependant), None)


def _guards(dependant: Dependant) -> Iterator[Needs | Public]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs | Public):
            yield inner.call
        yield from _guards(inner)


def check_guards(app: FastAPI) -> None:
    """Raise ``AssertionError`` naming each route that nothing guards."""
    bare = [route.path for route in routes_of(app) if guard_of(route) is None]
    assert not bare, f"routes without a guard: {', '.join(bare)}"
