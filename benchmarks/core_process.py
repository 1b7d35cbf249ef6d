"""Measures the core in a process of its own, and prints what it found as one line of JSON.

``python -m benchmarks.core_process speed EVENTS`` or ``… memory CASES``.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.open_cases import OpenCases
from benchmarks.processes import resident_bytes
from producers.simulator.benchmark import benchmark_log
from schemas.case_event import StoredEvent, decode
from schemas.case_state import CaseState
from schemas.instants import parse_instant
from streams.agents.keeper import CaseKeeper
from streams.core.case import Added, Engine
from streams.core.replay import Replay, default_engine
from streams.state.partition import PartitionState
from streams.worker import _GC_THRESHOLDS

# After every event of the log, so that none waits for its time.
_AS_OF = parse_instant("2030-01-01T00:00:00+08:00")
_WARM_EVENTS = 20_000
_BATCH = 5_000


def speed(events: int) -> dict[str, float]:
    """Return seconds of processor time of the whole, of decoding, folding and re-folding late."""
    log = [raw for _, raw in benchmark_log(events)]
    engine = default_engine()
    Replay(engine, _AS_OF).read(log[:_WARM_EVENTS])
    # As `jushou replay` does: the core makes no cycles.
    gc.collect()
    gc.freeze()
    gc.disable()
    begun_s, begun_wall_s = time.process_time(), time.monotonic()
    replay = Replay(engine, _AS_OF)
    replay.read(log)
    whole_s, wall_s = time.process_time() - begun_s, time.monotonic() - begun_wall_s
    if replay.faults:
        raise RuntimeError(f"{len(replay.faults)} events of the log are bad")
    cases = len(replay.cases)
    del replay
    begun_s = time.process_time()
    decoded = [decode(raw, engine.rules) for raw in log]
    decode_s = time.process_time() - begun_s
    begun_s = time.process_time()
    late = _fold(engine, decoded)
    fold_s = time.process_time() - begun_s
    return {
        "events": len(log),
        "cases": cases,
        "whole_s": whole_s,
        "wall_s": wall_s,
        "decode_s": decode_s,
        "fold_s": fold_s,
        "late": len(late),
        "late_s": _time_late(engine, decoded, late),
    }


def _fold(engine: Engine, decoded: list[tuple[str, StoredEvent]]) -> list[int]:
    """Fold everything and return the places of the events that made a case fold again."""
    states: dict[str, CaseState] = {}
    late = []
    for place, (case_id, event) in enumerate(decoded):
        state = states.get(case_id)
        if state is None:
            state = states[case_id] = CaseState(case_id)
        if engine.add(state, event, _AS_OF) is not Added.APPLIED:
            late.append(place)
    return late


def _time_late(engine: Engine, decoded: list[tuple[str, StoredEvent]], late: list[int]) -> float:
    """Fold everything again and return the seconds of the late events alone."""
    states: dict[str, CaseState] = {}
    places = set(late)
    late_s = 0.0
    for place, (case_id, event) in enumerate(decoded):
        state = states.get(case_id)
        if state is None:
            state = states[case_id] = CaseState(case_id)
        if place in places:
            begun_s = time.perf_counter()
            engine.add(state, event, _AS_OF)
            late_s += time.perf_counter() - begun_s
        else:
            engine.add(state, event, _AS_OF)
    return late_s


@dataclass(slots=True)
class _Delivered:
    """A record as the transport delivers it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    headers: Iterable[tuple[str, bytes]] = ()


def memory(cases: int) -> dict[str, float]:
    """Return the resident bytes that open cases take in the form in which a worker holds them."""
    engine = default_engine()
    state = PartitionState(0, engine.rules)
    keeper = CaseKeeper(engine, state, partitions=1)
    events = OpenCases(cases)
    now_ms = int(time.time() * 1000)
    _freeze()
    before = resident_bytes(os.getpid())
    batch: list[_Delivered] = []
    count = 0
    for offset, (case_id, raw) in enumerate(events.opening()):
        batch.append(_Delivered(offset, case_id.encode(), raw))
        if len(batch) == _BATCH:
            keeper.apply(batch, now_ms, 0.0)
            batch = []
        count += 1
    keeper.apply(batch, now_ms, 0.0)
    clocks = sum(len(one.live) for one in state.cases())
    return {
        "cases": len(state),
        "events": count,
        "clocks": clocks,
        "resident_bytes": resident_bytes(os.getpid()) - before,
    }


def _freeze() -> None:
    """Set the garbage collector as the worker does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


if __name__ == "__main__":
    print(json.dumps({"speed": speed, "memory": memory}[sys.argv[1]](int(sys.argv[2]))))
