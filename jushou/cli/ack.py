"""``jushou ack``: acknowledge an escalation, take it back, note, hand over, answer, close."""

from __future__ import annotations

from typing import Annotated

import typer

from jushou.cli.faults import told
from schemas.action import ActionType, Side


def ack(
    escalation_id: Annotated[str, typer.Argument(help="the escalation, as in its message")],
    by: Annotated[str, typer.Option(help="role or account of who acts; no personal name")],
    side: Annotated[Side, typer.Option(help="where they sit")] = Side.OWNER,
    action: Annotated[ActionType, typer.Option(help="what is done")] = ActionType.ACKNOWLEDGED,
    expires_at: Annotated[
        str | None, typer.Option(help="end of an acknowledgement, RFC 3339 with offset")
    ] = None,
    note: Annotated[str | None, typer.Option(help="a note; nothing personal")] = None,
    to: Annotated[str | None, typer.Option(help="group that it is handed over to")] = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """Record an action on an escalation; the notifier and the case's history take it up."""
    import time

    from jushou.settings import Settings
    from schemas.action import Action, Channel, new_action_id
    from schemas.action_rules import action_rules
    from schemas.instants import render_instant
    from schemas.routing.load import load_routing
    from schemas.topics import ACTIONS
    from sinks.notify.action_sender import ActionSender

    settings = Settings()
    at = bootstrap or settings.bootstrap
    with told("ack"):
        rules = action_rules(load_routing(settings.routing))
        case_id, level = _find(at, escalation_id)
        done = Action(
            action_id=new_action_id(), type=action, case_id=case_id,
            escalation_id=escalation_id, level=level,
            at=render_instant(int(time.time() * 1000)), by=by, side=side,
            channel=Channel.COMMAND, expires_at=expires_at, note=note, to=to,
        )  # fmt: skip
        with ActionSender(at, rules, ACTIONS.name) as sender:
            sender.send(done)
    print(f"{action.value}: {case_id} {level}")


def _find(bootstrap: str, escalation_id: str) -> tuple[str, str]:
    """Return case and level of an escalation; an id that was never sent is a mistake."""
    import msgspec

    from schemas.errors import Misconfigured
    from schemas.escalation import Escalation
    from schemas.topics import ESCALATIONS
    from sinks.notify.topic_reader import read_topic

    decode = msgspec.json.Decoder(Escalation).decode
    wanted = escalation_id.encode()
    for raw in read_topic(bootstrap, ESCALATIONS.name):
        if wanted in raw and (found := decode(raw)).escalation_id == escalation_id:
            return found.case_id, found.level
    raise Misconfigured(f"no escalation has the id {escalation_id}; copy it from `jushou route`")
