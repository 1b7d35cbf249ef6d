"""``jushou supervise``: the list of supervisions (督办) with their ages, and notices to print."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jushou.cli.faults import told
from jushou.cli.options import AsOfOrNow, as_of_ms

if TYPE_CHECKING:
    from schemas.case_state import Cycle
    from schemas.escalation import Escalation
    from sinks.notify.supervision import CycleKey, Supervision


def supervise(
    county: Annotated[str | None, typer.Option(help="only this county, six digits")] = None,
    case: Annotated[str | None, typer.Option(help="only this case")] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="leave out those closed, and cases that are done")
    ] = False,
    notice: Annotated[
        Path | None,
        typer.Option(help="write the notice (督办单) of the case or county here, HTML; open ones"),
    ] = None,
    routing: Annotated[
        Path | None, typer.Option(help="folder of routing files; else JUSHOU_ROUTING")
    ] = None,
    as_of: AsOfOrNow = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """List supervisions: asked, answered or closed, for how long, and whether a stage is late."""
    import time

    from jushou.settings import Settings
    from schemas.routing.load import load_routing
    from sinks.notify.facts import Speaker
    from sinks.notify.notice import county_notice, order, row_of

    settings = Settings()
    now_ms = int(time.time() * 1000) if as_of is None else as_of_ms(as_of)
    with told("supervise"):
        loaded = load_routing(routing or settings.routing)
        found = _read(bootstrap or settings.bootstrap, now_ms)
    chosen = [
        each
        for each in order(found)
        if county in (None, each.escalation.county)
        and case in (None, each.escalation.case_id)
        and (each.is_open or not (open_only or notice))
    ]
    speaker = Speaker(loaded, "zh")
    for each in chosen:
        row = row_of(each, speaker, now_ms)
        names = ("case", "place", "item", "asked", "ground", "stages", "state")
        print("  ".join([*(row[name] for name in names if row[name]), f"{row['age']} 天"]))
    print(_summary(chosen))
    if notice is not None:
        try:
            notice.write_text(county_notice(chosen, loaded, now_ms), "utf-8")
        except ValueError as fault:
            print(f"jushou supervise: {fault}; give --county or --case", file=sys.stderr)
            raise typer.Exit(1) from None


def _summary(chosen: list[Supervision]) -> str:
    from sinks.notify.notice import GROUNDS, STATES

    def counted(words: dict[Any, str], of: str) -> str:
        counts = Counter(getattr(each, of) for each in chosen)
        return "，".join(f"{words[kind]} {count} 件" for kind, count in counts.items())

    found = f"共 {len(chosen)} 件 supervisions"
    if not chosen:
        return found
    return f"{found}：{counted(GROUNDS, 'ground')}；{counted(STATES, 'state')}"


def _read(bootstrap: str, now_ms: int) -> list[Supervision]:
    import msgspec

    from schemas.action import decode_action
    from schemas.errors import InvalidRecord
    from schemas.escalation import Escalation
    from schemas.topics import ACTIONS, ESCALATIONS
    from sinks.notify.supervision import supervisions
    from sinks.notify.topic_reader import read_topic

    escalations, actions = [], []
    for raw in read_topic(bootstrap, ESCALATIONS.name):
        try:
            escalations.append(msgspec.json.decode(raw, type=Escalation))
        except msgspec.DecodeError:
            continue  # the notifier has set it aside
    for raw in read_topic(bootstrap, ACTIONS.name):
        try:
            actions.append(decode_action(raw))
        except InvalidRecord:
            continue
    return supervisions(escalations, actions, now_ms, _ends(bootstrap, escalations))


def _ends(bootstrap: str, escalations: Iterable[Escalation]) -> dict[CycleKey, int]:
    """Return when the clocks of cases under supervision ended, of those that did."""
    import msgspec

    from schemas import case_state
    from schemas.topics import CASE_STATES
    from sinks.notify.supervision import OPENS
    from sinks.notify.topic_reader import read_topic

    supervised = {each.case_id.encode() for each in escalations if each.level == OPENS}
    ended: dict[str, list[Cycle]] = {}
    # Of each key the last of its partition is the newest.
    for raw in read_topic(bootstrap, CASE_STATES.name, supervised) if supervised else ():
        try:
            state = case_state.decode(raw)
        except msgspec.DecodeError:
            continue
        ended[state.case_id] = state.ended
    return {
        (case, cycle.clock, cycle.start_event_id): cycle.stopped_at
        for case, cycles in ended.items()
        for cycle in cycles
        if cycle.stopped_at is not None
    }
