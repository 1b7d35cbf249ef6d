"""``jushou route``: who would get an escalation, by which endpoint, when, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.faults import told
from jushou.cli.options import AsOfOrNow, as_of_ms

if TYPE_CHECKING:
    from schemas.escalation import Escalation
    from schemas.routing.model import Routing


def route(
    what: Annotated[
        str, typer.Argument(help="a file of escalations (JSON lines), a case or an escalation id")
    ],
    routing: Annotated[
        Path | None, typer.Option(help="folder of routing files; else JUSHOU_ROUTING")
    ] = None,
    as_of: AsOfOrNow = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """Print who would get what, and why. Nothing is sent."""
    import time

    from jushou.settings import Settings
    from schemas.routing.load import load_routing

    settings = Settings()
    now_ms = int(time.time() * 1000) if as_of is None else as_of_ms(as_of)
    with told("route"):
        loaded = load_routing(routing or settings.routing)
        found = list(_wanted(what, bootstrap or settings.bootstrap))
    if not found:
        print(f"jushou route: no case and no escalation is {what}", file=sys.stderr)
        raise typer.Exit(1)
    for escalation in found:
        for line in lines(escalation, loaded, now_ms):
            print(line)


def lines(escalation: Escalation, routing: Routing, now_ms: int) -> Iterator[str]:
    """Yield what is printed for one escalation."""
    from schemas.instants import HOUR_MS, parse_instant, render_instant
    from schemas.routing.decide import route as decide

    place = routing.regions.name(escalation.county)
    state = "" if escalation.state == "fired" else f" ({escalation.state}, {escalation.cause})"
    yield (
        f"{escalation.escalation_id} {escalation.case_id} {escalation.item}·{escalation.clock} "
        f"{escalation.level} {place}{state}"
    )
    late_ms = now_ms - parse_instant(escalation.at)
    if escalation.known_late or late_ms > routing.rules.horizon_h * HOUR_MS:
        why = "known late" if escalation.known_late else f"over {routing.rules.horizon_h} h ago"
        yield f"  {why}: not sent one by one, only in the daily digest of these"
    for recipient in decide(escalation, routing, now_ms):
        when = render_instant(recipient.not_before_ms) if recipient.why.held != "at-once" else "now"
        yield f"  {recipient.name}  {recipient.text.zh}  {when}"
        yield f"    {recipient.why}; undelivered → {recipient.fallback or 'alarm only'}"


def _wanted(what: str, bootstrap: str) -> Iterable[Escalation]:
    """Return the newest revision of each escalation that is meant."""
    import msgspec

    from schemas.errors import Misconfigured
    from schemas.escalation import Escalation
    from schemas.topics import ESCALATIONS
    from sinks.notify.topic_reader import read_topic

    path = Path(what)
    newest: dict[str, Escalation] = {}
    raws = path.read_bytes().splitlines() if path.is_file() else None
    decode = msgspec.json.Decoder(Escalation).decode
    for number, raw in enumerate(raws or read_topic(bootstrap, ESCALATIONS.name), 1):
        try:
            each = decode(raw)
        except msgspec.DecodeError as fault:
            if raws is not None:
                raise Misconfigured(f"{what}:{number}: not an escalation: {fault}") from None
            continue
        if raws is None and what not in (each.case_id, each.escalation_id):
            continue
        known = newest.get(each.escalation_id)
        if known is None or known.revision <= each.revision:
            newest[each.escalation_id] = each
    return newest.values()
