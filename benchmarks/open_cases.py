"""Any number of cases under way, and the events that go on arriving for them.

Real cases of the benchmark's log serve as templates: ids are exchanged, and all events of a case
are set a few hours back, ten minutes apart, so that no clock is due while something is measured.
What a clock costs does not depend on how far away its deadline is.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from functools import cache
from itertools import count
from random import Random

import msgspec

from producers.simulator.benchmark import benchmark_log
from producers.simulator.writing import shanghai_text, utc_text
from schemas.instants import HOUR_MS, MINUTE_MS, parse_instant

_TEMPLATE_EVENTS = 30_000
_STEP_MS = 10 * MINUTE_MS
# A case of 12 events spans two hours. The first step of any clock is 20 hours after its start.
_BACK_MS = 6 * HOUR_MS
_SPREAD_S = 3_600
_LEAD = b'"monitoring.lead"'


class _Written(msgspec.Struct):
    occurred_at: str


class Template:
    """The events of one case as bytes with places for the case id (twice) and the time."""

    def __init__(self, case_id: str, raws: list[bytes]) -> None:
        times = [msgspec.json.decode(raw, type=_Written).occurred_at for raw in raws]
        ranks = {at: rank for rank, at in enumerate(sorted(set(times), key=parse_instant))}
        self.events = [
            _with_places(raw, case_id.encode(), at.encode())
            for raw, at in zip(raws, times, strict=True)
        ]
        self.ranks = [ranks[at] for at in times]
        self.is_utc = times[0].endswith("Z")

    def __len__(self) -> int:
        return len(self.events)

    def event(self, place: int, case_id: str, first_at: int) -> bytes:
        """Return the event at a place, of a case whose first event is at ``first_at`` (ms)."""
        key = case_id.encode()
        text = _text(first_at + self.ranks[place] * _STEP_MS, self.is_utc)
        return self.events[place] % (key, key, text)


def _with_places(raw: bytes, case_id: bytes, at: bytes) -> bytes:
    text = raw.replace(b"%", b"%%").replace(case_id, b"%b").replace(at, b"%b")
    if text.count(b"%b") != 3:
        raise ValueError("a template's event must hold its case id twice and its time once")
    return text


@cache
def _text(instant: int, is_utc: bool) -> bytes:
    return (utc_text(instant) if is_utc else shanghai_text(instant)).encode()


def templates(seed: int = 7) -> list[Template]:
    """Return some five thousand cases of 4 to 12 events.

    Leads are left out: the ids of their events come from signals and do not hold the case id.
    """
    by_case: dict[str, list[bytes]] = {}
    for case_id, raw in benchmark_log(_TEMPLATE_EVENTS, seed):
        by_case.setdefault(case_id, []).append(raw)
    return [
        Template(case_id, raws)
        for case_id, raws in by_case.items()
        if not any(_LEAD in raw for raw in raws)
    ]


class OpenCases:
    """``count`` cases under way at any time, each at a random place of its life.

    ``opening`` yields what brings them there; ``flow`` the next event of one after the other,
    chosen at random, endlessly: when a case has no more events a new one takes its place.
    """

    def __init__(self, count: int, seed: int = 1, now_ms: int | None = None) -> None:
        self.count = count
        self.opening_events = 0
        self._rng = Random(seed)
        self._templates = templates()
        now_ms = int(time.time() * 1000) if now_ms is None else now_ms
        self._first_at = (now_ms - _BACK_MS) // 1000 * 1000
        self._serials = array("L", range(count))
        self._kinds = array("H", (self._kind() for _ in range(count)))
        self._places = array("B", (self._place(kind) for kind in self._kinds))
        self._next_serial = _serials_from(count)

    def opening(self) -> Iterator[tuple[str, bytes]]:
        """Yield the events that happened so far, in the order of their place within the case."""
        for place in range(max(self._places)):
            for number in range(self.count):
                if place < self._places[number]:
                    yield self._event(number, place)

    def flow(self) -> Iterator[tuple[str, bytes]]:
        """Yield events of cases chosen at random, without an end."""
        rng, count = self._rng, self.count
        while True:
            number = int(rng.random() * count)
            place = self._places[number]
            yield self._event(number, place)
            if place + 1 < len(self._templates[self._kinds[number]]):
                self._places[number] = place + 1
            else:
                self._serials[number] = next(self._next_serial)
                self._kinds[number] = self._kind()
                self._places[number] = 0

    def _kind(self) -> int:
        return int(self._rng.random() * len(self._templates))

    def _place(self, kind: int) -> int:
        return 1 + int(self._rng.random() * (len(self._templates[kind]) - 1))

    def _event(self, number: int, place: int) -> tuple[str, bytes]:
        serial = self._serials[number]
        case_id = f"OC-{serial:07d}"
        first_at = self._first_at + serial * 7919 % _SPREAD_S * 1000
        return case_id, self._templates[self._kinds[number]].event(place, case_id, first_at)


def _serials_from(first: int) -> Iterator[int]:
    return count(first)
