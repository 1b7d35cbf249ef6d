"""What people did about a case, and what the reader does: acknowledge, note, hand over, answer.

An action leaves for Kafka (``jushou.actions.v1``) and comes back through the sink, a second or two
later. The side that acts is that of the reader's role, whatever the request says; the rules are
those of the notifier (``schemas.action_rules``), so that nobody silences the province from below.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from dashboards.access.audit import Act
from dashboards.access.gate import now_ms
from dashboards.access.guard import Needs, audited
from dashboards.access.roles import SIDES, Reader, Right
from dashboards.cases import Look, Looked, SeesCases, find_case
from dashboards.ports import Ports, ports_of
from dashboards.problems import Refused
from schemas.action import Action, ActionType, Channel, Side, encode_action, new_action_id
from schemas.action_rules import LONGEST_NOTE, OF_A_SUPERVISION, allowed, check_action
from schemas.errors import InvalidRecord, NotAllowed, Unavailable
from schemas.instants import parse_instant, render_instant

router = APIRouter(prefix="/api/cases")
Acts = Annotated[Reader, Depends(Needs(Right.ACT))]
KINDS = {
    "ack": ActionType.ACKNOWLEDGED,
    "unack": ActionType.UNACKNOWLEDGED,
    "note": ActionType.NOTED,
    "hand-over": ActionType.HANDED_OVER,
    "feedback": ActionType.ANSWERED,
    "close": ActionType.CLOSED,
    "ask-again": ActionType.REPEATED,
}
_NAMES = {action: kind for kind, action in KINDS.items()}


class Asked(BaseModel):
    """What is to be done. ``escalation_id`` or ``level`` say about which step.

    Without either it is about the newest that stands; of a supervision, about the supervision.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["ack", "unack", "note", "hand-over", "feedback", "close", "ask-again"]
    level: Annotated[str | None, Field(pattern="^[a-z-]{1,32}$")] = None
    escalation_id: UUID | None = None
    text: Annotated[str | None, Field(min_length=1, max_length=LONGEST_NOTE)] = None
    to: Annotated[str | None, Field(max_length=80)] = None
    expires_at: Annotated[str | None, Field(max_length=40)] = None


@router.get("/{case_id:path}/actions")
async def actions(request: Request, looked: Look, reader: SeesCases) -> dict[str, Any]:
    """Return what people did about it, and by level what the reader may do (``allowed``)."""
    rules, side = ports_of(request).rules, _side(reader)
    return looked.answer(
        case_id=looked.case_id,
        actions=await looked.ask("actions"),
        allowed={} if side is None else {
            level: sorted(_NAMES[each] for each in allowed(rules, level, side))
            for level in sorted(rules.levels)
        },
        groups=[] if side is None else sorted(rules.groups),
    )  # fmt: skip


@router.post("/{case_id:path}/actions", status_code=202)
async def act(request: Request, case_id: str, asked: Asked, reader: Acts) -> dict[str, Any]:
    """Return when Kafka has the action; it is seen in the case a second or two later.

    403 where the role may not do that at that level, 404 for a case or step that is not there,
    409 where nothing stands, 422 for a wrong field or personal data, 503 without a broker.
    """
    ports, side = ports_of(request), _side(reader)
    looked = await find_case(request, case_id, reader, now_ms())
    step = _step(await looked.ask("escalations"), asked, ports)
    if side is None:
        raise _not_allowed(f"the role {reader.role} does not act about cases")
    action = _action(asked, looked, step, reader, side)
    if action.type not in allowed(ports.rules, action.level, side):
        await audited(request, reader, Act.REFUSED, looked.case_id)
        raise _not_allowed(f"{side} may not {asked.kind} at level {action.level}")
    _check(ports, action)
    await audited(request, reader, Act(action.type.value), looked.case_id)
    await _send(ports, action)
    return {"action_id": action.action_id, "at": action.at, "type": action.type.value,
            "case_id": action.case_id, "escalation_id": action.escalation_id,
            "level": action.level, "by": action.by}  # fmt: skip


def _side(reader: Reader) -> Side | None:
    return SIDES.get(reader.role) if Right.ACT in reader.rights else None


def _step(rows: list[dict[str, Any]], asked: Asked, ports: Ports) -> dict[str, Any]:
    """Return the escalation that an action is about."""
    if asked.escalation_id is not None:
        named = [row for row in rows if row["escalation_id"] == str(asked.escalation_id)]
        if named:
            return named[0]
        raise Refused(
            404, "unknown-escalation", "the case has no escalation of this id",
            "请刷新案件后重试。", "Reload the case and try again.",
        )  # fmt: skip
    standing = [row for row in rows if row["state"] == "fired"]
    if asked.level is not None:
        standing = [row for row in standing if row["level"] == asked.level]
    elif KINDS[asked.kind] in OF_A_SUPERVISION:
        standing = [row for row in standing if row["level"] in ports.rules.provincial]
    if not standing:
        raise Refused(
            409, "nothing-stands", "the case has no such escalation that stands",
            "该案件目前没有可处理的预警或督办。",
            "Nothing of this case is escalated so at the moment.",
        )  # fmt: skip
    return max(standing, key=lambda row: parse_instant(row["at"]))


def _action(
    asked: Asked, looked: Looked, step: dict[str, Any], reader: Reader, side: Side
) -> Action:
    return Action(
        action_id=new_action_id(),
        type=KINDS[asked.kind],
        case_id=looked.case_id,
        escalation_id=step["escalation_id"],
        level=step["level"],
        at=render_instant(now_ms()),
        by=reader.account,
        side=side,
        channel=Channel.PAGE,
        expires_at=asked.expires_at,
        note=asked.text,
        to=asked.to,
    )


def _check(ports: Ports, action: Action) -> None:
    """Refuse what the sender would refuse too, before the audit log says that it was done."""
    try:
        check_action(ports.rules, action)
        encode_action(action)
    except NotAllowed as fault:
        raise _not_allowed(str(fault)) from None
    except (InvalidRecord, ValueError) as fault:
        detail = fault.detail if isinstance(fault, InvalidRecord) else f"expires_at: {fault}"
        raise Refused(
            422, "invalid-action", detail,
            "请按提示更正；文字中不要写姓名、电话或身份证号。",
            "Correct it; write no name, telephone or resident id.",
        ) from None  # fmt: skip


async def _send(ports: Ports, action: Action) -> None:
    try:
        await run_in_threadpool(ports.send, action)
    except Unavailable:
        raise Refused(
            503, "broker-unavailable", "Kafka did not take the action; nothing was done",
            "请稍后重试；如持续出现请联系运维。", "Try again; if it stays so tell the operator.",
            {"Retry-After": "5"},
        ) from None  # fmt: skip


def _not_allowed(detail: str) -> Refused:
    return Refused(
        403, "not-your-role", detail,
        "省级督办只能由省级确认和销号；县级可以反馈、备注、转办。",
        "What the province asks only the province acknowledges or closes; below it one answers, "
        "notes and hands over.",
    )  # fmt: skip
