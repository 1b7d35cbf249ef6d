"""One case, for those who may see it: what it is, its clocks, escalations and events.

Each answer is noted in the audit log before it leaves.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from dashboards.access.audit import Act
from dashboards.access.guard import Needs, audited
from dashboards.access.reach import reaches
from dashboards.access.roles import Reader, Right
from dashboards.api import AsOf, Serving
from dashboards.panels import SHOWN_ROWS
from dashboards.problems import Refused
from dashboards.scope import Scope, instant_of
from dashboards.warehouse import Row
from schemas.instants import render_instant

router = APIRouter(prefix="/api/cases")
SeesCases = Annotated[Reader, Depends(Needs(Right.CASES))]
_PARTS = ("clocks", "escalations", "events")


async def seen_case(
    request: Request, case_id: str, reader: Reader, service: Serving, parameters: dict[str, Any]
) -> Row:
    """Return the row of a case once it is noted who looks; 404 for one that is not theirs.

    A case of another region is answered as one that does not exist, so that nobody can try out
    numbers.
    """
    found = await service.questions.ask("case", parameters)
    if not found:
        raise _unknown()
    row = found[0]
    if not reaches(reader, row["county"], service.names):
        await audited(request, reader, Act.REFUSED, row["case_id"])
        raise _unknown()
    await audited(request, reader, Act.CASE_SEEN, row["case_id"])
    return row


def _unknown() -> Refused:
    return Refused(
        404, "unknown-case", "the warehouse has no case of this number that you may see",
        "请核对案件编号及所辖区域；刚举手的案件几秒后可见。",
        "Check the number and your region; a case just raised is visible after some seconds.",
    )  # fmt: skip


@router.get("/{case_id:path}")
async def case(
    request: Request, case_id: str, reader: SeesCases, service: Serving, as_of: AsOf = None
) -> dict[str, Any]:
    """Return one case: what it is, its clocks with their verdicts, its escalations."""
    as_of_ms = instant_of(as_of, service.clock)
    parameters = Scope().parameters(as_of_ms, SHOWN_ROWS) | {"case_id": case_id}
    row = await seen_case(request, case_id, reader, service, parameters)
    parts = {part: await service.questions.ask(f"case_{part}", parameters) for part in _PARTS}
    return {"as_of": render_instant(as_of_ms), "simulated": service.simulated, "case": row,
            **parts}  # fmt: skip
