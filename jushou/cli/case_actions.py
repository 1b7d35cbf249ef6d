"""What people did about one case, for ``jushou explain``: who, when, what, in words.

Read from Kafka or from the warehouse, beside the account of the clocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from schemas.action import Action, ActionType, Channel, Side
from schemas.catalogue.model import Text

if TYPE_CHECKING:
    from rich.console import Console

    from sinks.clickhouse.server import Server

_DONE = {
    ActionType.ACKNOWLEDGED: Text("确认收到", "acknowledged"),
    ActionType.UNACKNOWLEDGED: Text("撤回确认", "took the acknowledgement back"),
    ActionType.NOTED: Text("备注", "noted"),
    ActionType.HANDED_OVER: Text("转交", "handed over"),
    ActionType.ANSWERED: Text("反馈", "answered the supervision"),
    ActionType.CLOSED: Text("销号", "closed the supervision"),
    ActionType.REPEATED: Text("再次要求反馈", "asked again"),
}
_CHANNELS = {
    Channel.COMMAND: Text("命令行", "command"),
    Channel.LINK: Text("消息链接", "link"),
    Channel.PAGE: Text("页面", "page"),
    Channel.HTTP: Text("接口", "HTTP"),
}
_HEADING = Text("处理记录", "What people did")
_QUERY = """
SELECT action_id, type, case_id, toString(escalation_id), level, at, by, side, channel,
       expires_at, note, handed_to
FROM actions FINAL WHERE case_id = %(case_id)s
"""


def from_kafka(bootstrap: str, case_id: str) -> list[Action]:
    """Return the actions of a case, the oldest first; none where no topic of them exists."""
    from schemas.action import decode_action
    from schemas.errors import InvalidRecord, Misconfigured
    from schemas.topics import ACTIONS
    from sinks.notify.topic_reader import read_topic

    found: dict[str, Action] = {}
    try:
        for raw in read_topic(bootstrap, ACTIONS.name, {case_id.encode()}):
            try:
                action = decode_action(raw)
            except InvalidRecord:
                continue
            found.setdefault(action.action_id, action)
    except Misconfigured:
        return []
    return _in_order(found.values())


def from_warehouse(server: Server, case_id: str) -> list[Action]:
    """Return the actions of a case, the oldest first. Raises ``Unavailable``, ``Misconfigured``."""
    from schemas.instants import from_datetime, render_instant
    from sinks.clickhouse.server import classified

    with classified(server), server.client() as client:
        rows = client.execute(_QUERY, {"case_id": case_id})
    return _in_order(
        Action(
            action_id=row[0], type=ActionType(row[1]), case_id=row[2], escalation_id=row[3],
            level=row[4], at=render_instant(from_datetime(row[5])), by=row[6], side=Side(row[7]),
            channel=Channel(row[8]), note=row[10] or None, to=row[11] or None,
            expires_at=None if row[9] is None else render_instant(from_datetime(row[9])),
        )
        for row in rows
    )  # fmt: skip


def _in_order(actions: Iterable[Action]) -> list[Action]:
    from schemas.instants import parse_instant

    return sorted(actions, key=lambda each: (parse_instant(each.at), each.action_id))


def show_actions(actions: list[Action], console: Console, lang: str) -> None:
    """Print them, one a line; nothing where there are none."""
    from rich.markup import escape

    from schemas.catalogue.load import load_catalogue

    if not actions:
        return
    levels = load_catalogue().levels
    console.print(f"\n[bold]{_said(_HEADING, lang)}[/bold]")
    for each in actions:
        level, channel = levels.get(each.level), _CHANNELS[each.channel]
        parts = [
            each.at[:19].replace("T", " "),
            escape(each.by),
            _said(_DONE[each.type], lang) + (f" → {escape(each.to)}" if each.to else ""),
            f"({_said(level, lang) if level else each.level}, {_said(channel, lang)})",
        ]
        if each.note:
            parts.append(escape(f"“{each.note}”"))
        console.print("  " + "  ".join(parts))


def _said(text: Text, lang: str) -> str:
    return text.zh if lang == "zh" else text.en
