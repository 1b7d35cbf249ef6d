"""The sink: rows a second into the embedded engine, and whether it keeps up with a flow."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from itertools import islice

from confluent_kafka import Consumer, TopicPartition

from benchmarks.flow import Flow
from benchmarks.outcome import Bar, Mark, Outcome
from benchmarks.parts.worker import WORKER_LIMIT_S, TimedLog
from benchmarks.processes import cpu_s
from benchmarks.sizes import Size
from benchmarks.station import AT_REST, Station, WorkerProcess
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.ports import free_port
from jushou.runtime.progress import lag
from sinks.clickhouse.blocks import READ_TOPICS
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server

_ROWS = "jushou_sink_rows_total"
_POLL_S = 0.05
_LOOK_S = 0.5
_DATABASE = "bench"
_PARTS = """
SELECT table, count(), sum(rows) FROM system.parts
WHERE database = currentDatabase() AND active AND rows > 0 GROUP BY table ORDER BY table
"""


@dataclass(slots=True)
class Written:
    """Rows that were acknowledged within ``wall_s``; processor time of sink and engine for them."""

    rows: float
    wall_s: float
    sink_s: float
    engine_s: float
    parts: list[tuple[str, int, int]]

    @property
    def rows_per_s(self) -> float:
        """Rows a second by the clock on the wall."""
        return self.rows / self.wall_s


@dataclass(slots=True)
class Flowed:
    """A flow of ``events_per_s``: what the sink had to do at most, and once the flow had ended."""

    events_per_s: float
    records_per_s: float
    most_behind: int
    until_done_s: float
    sink_share: float


def sink(station: Station, size: Size) -> Outcome:
    """Write along with a flow of events, then a backlog of everything that a worker wrote."""
    flowed = _along_with_a_flow(station, size)
    station.fresh_topics()
    log = TimedLog(size.events)
    events = station.send(log)
    worker = station.worker(as_of=log.as_of)
    worker.wait_for(AT_REST, WORKER_LIMIT_S)
    worker.stop()
    records = {topic.name: _end(station, topic.name) for topic in READ_TOPICS}
    with ClickHouseServer(station.folder / "backlog") as engine:
        migrate(_server(engine))
        process = _sink(station, engine)
        done = _written(process, engine, station)
        process.stop()
    return _outcome(events, records, done, flowed)


def _along_with_a_flow(station: Station, size: Size) -> Flowed:
    cases = station.open_cases(size.open_cases)
    # Made beforehand: who makes events in earnest does it elsewhere. Not just before the flow,
    # which would give ClickHouse time to merge.
    events = list(islice(cases.flow(), int(size.flow_per_s * size.spread_s * 1.2)))
    worker = station.worker()
    worker.wait_for(AT_REST, WORKER_LIMIT_S)
    with ClickHouseServer(station.folder / "flow") as engine:
        migrate(_server(engine))
        process = _sink(station, engine)
        _wait_until_done(station, process)
        before, cpu_before_s, begun_s = _all_ends(station), process.cpu_s, time.monotonic()
        flow = Flow(station.bootstrap, iter(events), size.flow_per_s)
        flow.start()
        most_behind = 0
        while time.monotonic() - begun_s < size.spread_s:
            most_behind = max(most_behind, _behind(station))
            time.sleep(_LOOK_S)
        flow.stop()
        ended_s = time.monotonic()
        _wait_until_done(station, process)
        done_s = time.monotonic()
        flowed = Flowed(
            flow.per_s, (_all_ends(station) - before) / (ended_s - begun_s), most_behind,
            done_s - ended_s, (process.cpu_s - cpu_before_s) / (done_s - begun_s),
        )  # fmt: skip
        process.stop()
    worker.stop()
    return flowed


def _written(process: WorkerProcess, engine: ClickHouseServer, station: Station) -> Written:
    """Follow the sink from its first acknowledged block until it has committed everything."""
    pid = engine.process.pid or 0
    rows = process.wait_for(_ROWS, WORKER_LIMIT_S, every_s=_POLL_S)
    begun_s, sink_s, engine_s = time.monotonic(), process.cpu_s, cpu_s(pid)
    _wait_until_done(station, process)
    wall_s = time.monotonic() - begun_s
    with _server(engine).client() as client:
        parts = client.execute(_PARTS)
    return Written(
        process.metric(_ROWS) - rows, wall_s, process.cpu_s - sink_s, cpu_s(pid) - engine_s, parts
    )


def _wait_until_done(station: Station, process: WorkerProcess) -> None:
    deadline_s = time.monotonic() + WORKER_LIMIT_S
    while _behind(station):
        if not process.child.running:
            raise RuntimeError(f"the sink ended:\n{process.child.log_tail(30)}")
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"the sink is not done after {WORKER_LIMIT_S:.0f} s")
        time.sleep(_POLL_S)


def _behind(station: Station) -> int:
    return lag(station.bootstrap, _group(station), [topic.name for topic in READ_TOPICS])


def _all_ends(station: Station) -> int:
    return sum(_end(station, topic.name) for topic in READ_TOPICS)


def _end(station: Station, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": station.bootstrap, "group.id": "bench-ends"})
    try:
        known = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        places = [TopicPartition(topic, number) for number in known]
        return sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    finally:
        consumer.close()


def _group(station: Station) -> str:
    return f"{station.group}-sink"


def _server(engine: ClickHouseServer) -> Server:
    return Server(engine.host, engine.port, _DATABASE)


def _sink(station: Station, engine: ClickHouseServer) -> WorkerProcess:
    port = free_port()
    child = station.start(
        "sink",
        [sys.executable, "-m", "jushou.cli.main", "sink", "--metrics-port", str(port)],
        JUSHOU_BOOTSTRAP=station.bootstrap,
        JUSHOU_SINK_GROUP=_group(station),
        JUSHOU_CLICKHOUSE_HOST=engine.host,
        JUSHOU_CLICKHOUSE_PORT=str(engine.port),
        JUSHOU_CLICKHOUSE_DATABASE=_DATABASE,
    )
    return WorkerProcess(child, port)


def _outcome(events: int, records: dict[str, int], done: Written, flowed: Flowed) -> Outcome:
    total = sum(records.values())
    by_topic = ", ".join(f"{count:,} of {name}" for name, count in records.items() if count)
    parts = ", ".join(f"{table} {count}" for table, count, _ in done.parts)
    return Outcome(
        "sink",
        "The sink, into the embedded engine",
        ["what", "figure", "unit"],
        [
            ["backlog: rows acknowledged", round(done.rows_per_s), "rows/s"],
            ["the same in records read", round(total * done.rows_per_s / done.rows), "records/s"],
            ["sink", round(done.sink_s / done.rows * 1e6, 2), "µs of processor time per row"],
            ["engine", round(done.engine_s / done.rows * 1e6, 2), "µs of processor time per row"],
            ["flow: events", round(flowed.events_per_s), "events/s"],
            ["flow: records of all topics", round(flowed.records_per_s), "records/s"],
            ["flow: most that the sink had to do", flowed.most_behind, "records"],
            ["flow: the same", round(flowed.most_behind / max(flowed.records_per_s, 1), 2),
             "s of the flow"],
            ["flow: until all was written after its end", round(flowed.until_done_s, 2), "s"],
            ["flow: one core used by the sink", round(flowed.sink_share * 100), "%"],
        ],
        [
            f"Backlog: what one worker made of {events:,} events: {by_topic}. From the first block "
            "acknowledged until the last offset is committed. A record that a later one of its "
            "block replaces needs no row.",
            f"Parts at its end: {parts}.",
            "Flow: worker, broker, engine and sink share the machine.",
        ],
        [
            Mark("sink: rows/s", done.rows_per_s, at_least=50_000),
            Mark("sink: seconds behind at the flow",
                 flowed.most_behind / max(flowed.records_per_s, 1), at_most=3.0),
        ],
        [Bar("sink, rows/s", "into the embedded engine", done.rows_per_s)],
    )  # fmt: skip
