"""One case, for those who may see it: its clocks, its account in words, who had it, who was told.

Each answer is noted in the audit log before it leaves.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from dashboards.access.audit import Act
from dashboards.access.guard import Needs, audited, seen
from dashboards.access.reach import reaches
from dashboards.access.roles import Reader, Right
from dashboards.api import AsOf, Serving
from dashboards.panels import SHOWN_ROWS
from dashboards.ports import ports_of
from dashboards.problems import Refused
from dashboards.scope import Scope, instant_of
from dashboards.warehouse import Row
from schemas.errors import JushouError, Unavailable
from schemas.instants import render_instant

router = APIRouter(prefix="/api/cases")
SeesCases = Annotated[Reader, Depends(Needs(Right.CASES))]
Language = Literal["zh", "en"]
_PARTS = ("clocks", "escalations", "events")
_NO_CASE = (
    404, "unknown-case", "the warehouse has no case of this number that you may see",
    "请核对案件编号及所辖区域；刚举手的案件几秒后可见。",
    "Check the number and your region; a case just raised is visible after some seconds.",
)  # fmt: skip


class Looked:
    """A case that its reader may see, as of an instant; the look is noted.

    A case of another region is answered as one that does not exist (404), so that nobody can try
    out numbers.
    """

    def __init__(self, row: Row, service: Serving, parameters: dict[str, Any]) -> None:
        self.row = row
        self.as_of_ms: int = parameters["as_of_ms"]
        self._service = service
        self._parameters = parameters

    @property
    def case_id(self) -> str:
        """The number of the case, as the warehouse has it."""
        return str(self.row["case_id"])

    async def ask(self, part: str) -> list[Row]:
        """Return the rows of the question ``case_<part>``."""
        return await self._service.questions.ask(f"case_{part}", self._parameters)

    def answer(self, **parts: Any) -> dict[str, Any]:
        """Return the body of an answer."""
        as_of = render_instant(self.as_of_ms)
        return {"as_of": as_of, "simulated": self._service.simulated, **parts}


async def find_case(request: Request, case_id: str, reader: Reader, as_of_ms: int) -> Looked:
    """Return a case within the reader's region, without noting it; else 404."""
    service = request.app.state.service
    parameters = Scope().parameters(as_of_ms, SHOWN_ROWS) | {"case_id": case_id}
    found = await service.questions.ask("case", parameters)
    if not found:
        raise Refused(*_NO_CASE)
    looked = Looked(found[0], service, parameters)
    if not reaches(reader, looked.row["county"], service.names):
        await audited(request, reader, Act.REFUSED, looked.case_id)
        raise Refused(*_NO_CASE)
    return looked


async def _look(
    request: Request, case_id: str, reader: SeesCases, service: Serving, as_of: AsOf = None
) -> Looked:
    looked = await find_case(request, case_id, reader, instant_of(as_of, service.clock))
    await seen(request, reader, Act.CASE_SEEN, looked.case_id)
    return looked


Look = Annotated[Looked, Depends(_look)]


@router.get("/{case_id:path}/explanation")
async def explanation(
    request: Request, looked: Look, lang: Language | None = None
) -> dict[str, Any]:
    """Return why the case is, or is not, late, as ``jushou explain --json`` does.

    With ``lang`` also ``text``: the account in words, as ``jushou explain`` prints it.
    """
    return await _account(request, looked, lang)


@router.get("/{case_id:path}/custody")
async def custody(request: Request, looked: Look) -> dict[str, Any]:
    """Return who had the case from when to when, and how often it went back."""
    account = await _account(request, looked, None)
    return looked.answer(case_id=looked.case_id, custody=account["custody"])


@router.get("/{case_id:path}/deliveries")
async def deliveries(looked: Look) -> dict[str, Any]:
    """Return who was told of its escalations, when, and what became of it."""
    return looked.answer(case_id=looked.case_id, deliveries=await looked.ask("deliveries"))


async def _account(request: Request, looked: Looked, lang: str | None) -> dict[str, Any]:
    explain = ports_of(request).explain
    try:
        account = await run_in_threadpool(explain, looked.case_id, looked.as_of_ms, lang)
    except JushouError:
        # What ClickHouse says may quote a query.
        raise Unavailable("the events of the case cannot be read from ClickHouse", 5) from None
    if account is None:
        raise Refused(*_NO_CASE)
    return account


@router.get("/{case_id:path}")
async def case(looked: Look) -> dict[str, Any]:
    """Return one case: what it is, its clocks with their verdicts, its escalations."""
    parts = await asyncio.gather(*(looked.ask(part) for part in _PARTS))
    return looked.answer(case=looked.row, **dict(zip(_PARTS, parts, strict=True)))
