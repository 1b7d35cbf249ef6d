"""Topics with what a stream would have written, sinks that run on them, and what came of it."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from clickhouse_driver import Client
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from prometheus_client import CollectorRegistry

from schemas import case_event, case_state
from schemas.aggregate import Aggregate, Group, Measure
from schemas.bulk_load import LoadBracket
from schemas.bulk_load import encode as encode_bracket
from schemas.case_state import CaseState
from schemas.catalogue.load import load_catalogue
from schemas.dead_letter import dead_letter_headers
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.escalation import Cause, Escalation, EscalationState, Reason
from schemas.instants import parse_instant, to_datetime
from schemas.topics import AGGREGATES, CASE_EVENTS, CASE_STATES, DEAD_LETTERS, ESCALATIONS
from sinks.batch import Limits
from sinks.clickhouse.blocks import READ_TOPICS, Blocks
from sinks.clickhouse.server import Server
from sinks.inserting import InsertsBlocks
from sinks.metrics import SinkMetrics
from sinks.run import Sink, SinkConfig
from streams.core.replay import Replay, default_engine

EXAMPLES = Path(__file__).parents[1] / "examples"
QUERIES = Path(__file__).parents[2] / "sinks" / "clickhouse" / "queries"
DEADLINE_S = 60.0
PARTITIONS = 3
VIEWS = (
    "case_events FINAL",
    "cases FINAL",
    "cases_current",
    "clock_verdicts",
    "verdicts_at(as_of = '2026-06-01 00:00:00.000')",
    "custody_intervals",
    "custody_at(as_of = '2026-06-01 00:00:00.000')",
    "violations",
    "escalations FINAL",
    "escalations_current",
    "escalations_standing",
    "aggregates FINAL",
    "aggregates_current",
    "dead_letters FINAL",
)

READ_THE_CLOCK = {"verdicts_current", "custody_current", "schema_versions"}
GIVEN = {
    "as_of": "2026-06-01 00:00:00", "since": "2025-01-01", "until": "2026-12-31", "by": "county",
    "place": "", "item": "",
}  # fmt: skip


@dataclass
class Written:
    """Topics of one test, and a producer for them."""

    bootstrap: str
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.names:
            self._create()
        self._producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 20})

    def _create(self) -> None:
        suffix = uuid.uuid4().hex[:12]
        self.names = {topic.name: f"test.{topic.name}.{suffix}" for topic in READ_TOPICS}
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        made = admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in self.names.values()])
        for future in made.values():
            future.result(DEADLINE_S)

    def send(
        self,
        topic: str,
        value: bytes | None,
        case_id: str = "",
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Send a record to the partition of a case."""
        self._producer.produce(
            self.names[topic],
            value,
            case_id.encode(),
            partition=sum(case_id.encode()) % PARTITIONS,
            headers=headers or [],  # type: ignore[arg-type]
        )
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until the broker has them all."""
        assert self._producer.flush(DEADLINE_S) == 0

    def example(self, name: str, as_of: str) -> None:
        """Send the events of an example, and what a stream would make of them, in its order."""
        replay = Replay(default_engine(), parse_instant(as_of))
        for change, line in enumerate((EXAMPLES / f"{name}.jsonl").read_bytes().splitlines()):
            replay.read([line])
            case_id = case_event.decode(line, replay.engine.rules)[0]
            self.send(CASE_EVENTS.name, line, case_id)
            state = replay.cases[case_id]
            state.generation, state.change = 1, change
            self.send(CASE_STATES.name, case_state.encode(state), case_id)
        for standing in replay.escalations():
            self._escalate(standing, 1, EscalationState.FIRED)
            if standing["level"] == "yellow":
                self._escalate(standing, 2, EscalationState.WITHDRAWN)
                self._escalate(standing, 3, EscalationState.FIRED)
        self._mistake(replay)
        self._count(replay.cases.values())
        self._other_records()
        self.flush()

    def _escalate(self, standing: dict[str, Any], revision: int, state: EscalationState) -> None:
        escalation = Escalation(
            revision=revision, state=state, cause=Cause.REACHED, item="water.drinking",
            department="water", county="530102", cycle=1, limit="10d", due_at=standing["at"],
            published_at="2026-06-01T00:00:00.5+08:00", known_late=False, policy="2021-11",
            calendar="2026", reason=Reason("到期", "due"), **standing,
        )  # fmt: skip
        self.send(ESCALATIONS.name, msgspec.json.encode(escalation), standing["case_id"])

    def _mistake(self, replay: Replay) -> None:
        """One that was withdrawn, and stays so."""
        standing = next(replay.escalations()) | {"escalation_id": str(uuid.uuid4())}
        self._escalate(standing, 1, EscalationState.FIRED)
        self._escalate(standing, 2, EscalationState.WITHDRAWN)

    def _count(self, states: Iterable[CaseState]) -> None:
        """Counts of received cases per county, each published as it grows."""
        counts: dict[tuple[str | None, int], int] = {}
        for change, state in enumerate(states):
            key = state.county, sum(state.case_id.encode()) % PARTITIONS
            counts[key] = counts.get(key, 0) + 1
            aggregate = Aggregate(
                group=Group(Measure.RECEIVED.value, "2026-03-02", state.county),
                partition=key[1],
                count=counts[key],
                generation=1,
                change=change,
            )
            self.send(AGGREGATES.name, msgspec.json.encode(aggregate), state.case_id)

    def _other_records(self) -> None:
        bracket = LoadBracket(type="load-opened", load="L1", at="2026-06-01T00:00:00+08:00")
        self.send(CASE_EVENTS.name, encode_bracket(bracket), "b")
        self.send(CASE_EVENTS.name, b"{", "x")
        fault = InvalidRecord(DeadLetterReason.NOT_JSON, "send one JSON object")
        headers = dead_letter_headers(fault, CASE_EVENTS.name, 2, 17)
        self.send(DEAD_LETTERS.name, b"{", "x", [*headers, ("reason", b"of the source")])
        self.send(DEAD_LETTERS.name, b"{", "x")


@dataclass
class Warehouse:
    """A sink's view of where to write, and what is there."""

    server: Server
    topics: Written
    group: str = field(default_factory=lambda: f"sink-{uuid.uuid4().hex[:8]}")

    def sink(
        self,
        *,
        group: str | None = None,
        limits: Limits | None = None,
        until_idle: bool = True,
        writer: InsertsBlocks | None = None,
        metrics: SinkMetrics | None = None,
    ) -> Sink:
        """A sink on the topics of the test; small blocks, so that there are many."""
        config = SinkConfig(
            self.topics.bootstrap,
            group or self.group,
            self.server,
            limits or Limits(rows=100, age_s=0.2),
            until_idle,
        )
        blocks = Blocks(load_catalogue().item_departments, self.topics.names)
        return Sink(config, blocks, metrics or metrics_apart(), writer)

    def run(self, **how: Any) -> None:
        """Run a sink until all is written."""
        self.sink(**how).run(threading.Event())

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.server.client() as client:
            return rows_of(client, sql)

    def views(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of everything that can be read, in an order that depends on nothing."""
        with self.server.client() as client:
            return {view: rows_of(client, f"SELECT * FROM {view} ORDER BY ALL") for view in VIEWS}

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of every table and view there is, but for those that read the clock."""
        listed = "SELECT name, engine, parameterized_view_parameters FROM system.tables"
        with self.server.client() as client:
            found = rows_of(client, f"{listed} WHERE database = currentDatabase()")
            return {
                name: rows_of(client, f"SELECT * FROM {_called(*view)} ORDER BY ALL")
                for name, *view in ((row[0], *row) for row in found)
                if name not in READ_THE_CLOCK
            }

    def verdicts(self, as_of: str) -> list[dict[str, Any]]:
        """The verdicts as of an instant, by the query of the replay contract."""
        sql = (QUERIES / "verdicts.sql").read_text(encoding="utf-8")
        text = to_datetime(parse_instant(as_of)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        with self.server.client() as client:
            rows, columns = client.execute(sql, {"as_of": text}, with_column_types=True)
        return [dict(zip([name for name, _ in columns], row, strict=True)) for row in rows]


def _called(name: str, engine: str, parameters: list[tuple[str, str]]) -> str:
    if parameters:
        return f"{name}({', '.join(f'{each} = {GIVEN[each]!r}' for each, _ in parameters)})"
    return f"{name} FINAL" if engine.endswith("ReplacingMergeTree") else name


def rows_of(client: Client, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query on a client."""
    return list(client.execute(sql))


def metrics_apart() -> SinkMetrics:
    """Metrics that no other sink of this process writes to."""
    return SinkMetrics(CollectorRegistry())


@contextmanager
def running(sink: Sink) -> Iterator[threading.Event]:
    """A sink in a thread of its own; its error, if any, is raised at the end."""
    stop, faults = threading.Event(), []

    def run() -> None:
        try:
            sink.run(stop)
        except Exception as fault:
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
    if faults:
        raise faults[0]


def expected(name: str, what: str) -> list[dict[str, Any]]:
    """The expected output of an example."""
    lines = (EXAMPLES / f"{name}.{what}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
