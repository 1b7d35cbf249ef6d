"""The audit log for those who keep the accounts: ``/api/audit``, and all of it as CSV.

Who looked at which case when, by account, case and period. Reading it is a line of it too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from dashboards.access.audit import Act, Line
from dashboards.access.gate import now_ms
from dashboards.access.guard import Needs, audited, gate_of
from dashboards.access.roles import Reader, Right
from dashboards.scope import check_day
from dashboards.spreadsheet import download
from schemas.instants import DAY_MS, day_of_date, render_instant, start_of_day

router = APIRouter(prefix="/api")
Reads = Annotated[Reader, Depends(Needs(Right.AUDIT))]
_COLUMNS = ("number", "at", "account", "role", "region", "act", "object", "address")
_EXPORTED_LINES = 100_000
_Day = Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="a day of Shanghai")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: an empty text stands for all, the days of the period are both included."""

    account: str
    act: str
    of: str
    since_ms: int
    until_ms: int | None


def _wanted(
    account: Annotated[str, Query(max_length=64)] = "",
    act: Annotated[Act | None, Query()] = None,
    of: Annotated[str, Query(max_length=64)] = "",
    since: Annotated[str, _Day] = "",
    until: Annotated[str, _Day] = "",
) -> Wanted:
    check_day("since", since)
    check_day("until", until)
    return Wanted(
        account.strip().lower(),
        act.value if act else "",
        of.strip(),
        _midnight_ms(since) if since else 0,
        _midnight_ms(until) + DAY_MS if until else None,
    )


Asked = Annotated[Wanted, Depends(_wanted)]


@router.get("/audit.csv")
async def audit_csv(request: Request, reader: Reads, wanted: Asked) -> Response:
    """Return the lines as CSV, newest first."""
    lines = await _lines(request, reader, wanted, _EXPORTED_LINES)
    return download("audit", now_ms(), _COLUMNS, lines)


@router.get("/audit")
async def audit(
    request: Request,
    reader: Reads,
    wanted: Asked,
    limit: Annotated[int, Query(ge=1, le=5000)] = 200,
) -> dict[str, Any]:
    """Return the newest lines, newest first, and the instant as of which they are all."""
    as_of = render_instant(now_ms())
    return {"as_of": as_of, "lines": await _lines(request, reader, wanted, limit)}


async def _lines(
    request: Request, reader: Reader, wanted: Wanted, limit: int
) -> list[dict[str, Any]]:
    await audited(request, reader, Act.AUDIT_READ)
    read = partial(gate_of(request).audit.lines, **asdict(wanted), limit=limit)
    return [_as_row(line) for line in await run_in_threadpool(read)]


def _as_row(line: Line) -> dict[str, Any]:
    return asdict(line) | {"at": render_instant(line.at_ms)}


def _midnight_ms(day: str) -> int:
    return start_of_day(day_of_date(dt.date.fromisoformat(day)))
