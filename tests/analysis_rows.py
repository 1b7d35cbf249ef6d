"""Rows of cases, events and warnings for the analysts' questions, written as the sink writes them.

Instants are Shanghai's, of 2026 unless a year is given: ``at("06-10 09:00")``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from clickhouse_driver import Client

from schemas.case_event import Heading, StoredEvent
from schemas.custody import custody
from schemas.instants import from_datetime, parse_instant, to_datetime

AS_OF = "2026-06-10T10:00:00+08:00"
AS_OF_MS = parse_instant(AS_OF)


def at(text: str) -> dt.datetime:
    """Return an instant as the driver takes it."""
    whole = text if text.count("-") == 2 else f"2026-{text}"
    return to_datetime(parse_instant(f"{whole.replace(' ', 'T')}:00+08:00"))


def clock(
    name: str, started: str, due: str | None, stopped: str | None = None, outcome: str = "live"
) -> dict[str, Any]:
    """Return one cycle; ``start_event_id`` tells cycles of a case apart."""
    return {
        "clock": name,
        "start_event_id": f"{name} {started}",
        "started_at": at(started),
        "due_at": due and at(due),
        "stopped_at": stopped and at(stopped),
        "outcome": outcome,
    }


def _custody(
    case: dict[str, Any], events: Sequence[tuple[str, str]], closed: str | None
) -> dict[str, Any]:
    """Return the columns of the custody intervals, as the sink makes them."""
    ends = [(case["outcome"], closed)] if closed else []
    heading = Heading(county=case["county"], department=case["department"])
    told = [
        StoredEvent(
            from_datetime(at(when)), f"e{number}", kind, heading=None if number else heading
        )
        for number, (kind, when) in enumerate([*events, *ends])
    ]
    held = custody(sorted(told, key=lambda event: event.at), case["department"]).held
    instant = lambda ms: None if ms is None else to_datetime(ms)  # noqa: E731
    return {
        "custody.level": [one.holder.level.value for one in held],
        "custody.department": [one.holder.department for one in held],
        "custody.county": [one.holder.county or "" for one in held],
        "custody.township": [one.holder.township or "" for one in held],
        "custody.since": [to_datetime(one.since) for one in held],
        "custody.until": [instant(one.until) for one in held],
        "custody.accepted_at": [instant(one.accepted_at) for one in held],
        "custody.begun_by": [one.by.type for one in held],
        "custody.ended_by": [one.ended_by.type if one.ended_by else "" for one in held],
    }


class Rows:
    """Gathers rows and writes them, a block a table."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rows: dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]] = defaultdict(list)

    def add(self, table: str, **values: Any) -> None:
        """Gather one row; columns that are not named have their defaults."""
        self._rows[table, tuple(values)].append(tuple(values.values()))

    def write(self) -> None:
        """Insert what was gathered."""
        for (table, names), rows in self._rows.items():
            columns = ", ".join(f"`{name}`" for name in names)
            self._client.execute(f"INSERT INTO {table} ({columns}) VALUES", rows)
        self._rows.clear()

    def case(
        self,
        case_id: str,
        county: str,
        submitted: str | None,
        clocks: Sequence[dict[str, Any]] = (),
        closed: str | None = None,
        events: Sequence[tuple[str, str]] = (),
        nested: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Add a case with its cycles and its events (type, instant), and who had it by them."""
        row = {
            "case_id": case_id, "version": 1, "item": "water.drinking", "county": county,
            "department": "water", "raised_by": "self", "channel": "app",
            "household": f"household-of-{case_id}", "held": False,
            "submitted_at": submitted and at(submitted), "closed_at": closed and at(closed),
            "outcome": "resolved" if closed else "", "bounces": 0,
        }  # fmt: skip
        defaults = {"cycle": 1, "policy": "2021-11", "term": 1, "extended": 0,
                    "stop_event_id": "", "provisional": False}  # fmt: skip
        names = ("clock", "start_event_id", "started_at", "due_at", "stopped_at", "outcome")
        full = [defaults | each for each in clocks]
        verdicts = {
            f"verdicts.{name}": [each[name] for each in full] for name in (*names, *defaults)
        }
        row |= fields
        if submitted and nested is None:
            nested = _custody(row, [("submitted", submitted), *events], closed)
        self.add("cases", **(row | verdicts | (nested or {})))
        for number, (kind, when) in enumerate(events):
            self.event(case_id, f"e{number}", kind, when)

    def event(self, case_id: str, event_id: str, kind: str, when: str, offset: int = 0) -> None:
        """Add one event of a case."""
        self.add(
            "case_events", case_id=case_id, event_id=event_id, record_hash=1, type=kind,
            occurred_at=at(when), source_offset=offset,
        )  # fmt: skip

    def warning(self, case_id: str, cycle: dict[str, Any], when: str, **fields: Any) -> None:
        """Add a yellow step of a cycle."""
        name = f"{case_id} {cycle['start_event_id']}"
        row = {
            "escalation_id": uuid.uuid5(uuid.NAMESPACE_URL, name), "revision": 1,
            "state": "fired", "case_id": case_id, "clock": cycle["clock"],
            "start_event_id": cycle["start_event_id"], "level": "yellow", "at": at(when),
            "published_at": at(when), "known_late": False, "source_offset": 1,
        }  # fmt: skip
        self.add("escalations", **(row | fields))

    def household(
        self,
        household: str,
        county: str,
        found: str | None = None,
        asked: str | None = None,
        life: Sequence[tuple[str, str]] = (),
        clearings: Sequence[tuple[str, str | None]] = (),
        case_id: str = "lead",
        **fields: Any,
    ) -> None:
        """Add a household with its life (event, instant) and clearings (cleared, relapsed)."""
        row = {
            "household": household, "version": 1, "county": county, "kind": "none",
            "first_found_at": found and at(found), "first_request_at": asked and at(asked),
            "life.at": [at(when) for _, when in life], "life.event": [event for event, _ in life],
            "life.case_id": [case_id] * len(life),
            "clearings.cleared_at": [at(cleared) for cleared, _ in clearings],
            "clearings.relapsed_at": [relapsed and at(relapsed) for _, relapsed in clearings],
        }  # fmt: skip
        self.add("households", **(row | fields))

    def signal(
        self, household: str, county: str, indicator: str, when: str, lead: str = "", **fields: Any
    ) -> None:
        """Add a signal that reaches its threshold."""
        row = {
            "household": household, "signal_id": f"{household} {indicator} {when}",
            "record_hash": 1, "observed_at": at(when), "source": "screening", "county": county,
            "indicator": indicator, "counts": True, "lead_case_id": lead, "window_at": at(when),
        }  # fmt: skip
        self.add("signals", **(row | fields))
