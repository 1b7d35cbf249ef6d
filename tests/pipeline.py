"""Drives real worker processes on a real broker, and reads back what they published."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from jushou.runtime.child_process import ChildProcess
from jushou.runtime.progress import lag
from jushou.runtime.topics_admin import create_topics
from jushou.settings import Settings
from producers.publish import BulkLoad, Publisher
from schemas import case_state
from schemas.case_state import CaseState
from schemas.escalation import EscalationState
from schemas.instants import parse_instant
from schemas.topics import CASE_EVENTS, DEAD_LETTERS, SIGNALS, TOPICS
from streams.core.verdicts import verdicts
from streams.state.restore import Restored, read_back_escalations, records_of, restore

DEADLINE_S = 60.0


def until(true: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition; an error that names it after ``deadline_s`` seconds."""
    deadline = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < deadline, f"not within {deadline_s} s: {what}"
        time.sleep(0.05)


class Pipeline:
    """Topics on a broker, worker processes, and what they published."""

    def __init__(self, bootstrap: str, folder: Path, partitions: int = 4) -> None:
        self.bootstrap = bootstrap
        self.folder = folder
        self.settings = Settings(bootstrap=bootstrap, partitions=partitions, folder=folder)
        self._children: list[ChildProcess] = []

    def fresh_topics(self) -> None:
        """Create all topics; what tests before this one left in them is gone."""
        self.delete_topics([topic.name for topic in TOPICS])
        # The client must outlive its answers.
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        groups = [self.settings.worker_group, self.settings.household_group]
        for answer in admin.delete_consumer_groups(groups).values():
            with suppress(KafkaException):
                answer.result(DEADLINE_S)
        create_topics(self.bootstrap, self.settings)

    def delete_topics(self, names: list[str]) -> None:
        """Delete topics and wait until the broker has forgotten them."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        known = set(admin.list_topics(timeout=10).topics) & set(names)
        if known:
            for answer in admin.delete_topics(list(known)).values():
                answer.result(DEADLINE_S)
            until(
                lambda: not known & set(admin.list_topics(timeout=10).topics), "topics are deleted"
            )

    def create_missing_topics(self) -> None:
        """Create the topics that are not there."""
        create_topics(self.bootstrap, self.settings)

    def load(self, lines: Iterable[bytes], load_id: str = "history") -> None:
        """Send lines as one bracketed load."""
        with BulkLoad(Publisher(self.bootstrap), load_id) as load:
            for line in lines:
                load.send(json.loads(line)["case_id"], line.strip())

    def send(self, *records: dict[str, Any]) -> None:
        """Send events of no load, acknowledged."""
        publisher = Publisher(self.bootstrap)
        for record in records:
            publisher.send(record["case_id"], json.dumps(record).encode())
        publisher.flush()

    def worker(self, *arguments: str, name: str = "worker", **settings: str) -> ChildProcess:
        """Start a worker process, as the command line does."""
        child = ChildProcess(
            name,
            [sys.executable, "-m", "jushou.cli.main", "worker", *arguments],
            self.folder / f"{name}.log",
            env={
                "JUSHOU_BOOTSTRAP": self.bootstrap,
                "JUSHOU_PARTITIONS": str(self.settings.partitions),
                "JUSHOU_FOLDER": str(self.folder / name),
                # A worker that starts under the name of a dead one takes its place at once.
                "JUSHOU_WORKER_INSTANCE": "one",
                "JUSHOU_WORKER_SESSION_TIMEOUT_S": "6",
                **settings,
            },
        )
        child.start()
        self._children.append(child)
        return child

    def send_signals(self, *records: dict[str, Any] | bytes, key: bytes | None = None) -> None:
        """Send signals of no load, acknowledged; ``key`` is the household unless given."""
        publisher = Publisher(self.bootstrap, SIGNALS.name)
        for record in records:
            raw = record if isinstance(record, bytes) else json.dumps(record).encode()
            name = key.decode() if key else json.loads(raw)["household"]
            publisher.send(name, raw)
        publisher.flush()

    def households(
        self, *arguments: str, name: str = "households", instance: str = "one"
    ) -> ChildProcess:
        """Start a household worker process, as the command line does."""
        child = ChildProcess(
            name,
            [sys.executable, "-m", "jushou.cli.main", "households", *arguments],
            self.folder / f"{name}.log",
            env={
                "JUSHOU_BOOTSTRAP": self.bootstrap,
                "JUSHOU_PARTITIONS": str(self.settings.partitions),
                "JUSHOU_FOLDER": str(self.folder / name),
                "JUSHOU_WORKER_INSTANCE": instance,
                "JUSHOU_WORKER_SESSION_TIMEOUT_S": "6",
            },
        )
        child.start()
        self._children.append(child)
        return child

    def join(self, *arguments: str) -> None:
        """Run a household worker until nothing is left to do."""
        child = self.households("--until-idle", *arguments)
        assert child.wait(DEADLINE_S) == 0, child.log_tail(40)

    def judge(self, as_of: str) -> None:
        """Run a worker with a frozen now until nothing is left to do."""
        worker = self.worker("--as-of", as_of, "--until-idle")
        assert worker.wait(DEADLINE_S) == 0, worker.log_tail(40)

    def stop(self) -> None:
        """Stop the worker processes that still run."""
        for child in self._children:
            child.stop()

    @property
    def lag(self) -> int:
        """How many case events no worker has committed."""
        return lag(self.bootstrap, self.settings.worker_group, [CASE_EVENTS.name])

    def restored(self) -> list[Restored]:
        """What a worker would restore, with the published escalations."""
        found = list(restore(self.bootstrap, range(self.settings.partitions)).values())
        for one in found:
            one.fired, one.checkpoint = {}, None
        read_back_escalations(self.bootstrap, found)
        return found

    def states(self) -> dict[str, CaseState]:
        """The newest published state of every case."""
        return {
            case_id: case_state.decode(packed)
            for one in self.restored()
            for case_id, packed in one.states.items()
        }

    def verdicts(self, as_of: str) -> Counter[tuple[Any, ...]]:
        """The verdicts that the published states give, in the fields of the replay contract."""
        return Counter(
            tuple(verdict)[:11]
            for state in self.states().values()
            for verdict in verdicts(state, parse_instant(as_of))
        )

    def standing(self) -> Counter[tuple[str, str, str, str, int]]:
        """The escalations that stand as fired by their newest revision."""
        return Counter(
            (case_id, fired.clock, fired.start_event_id, fired.level, fired.at)
            for one in self.restored()
            for case_id, notes in one.fired.items()
            for fired in notes
            if fired.standing
        )

    def escalations(self) -> list[dict[str, Any]]:
        """Every record on the topic of escalations."""
        places = {("jushou.escalations.v1", n): 0 for n in range(self.settings.partitions)}
        return [json.loads(record.value) for record in records_of(self.bootstrap, places)]

    def withdrawn(self) -> int:
        """How many withdrawals were ever published."""
        return sum(one["state"] == EscalationState.WITHDRAWN for one in self.escalations())

    def dead_letters(self) -> list[bytes]:
        """The bytes of all dead letters."""
        return [record.value for record in records_of(self.bootstrap, {(DEAD_LETTERS.name, 0): 0})]
