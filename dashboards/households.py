"""One household under monitoring, by its pseudonym: its risk, what drives it, and its life.

For those who may see households, in their own region. Each look is noted in the audit log. No
name, address or number of a person is in the warehouse, and so in no answer.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath

from dashboards.access.audit import Act
from dashboards.access.guard import Needs, audited, seen
from dashboards.access.reach import reaches
from dashboards.access.roles import Reader, Right
from dashboards.api import AsOf, Serving
from dashboards.household_words import driver_words, household_words, signal_words
from dashboards.problems import Refused
from dashboards.scope import Scope, instant_of
from schemas.instants import render_instant

router = APIRouter(prefix="/api/households")
SeesHouseholds = Annotated[Reader, Depends(Needs(Right.HOUSEHOLDS))]
Pseudonym = Annotated[str, InPath(min_length=1, max_length=64)]
_PARTS = ("drivers", "life", "trail", "signals")


@router.get("/{pseudonym}")
async def household(
    request: Request,
    pseudonym: Pseudonym,
    reader: SeesHouseholds,
    service: Serving,
    as_of: AsOf = None,
) -> dict[str, Any]:
    """Return one household: its risk as of an instant with what drives it, and its life.

    A household of another region is answered as one that does not exist (404).
    """
    as_of_ms = instant_of(as_of, service.clock)
    parameters = Scope().parameters(as_of_ms, 1) | {"household": pseudonym}
    found = await service.questions.ask("household", parameters)
    if not found:
        raise _unknown()
    row = found[0]
    if not reaches(reader, row["county"], service.names):
        await audited(request, reader, Act.REFUSED, row["household"])
        raise _unknown()
    await seen(request, reader, Act.HOUSEHOLD_SEEN, row["household"])
    parts = await asyncio.gather(
        *(service.questions.ask(f"household_{part}", parameters) for part in _PARTS)
    )
    told = dict(zip(_PARTS, parts, strict=True))
    told["drivers"] = [each | {"text": driver_words(each["code"])} for each in told["drivers"]]
    told["signals"] = [each | signal_words(each) for each in told["signals"]]
    return {"as_of": render_instant(as_of_ms), "simulated": service.simulated,
            "household": row | household_words(row), **told}  # fmt: skip


def _unknown() -> Refused:
    return Refused(
        404, "unknown-household", "the warehouse has no such household that you may see",
        "请核对户编码（化名）及所辖区域。", "Check the pseudonym and your region.",
    )  # fmt: skip
