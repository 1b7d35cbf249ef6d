"""The demo: a simulated province on the whole embedded pipeline, with its history, going on live.

The main job of ``make demo``. Everything is real but the households: broker, stream, warehouse and
page are the ones of production.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import httpx

from jushou.runtime.progress import lag, metric
from jushou.runtime.stack import Stack
from producers.publish import BulkLoad, Publisher, publish_events
from producers.simulator.live import LiveProvince
from producers.simulator.province import Province, encode_event
from schemas.errors import Unavailable
from schemas.instants import SHANGHAI
from schemas.signal import Signal
from schemas.topics import (
    AGGREGATES,
    CASE_EVENTS,
    CASE_STATES,
    ESCALATIONS,
    HOUSEHOLD_EVENTS,
    HOUSEHOLD_STATES,
    SIGNALS,
)

STORED = (
    CASE_EVENTS.name, CASE_STATES.name, ESCALATIONS.name, AGGREGATES.name, SIGNALS.name,
    HOUSEHOLD_STATES.name,
)  # fmt: skip
JOINED = (CASE_STATES.name, SIGNALS.name, HOUSEHOLD_EVENTS.name)
_LOOK_EVERY_S = 0.5
_LIVE_EVERY_S = 0.5
# From the end of the load to a full page; a machine that is slower than this has another trouble.
_DEADLINE_S = 900.0

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How large the simulated province is, and how fast it goes on."""

    # Some of these have no event yet when the history ends; 100,000 remain.
    cases: int = 101_000
    days: int = 180
    seed: int = 1
    events_per_s: float = 5.0


class Demo:
    """One run of the demo on a stack that was started. ``tell`` hears (phase, done, in all)."""

    def __init__(self, stack: Stack, size: Size, tell: Tell) -> None:
        self.stack = stack
        self.size = size
        self.tell = tell
        self.events = 0
        until = int(time.time() * 1000)
        today = dt.datetime.now(SHANGHAI).date()
        self.province = Province(
            seed=size.seed,
            start=today - dt.timedelta(days=size.days),
            days=size.days + 1,
            cases=size.cases,
            until=until,
        )

    def load_history(self) -> None:
        """Send the history as one bracketed load, and return when the broker has all of it."""
        with BulkLoad(Publisher(self.stack.kafka.bootstrap), "simulated-history") as load:
            self.events = publish_events(load, self._history())
        # After the cases: the leads that are made from the signals are among them, and known.
        with BulkLoad(self._signals(), "simulated-signals") as load:
            publish_events(load, _keyed(self.province.signals()))

    def _signals(self) -> Publisher:
        return Publisher(self.stack.kafka.bootstrap, SIGNALS.name)

    def _history(self) -> Iterator[tuple[str, bytes]]:
        case_id, cases = "", 0
        for event in self.province.by_case():
            if event.case_id != case_id:
                case_id, cases = event.case_id, cases + 1
                if cases % 500 == 0:
                    self.tell("load", cases, self.province.cases)
            yield case_id, encode_event(event)
        self.tell("load", cases, cases)

    def wait_until_full(self) -> None:
        """Return when all that was sent is judged, stored and shown.

        Raises ``Unavailable`` when a process ends, or when it takes longer than 15 minutes.
        """
        settings = self.stack.settings
        bootstrap = self.stack.kafka.bootstrap
        self._wait(
            "judge",
            lambda: (
                lag(bootstrap, settings.worker_group, [CASE_EVENTS.name])
                + (0 if metric(self.stack.worker_metrics, "jushou_worker_at_rest") else 1)
            ),
        )
        self._wait(
            "find",
            lambda: (
                lag(bootstrap, settings.household_group, JOINED)
                + (0 if metric(self.stack.households_metrics, "jushou_households_at_rest") else 1)
            ),
        )
        self._wait("store", lambda: lag(bootstrap, settings.sink_group, STORED))

    def _wait(self, phase: str, left: Callable[[], int]) -> None:
        deadline_s = time.monotonic() + _DEADLINE_S
        most = 1
        while (waiting := left()) > 0:
            self.stack.check()
            if time.monotonic() > deadline_s:
                raise Unavailable(f"{phase}: {waiting} records are left after {_DEADLINE_S:.0f} s")
            most = max(most, waiting)
            self.tell(phase, most - waiting, most)
            time.sleep(_LOOK_EVERY_S)
        self.tell(phase, most, most)

    def panel(self, name: str, **scope: str) -> list[dict[str, int | str]]:
        """Return the rows of a panel of the page within a scope, as a browser gets them."""
        answer = httpx.get(f"{self.stack.page}/api/panels/{name}", params=scope, timeout=30.0)
        answer.raise_for_status()
        rows: list[dict[str, int | str]] = answer.json()["rows"]
        return rows

    def go_on(self, is_over: Callable[[], bool]) -> None:
        """Send live events until ``is_over``; then all that was sent is acknowledged."""
        publisher, signals = Publisher(self.stack.kafka.bootstrap), self._signals()
        live = LiveProvince(self.province, int(time.time() * 1000), self.size.events_per_s)
        while not is_over():
            self.stack.check()
            events = live.due(int(time.time() * 1000))
            publish_events(publisher, ((event.case_id, encode_event(event)) for event in events))
            publish_events(signals, _keyed(live.seen()))
            time.sleep(_LIVE_EVERY_S)


def _keyed(signals: Iterable[Signal]) -> Iterator[tuple[str, bytes]]:
    return ((signal.household, encode_event(signal)) for signal in signals)
