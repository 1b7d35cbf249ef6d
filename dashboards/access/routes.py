"""Signing in and out, and who one is: ``/api/session``, ``/api/sign-in``, ``/api/sign-out``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.concurrency import run_in_threadpool

from dashboards.access.audit import Act
from dashboards.access.gate import Gate, is_loopback
from dashboards.access.guard import (
    Needs,
    Public,
    address_of,
    audited,
    check_origin,
    gate_of,
    needs_sign_in,
    session_of,
)
from dashboards.access.passwords import LONGEST
from dashboards.access.roles import OPEN_READER, Reader, Right
from dashboards.access.sessions import Session
from dashboards.problems import Refused
from schemas.instants import render_instant

router = APIRouter(prefix="/api")
_STRANGER = replace(OPEN_READER, account="?", name="", is_open=False)


class Credentials(BaseModel):
    """What somebody signs in with."""

    model_config = ConfigDict(extra="forbid")
    user: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST)]


@router.get("/session", dependencies=[Depends(Public("says who one is oneself"))])
async def session(request: Request) -> dict[str, Any]:
    """Return who reads, what they may do, and the token that changes must carry; 401 if nobody."""
    found = session_of(request)
    if found is not None:
        return _described(found.reader, found)
    reader = gate_of(request).open_reader
    if reader is None or not is_loopback(request.headers.get("host", "")):
        raise needs_sign_in()
    return _described(reader, None)


@router.post("/sign-in", dependencies=[Depends(Public("this is how one becomes a reader"))])
async def sign_in(request: Request, response: Response, given: Credentials) -> dict[str, Any]:
    """Begin a session; the cookie is new each time, and a session that was there ends.

    401 whether the account or the password is wrong; 429 after too many failures.
    """
    gate = gate_of(request)
    check_origin(request)
    _check_connection(request, gate)
    async with gate.hashing:
        gate.limits.check_sign_in(given.user, address_of(request))
        identity = await run_in_threadpool(
            gate.provider.identify, given.user, given.password.get_secret_value()
        )
        if identity is None:
            gate.limits.sign_in_failed(given.user, address_of(request))
    if identity is None:
        await _note_failure(request, given.user)
        raise Refused(
            401, "wrong-credentials", "account or password is wrong",
            "请核对账号和密码；忘记密码请联系管理员。",
            "Check both; whoever keeps the accounts can set a new password.",
        )  # fmt: skip
    await audited(request, identity.reader, Act.SIGNED_IN, identity.provider)
    token = gate.sessions.begin(identity, request.cookies.get(gate.cookie))
    _set_cookie(response, gate, token)
    begun = gate.sessions.find(token)
    if begun is None:  # the account was removed in this very moment
        raise needs_sign_in()
    return _described(begun.reader, begun)


@router.post("/sign-out")
async def sign_out(
    request: Request,
    response: Response,
    reader: Annotated[Reader, Depends(Needs(Right.COUNTS))],
) -> dict[str, bool]:
    """End the session on the server, its live streams with it."""
    gate = gate_of(request)
    await audited(request, reader, Act.SIGNED_OUT)
    gate.sessions.end(request.cookies.get(gate.cookie, ""))
    _cookie(response, gate)("", max_age=0)
    return {"signed_out": True}


def _described(reader: Reader, found: Session | None) -> dict[str, Any]:
    return {
        "user": reader.account,
        "name": reader.name,
        "role": reader.role.value,
        "region": reader.region,
        "open": reader.is_open,
        "rights": sorted(reader.rights),
        "csrf": found.csrf if found else "",
        "expires_at": render_instant(found.expires_ms) if found else None,
    }


def _set_cookie(response: Response, gate: Gate, token: str) -> None:
    _cookie(response, gate)(token, max_age=gate.sessions.longest_s)


def _cookie(response: Response, gate: Gate) -> partial[None]:
    return partial(
        response.set_cookie,
        gate.cookie,
        httponly=True,
        samesite="strict",
        secure=gate.is_secure,
        path="/",
    )


def _check_connection(request: Request, gate: Gate) -> None:
    """Refuse a password over plain HTTP from elsewhere: the browser would drop the cookie too."""
    if not gate.is_secure or request.url.scheme == "https":
        return
    if not is_loopback(request.headers.get("host", "")):
        raise Refused(
            403, "insecure-connection", "the page is reached over plain HTTP",
            "请通过 HTTPS 访问；部署方法见 docs/access.md。",
            "Reach it over HTTPS; docs/access.md says how to put TLS before it.",
        )  # fmt: skip


async def _note_failure(request: Request, account: str) -> None:
    """Note the account only where it exists: people type passwords into the wrong field."""
    known = gate_of(request).users.exists(account)
    who = replace(_STRANGER, account=account.lower()) if known else _STRANGER
    await audited(request, who, Act.SIGN_IN_FAILED)
