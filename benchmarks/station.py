"""One embedded broker for a whole run, its topics, and the worker processes that are measured."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from benchmarks.open_cases import OpenCases
from benchmarks.processes import cpu_s, environment, resident_bytes
from jushou.runtime.child_process import ChildProcess
from jushou.runtime.kafka_broker import KafkaBroker
from jushou.runtime.ports import free_port
from jushou.runtime.topics_admin import create_topics
from jushou.settings import Settings
from producers.publish import Publisher
from schemas.topics import AGGREGATES, CASE_EVENTS, CASE_STATES, CHECKPOINTS, ESCALATIONS, TOPICS

PARTITIONS = 4
_TIMEOUT_S = 60.0
_POLL_S = 0.1
CHANGELOG = (CASE_STATES.name, CHECKPOINTS.name, AGGREGATES.name)
APPLIED = "jushou_case_events_total"
AT_REST = "jushou_worker_at_rest"


class WorkerProcess:
    """A worker as ``jushou worker`` starts it, with its metrics and what it has used."""

    def __init__(self, child: ChildProcess, metrics_port: int) -> None:
        self.child = child
        self._port = metrics_port

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels; 0 while the process does not answer yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        except OSError:
            return 0.0
        finally:
            connection.close()
        named = (line for line in lines if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rsplit(" ", 1)[1]) for line in named)

    def wait_for(self, name: str, limit_s: float, every_s: float = _POLL_S) -> float:
        """Wait until a metric is over 0 and return it; an error when the worker ends first."""
        deadline_s = time.monotonic() + limit_s
        while not (value := self.metric(name)):
            if not self.child.running:
                raise RuntimeError(f"the worker ended:\n{self.child.log_tail(30)}")
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{name} is still 0 after {limit_s:.0f} s")
            time.sleep(every_s)
        return value

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time so far."""
        return cpu_s(self.child.pid or 0)

    @property
    def resident_bytes(self) -> int:
        """Resident memory now."""
        return resident_bytes(self.child.pid or 0)

    def stop(self) -> None:
        """Let it finish and leave."""
        code = self.child.stop(_TIMEOUT_S)
        if code != 0:
            raise RuntimeError(f"the worker ended with {code}:\n{self.child.log_tail(30)}")


class Station:
    """A context: children and broker end with it. The broker starts when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._broker = KafkaBroker(folder / "kafka")
        self._children: list[ChildProcess] = []
        self._runs = 0
        self.group = "bench-worker"
        self._open: OpenCases | None = None
        self.settings = Settings(bootstrap=self._broker.bootstrap, partitions=PARTITIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop_children()
        self._broker.stop()

    @property
    def bootstrap(self) -> str:
        """The address of the broker, which runs."""
        if not self._broker.process.running:
            self._broker.start()
        return self._broker.bootstrap

    @property
    def broker_cpu_s(self) -> float:
        """Seconds of processor time of the broker so far."""
        return cpu_s(self._broker.process.pid or 0)

    # Topics

    def fresh_topics(self) -> None:
        """Create all topics anew; nothing of an earlier part is left, no process of it runs."""
        self.stop_children()
        self._open = None
        self._delete([topic.name for topic in TOPICS])
        self._new_group()
        create_topics(self.bootstrap, self.settings)

    def forget_outputs(self) -> None:
        """Delete what a worker wrote and where it stood; the log is there as before."""
        self.stop_children()
        self._delete([*CHANGELOG, ESCALATIONS.name])
        self._new_group()
        create_topics(self.bootstrap, self.settings)

    def lose_changelog(self) -> None:
        """Delete the states and checkpoints, as a loss of them would."""
        self._delete(list(CHANGELOG))
        create_topics(self.bootstrap, self.settings)

    def _new_group(self) -> None:
        """Let workers start where nobody was: the old group's static members are still known."""
        self._runs += 1
        self.group = f"bench-worker-{self._runs}"

    def _delete(self, names: Iterable[str]) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        known = set(admin.list_topics(timeout=10).topics) & set(names)
        if known:
            for answer in admin.delete_topics(list(known)).values():
                answer.result(_TIMEOUT_S)
        deadline_s = time.monotonic() + _TIMEOUT_S
        while known & set(admin.list_topics(timeout=10).topics):
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"topics are not deleted: {sorted(known)}")
            time.sleep(_POLL_S)

    def ends(self, topic: str = CASE_EVENTS.name) -> list[int]:
        """Return the end offset of each partition of a topic."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bench-ends"})
        try:
            places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            return [consumer.get_watermark_offsets(place, timeout=10)[1] for place in places]
        finally:
            consumer.close()

    def send(self, events: Iterable[tuple[str, bytes]]) -> int:
        """Send pairs (case id, JSON), acknowledged; return how many."""
        publisher = Publisher(self.bootstrap)
        count = 0
        for case_id, raw in events:
            publisher.send(case_id, raw)
            count += 1
        publisher.flush()
        return count

    # Processes

    def start(self, name: str, argv: list[str], **env: str) -> ChildProcess:
        """Start a program; it ends with the station."""
        child = ChildProcess(name, argv, self.folder / f"{name}.log", env=env)
        child.start()
        self._children.append(child)
        return child

    def worker(
        self,
        name: str = "one",
        as_of: str | None = None,
        module: str = "jushou.cli.main",
        is_compiled: bool = True,
    ) -> WorkerProcess:
        """Start a worker process, as the command line does: compiled, if not told otherwise."""
        port = free_port()
        # ``-P``: what is compiled is found before what lies in the current folder.
        argv = [sys.executable, "-P", "-m", module, "worker", "--metrics-port", str(port)]
        argv += [] if as_of is None else ["--as-of", as_of]
        child = self.start(
            f"worker-{name}",
            argv,
            JUSHOU_WORKER_GROUP=self.group,
            JUSHOU_BOOTSTRAP=self.bootstrap,
            JUSHOU_PARTITIONS=str(PARTITIONS),
            JUSHOU_FOLDER=str(self.folder / self.group / name),
            # A worker that starts under the name of an ended one takes its place at once.
            JUSHOU_WORKER_INSTANCE=name,
            **environment(is_compiled),
        )
        return WorkerProcess(child, port)

    def stop_children(self) -> None:
        """End every process that still runs."""
        for child in self._children:
            child.stop()
        self._children = []

    def spoil(self) -> None:
        """After a failure: end all processes and let nobody go on with what is there."""
        self.stop_children()
        self._open = None

    def open_cases(self, count: int) -> OpenCases:
        """Return ``count`` cases under way, loaded and applied; those of an earlier part if any.

        No worker runs on return.
        """
        self.stop_children()
        if self._open is None or self._open.count != count:
            self.fresh_topics()
            cases = OpenCases(count)
            cases.opening_events = self.send(cases.opening())
            worker = self.worker()
            worker.wait_for(AT_REST, limit_s=600)
            worker.stop()
            self._open = cases
        return self._open
