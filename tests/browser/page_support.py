"""What tests of the page need: rows with known answers in the warehouse, and the page served."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import httpx
from clickhouse_driver import Client

from dashboards.app import create_app
from dashboards.config import PageConfig
from dashboards.ports import NO_PORTS, Ports
from dashboards.serving import page_server
from jushou.runtime.ports import free_port
from schemas.instants import parse_instant, to_datetime

T = TypeVar("T")
AS_OF = "2026-06-10T10:00:00+08:00"
AS_OF_MS = parse_instant(AS_OF)
NO_DAY = dt.date(1900, 1, 1)
DEADLINE_S = 30.0


def at(text: str) -> dt.datetime:
    """An instant at +08:00: ``at("06-10 09:00")`` or with seconds, of 2026, for the driver."""
    whole = text if text.count(":") > 1 else f"{text}:00"
    return to_datetime(parse_instant(f"2026-{whole.replace(' ', 'T')}+08:00"))


def until(what: str, condition: Callable[[], T], deadline_s: float = DEADLINE_S) -> T:
    """Return what ``condition`` says once it is true; fails after the deadline."""
    end = time.monotonic() + deadline_s
    while not (answer := condition()):
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        time.sleep(0.05)
    return answer


class Rows:
    """Writes rows as the sink does: newer versions of a count replace older ones."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def insert(self, table: str, **values: Any) -> None:
        self.insert_all(table, [values])

    def insert_all(self, table: str, rows: list[dict[str, Any]]) -> None:
        columns = ", ".join(f"`{name}`" for name in rows[0])
        self.client.execute(
            f"INSERT INTO {table} ({columns}) VALUES", [tuple(r.values()) for r in rows]
        )

    def received(self, day: str, count: int, **dimensions: Any) -> None:
        group = {"county": "530102", "item": "water.drinking", "raised_by": "self",
                 "channel": "app", "partition": 0, "version": 1} | dimensions  # fmt: skip
        whole = dt.date.fromisoformat(f"2026-{day}")
        self.insert("aggregates", measure="received", day=whole, count=count, **group)

    def open(self, count: int, due: str | None, supervised: str | None = None, **dims: Any) -> None:
        group = {"county": "530102", "item": "water.drinking", "raised_by": "self",
                 "department": "water", "partition": 0, "version": 1} | dims  # fmt: skip
        self.insert(
            "aggregates", measure="open", day=NO_DAY, count=count, due_at=due and at(due),
            supervised_from=supervised and at(supervised), **group,
        )  # fmt: skip

    def escalation(self, case_id: str, when: str, **fields: Any) -> None:
        row = {
            "escalation_id": uuid.uuid5(uuid.NAMESPACE_URL, f"{case_id} {when}"), "revision": 1,
            "state": "fired", "cause": "reached", "case_id": case_id, "item": "water.drinking",
            "department": "water", "county": "530102", "clock": "accept", "start_event_id": "e1",
            "cycle": 1, "level": "red", "to": "county", "due_at": at(when), "at": at(when),
            "published_at": at(when), "reason_zh": "受理已超时", "reason_en": "accept is late",
        }  # fmt: skip
        self.insert("escalations", **(row | fields))

    def case(self, case_id: str, submitted: str, clocks: list[dict[str, Any]], **f: Any) -> None:
        self.cases([case_id], submitted, clocks, **f)

    def cases(
        self, case_ids: list[str], submitted: str, clocks: list[dict[str, Any]], **f: Any
    ) -> None:
        """Write cases that differ by their number alone."""
        row = {
             "version": 1, "item": "water.drinking", "county": "530102",
            "department": "water", "raised_by": "self", "channel": "app", "household": "h-secret",
            "submitted_at": at(submitted), "closed_at": None, "events": 1,
        }  # fmt: skip
        defaults = {"start_event_id": "e1", "cycle": 1, "policy": "2021-11", "term": 1,
                    "extended": 0, "stopped_at": None, "stop_event_id": "", "outcome": "live",
                    "provisional": False, "started_at": at(submitted)}  # fmt: skip
        full = [defaults | clock for clock in clocks]
        columns = ("clock", "due_at", *defaults)
        nested = {f"verdicts.{name}": [clock[name] for clock in full] for name in columns}
        self.insert_all("cases", [{"case_id": each, **row, **f, **nested} for each in case_ids])

    def event(self, case_id: str, event_id: str, kind: str, when: str, **fields: Any) -> None:
        row = {"case_id": case_id, "event_id": event_id, "record_hash": hash(event_id) % 2**32,
               "type": kind, "occurred_at": at(when)}  # fmt: skip
        self.insert("case_events", **(row | fields))


@contextmanager
def served(config: PageConfig, ports: Ports = NO_PORTS) -> Iterator[str]:
    """The address of a running page; stopped, streams and all, at the end.

    Open to everybody, unless the page is given a folder of accounts.
    """
    config = replace(config, is_open=config.is_open or config.access_folder is None)
    server = page_server(create_app(config, ports), "127.0.0.1", port := free_port())
    thread = threading.Thread(target=server.run, name="page")
    thread.start()
    try:
        until("the page listens", lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.handle_exit(2, None)
        thread.join(DEADLINE_S)
    assert not thread.is_alive(), "the page did not stop"


def get(address: str, path: str, **parameters: Any) -> httpx.Response:
    """An answer of the page."""
    return httpx.get(address + path, params=parameters or None, timeout=DEADLINE_S)
