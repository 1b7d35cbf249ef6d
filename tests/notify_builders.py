"""Builds escalations and routings for the tests of notifications."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from schemas.catalogue.load import load_catalogue
from schemas.escalation import Cause, Escalation, EscalationState, Reason, escalation_id
from schemas.instants import parse_instant
from schemas.routing.load import load_routing
from schemas.routing.model import Routing

FIXTURES = Path(__file__).parent / "fixtures" / "routing"
DONGCHUAN, DALI = "530113", "532901"


def ms(text: str) -> int:
    """Return the instant of ``2026-03-02 09:00`` in Shanghai."""
    return parse_instant(text.replace(" ", "T") + ":00+08:00")


def escalation(
    case: str = "C1", level: str = "red", at: str = "2026-03-02 10:00", **changes: Any
) -> Escalation:
    """Return a fired step of the water office's 24 hours, with changes."""
    clock = changes.get("clock", "overall" if level.startswith("supervise") else "accept")
    item = changes.get("item", "water.drinking")
    steps = load_catalogue().item(item).clocks[clock].ladder
    instant = at.replace(" ", "T") + ":00+08:00"
    fields: dict[str, Any] = {
        "escalation_id": escalation_id(case, clock, "s1", level),
        "revision": 1,
        "state": EscalationState.FIRED,
        "cause": Cause.REACHED,
        "case_id": case,
        "item": item,
        "department": "water",
        "county": DONGCHUAN,
        "clock": clock,
        "start_event_id": "s1",
        "cycle": 1,
        "level": level,
        "to": next((step.to for step in steps if step.level == level), "county"),
        "limit": str(load_catalogue().item(item).clocks[clock].limit),
        "due_at": instant,
        "at": instant,
        "published_at": instant,
        "known_late": False,
        "policy": "2021-11",
        "calendar": "cn-2026.000000",
        "reason": Reason("", ""),
    }
    return Escalation(**(fields | changes))


def revised(first: Escalation, cause: Cause, **changes: Any) -> Escalation:
    """Return the next revision of an escalation."""
    withdrawn = cause in (Cause.MISTAKEN, Cause.SUPERSEDED)
    state = EscalationState.WITHDRAWN if withdrawn else EscalationState.FIRED
    return msgspec.structs.replace(
        first, **({"revision": first.revision + 1, "cause": cause, "state": state} | changes)
    )


def folder_of(path: Path, **files: str) -> Path:
    """Write a routing's files and return their folder."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text, "utf-8")
    return path


def routing_of(path: Path, **files: str) -> Routing:
    """Return the routing of such files over the shipped one."""
    return load_routing(folder_of(path, **files))
