"""One worker process with the whole case path, and its peers on the same topic, one by one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import msgspec

from benchmarks.outcome import Bar, Cell, Mark, Outcome
from benchmarks.peers.commands import FAUST, KAFKA_STREAMS, PEERS, QUIX, Peer
from benchmarks.progress import Course, Sample, watch
from benchmarks.sizes import Size
from benchmarks.station import APPLIED, AT_REST, Station, WorkerProcess
from producers.simulator.benchmark import benchmark_log
from schemas.instants import parse_instant, render_instant
from schemas.topics import ESCALATIONS

WORKER_LIMIT_S = 300.0
_COLUMNS = [
    "what", "events/s", "second half", "core-s per million", "resident MB", "events done",
    "worker, times as fast", "second half",
]  # fmt: skip


class _Time(msgspec.Struct):
    occurred_at: str


class TimedLog:
    """The log, and afterwards ``as_of``: the last instant in it, by which it is to be judged."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._last_ms = 0

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        decode = msgspec.json.Decoder(_Time).decode
        for case_id, raw in benchmark_log(self._events):
            self._last_ms = max(self._last_ms, parse_instant(decode(raw).occurred_at))
            yield case_id, raw

    @property
    def as_of(self) -> str:
        """RFC 3339, a second after the last event."""
        return render_instant(self._last_ms + 1_000)


def applying(
    worker: WorkerProcess, station: Station, ends: Iterable[int], already: int = 0
) -> Course:
    """Follow a worker from the first event it applies until it has committed ``ends``.

    ``already`` records were applied by a worker before it.
    """
    before = worker.cpu_s
    while not worker.metric(APPLIED):
        before = worker.cpu_s
        if not worker.child.running:
            raise RuntimeError(f"the worker ended:\n{worker.child.log_tail(30)}")
        time.sleep(0.05)
    applied = already + int(worker.metric(APPLIED))
    begun = Sample(time.monotonic(), applied, before)
    return watch(station.bootstrap, station.group, list(ends), worker.child, WORKER_LIMIT_S, begun)


def worker(station: Station, size: Size) -> Outcome:
    """Fill the topic, then let the worker and each peer read it from the beginning."""
    station.fresh_topics()
    log = TimedLog(size.events)
    events = station.send(log)
    ends = station.ends()
    rows: list[list[Cell]] = []
    interpreted = _own_course(station, log, ends, rows, is_compiled=False)
    station.forget_outputs()
    ours = _own_course(station, log, ends, rows, is_compiled=True)
    escalations = sum(station.ends(ESCALATIONS.name))
    outcome = Outcome("worker", "One worker process, and its peers", _COLUMNS, rows)
    for name, course in (("worker, interpreted", interpreted), ("worker, compiled", ours)):
        outcome.bars.append(Bar("one process, events/s", name, course.events_per_s or 0))
    outcome.marks.append(Mark("worker: events/s", ours.events_per_s or 0, at_least=45_000))
    outcome.notes += _notes(events, escalations, log.as_of)
    for peer in PEERS:
        try:
            _add_peer(outcome, peer, _peer_course(station, peer, size, ends), ours)
        except Exception as fault:  # noqa: BLE001 - one peer that fails must not hide the others
            outcome.rows.append([peer.name, *[None] * (len(_COLUMNS) - 1)])
            outcome.notes.append(f"{peer.name} failed: {str(fault)[-600:]}")
    return outcome


def _own_course(
    station: Station, log: TimedLog, ends: list[int], rows: list[list[Cell]], is_compiled: bool
) -> Course:
    """Let a worker read the log until everything is out, and add its rows."""
    process = station.worker(as_of=log.as_of, is_compiled=is_compiled)
    course = applying(process, station, ends)
    process.wait_for(AT_REST, WORKER_LIMIT_S)
    rest_s = time.monotonic() - course.samples[0].at_s
    process.stop()
    span = course.samples[-1].records - course.samples[0].records
    how = "compiled" if is_compiled else "interpreted"
    rows.append(_row(f"worker, whole case path, {how}", course, None))
    out = "… until all escalations are out as well"
    rows.append([out, round(span / rest_s), None, None, None, sum(ends), None, None])
    return course


def _notes(events: int, escalations: int, as_of: str) -> list[str]:
    return [
        f"{events:,} events of cases with 4 to 12 events, a tenth of them interleaved, 1 % late, "
        "all on the topic before anybody reads; the same topic for all, one after the other.",
        "The worker's figure is timed from the moment at which its metrics show its first "
        "batch as applied to its commit of the last offset, for the records in between: decoding, "
        "all clocks, counts, changelog acknowledged, commit. The second row goes on until "
        f"everything due as of {as_of} is judged and acknowledged: {escalations:,} escalations.",
        "Peers are timed from the first commit seen to the last, for the records in between, so "
        "their start does not count. They decode the JSON and keep per case a count, the last "
        "type and two times with a changelog: less than the worker does. All commit every second.",
        f"{FAUST.name} is stopped after a bounded time; its figure is the rate over what it did.",
        "Processor time is that of the process alone, without the broker's. On a machine that does "
        "other work at the same time (the load before the run is given below) the processor time "
        "still compares; events/s do not, neither with those of other runs nor among the rows.",
        "Compiled: the same files of the worker's path, 23 modules of them compiled by mypyc "
        "(`python -m jushou.runtime.compiled`). All other parts are measured so.",
    ]


def _peer_course(station: Station, peer: Peer, size: Size, ends: list[int]) -> Course:
    peer.install()
    folder = station.folder / peer.group
    child = station.start(peer.group, peer.command(station.bootstrap, folder))
    limit_s = size.faust_limit_s if peer is FAUST else size.peer_limit_s
    try:
        return watch(station.bootstrap, peer.group, ends, child, limit_s)
    finally:
        child.stop(5)


def _add_peer(outcome: Outcome, peer: Peer, course: Course, ours: Course) -> None:
    outcome.rows.append(_row(peer.name, course, ours))
    rate = course.events_per_s
    if rate is None:
        raise RuntimeError("fewer than two commits were seen: use more events")
    outcome.bars.append(Bar("one process, events/s", peer.name, rate, is_ours=False))
    at_least = {FAUST.name: 18.0, QUIX.name: 1.5, KAFKA_STREAMS.name: 1.0}[peer.name]
    ratio = (ours.events_per_s or 0) / rate
    outcome.marks.append(Mark(f"worker: times {peer.name}", ratio, at_least=at_least))


def _row(name: str, course: Course, ours: Course | None) -> list[Cell]:
    def ratio(theirs: float | None, own: float | None) -> float | None:
        return None if not theirs or not own else round(own / theirs, 2)

    def whole(value: float | None) -> int | None:
        return None if value is None else round(value)

    per_million = course.core_s_per_million
    return [
        name,
        whole(course.events_per_s),
        whole(course.warm_events_per_s),
        None if per_million is None else round(per_million, 1),
        round(course.resident_bytes / 2**20),
        course.samples[-1].records if course.samples else 0,
        None if ours is None else ratio(course.events_per_s, ours.events_per_s),
        None if ours is None else ratio(course.warm_events_per_s, ours.warm_events_per_s),
    ]
