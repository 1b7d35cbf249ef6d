"""The embedded Kafka broker: the real one, in KRaft mode, as a child process on loopback.

The start of the path of an event on one machine. Its jars are put into ``vendor/kafka`` of the
checkout by ``make setup`` (Maven, ``kafka/pom.xml``); it needs Java 17 or newer. Production uses a
cluster (``docker-compose.yml``); the code that talks to either is the same.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from jushou.runtime.child_process import ChildProcess
from jushou.runtime.ports import accepts_connections, free_port
from schemas.errors import Misconfigured, Unavailable

HOST = "127.0.0.1"
JARS = Path(__file__).parents[2] / "vendor" / "kafka"
CLASSES = JARS / "classes.jsa"
_CONFIG = Path(__file__).parent / "kafka"
_READY_S = 60.0  # about 4 s on 2 idle cores; the rest is for machines that do much else
_STOP_S = 15.0


class KafkaBroker:
    """A broker on ``bootstrap``, with all that it stores under ``folder``.

    The same folder can be started again, by this object or a later one, with all records, topics
    and committed offsets. ``port`` and the controller's port are free ones unless given, and stay
    the same over restarts of this object. ``heap_mb`` is Java's heap in MB.

    Errors: Misconfigured when Java or the jars are missing; Unavailable, with the end of the
    broker's log, when it does not get ready.
    """

    def __init__(
        self, folder: Path, port: int | None = None, heap_mb: int = 400, jars: Path = JARS
    ) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.heap_mb = heap_mb
        self.jars = jars
        self._controller_port = free_port()
        self._process = ChildProcess(
            "kafka",
            self._java("kafka.Kafka", str(self._properties), heap_mb=heap_mb),
            self.folder / "kafka.log",
        )

    @property
    def bootstrap(self) -> str:
        """The address for ``bootstrap.servers``."""
        return f"{HOST}:{self.port}"

    @property
    def process(self) -> ChildProcess:
        """The broker's process: its pid, its exit code, its log."""
        return self._process

    def start(self) -> Self:
        """Start it and return when it answers a metadata request."""
        _require_java_and_jars(self.jars)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(self._server_properties(), encoding="utf-8")
        if not (self._log_dir / "meta.properties").exists():
            self._format()
        self._process.start()
        try:
            self._process.wait_ready(self._answers, _READY_S)
        except BaseException:
            self._process.kill()
            raise
        return self

    def stop(self, timeout_s: float = _STOP_S) -> None:
        """Shut it down in order; kill it after ``timeout_s`` seconds."""
        self._process.stop(timeout_s)

    def kill(self) -> None:
        """End it as a crash would; what it acknowledged is there after the next start."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _log_dir(self) -> Path:
        return self.folder / "log"

    def _server_properties(self) -> str:
        own = {
            "controller.quorum.voters": f"1@{HOST}:{self._controller_port}",
            "listeners": f"BROKER://{HOST}:{self.port},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": f"BROKER://{HOST}:{self.port}",
            "log.dirs": str(self._log_dir),
        }
        lines = [f"{key}={value}" for key, value in own.items()]
        return (_CONFIG / "server.properties").read_text(encoding="utf-8") + "\n".join(lines) + "\n"

    def _format(self) -> None:
        """Give the folder its cluster id; Kafka refuses to start on one without."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # Kafka's command line takes an id that begins with a dash for an option.
        argv = ["format", f"--cluster-id={cluster_id}", "--config", str(self._properties)]
        ended = subprocess.run(
            self._java("kafka.tools.StorageTool", *argv, heap_mb=64),
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise Unavailable(f"Kafka could not format {self._log_dir}:\n{ended.stderr.strip()}")

    def _java(self, main_class: str, *argv: str, heap_mb: int) -> list[str]:
        return [
            "java",
            f"-Xmx{heap_mb}m",
            # Classes made ready by `make setup` halve the start; without, or of another Java, it
            # starts as slowly as ever.
            f"-XX:SharedArchiveFile={CLASSES}",
            "-Xlog:disable",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={_CONFIG / 'log4j2.properties'}",
            "-cp",
            f"{self.jars}/*",
            main_class,
            *argv,
        ]

    def _answers(self) -> bool:
        if not accepts_connections(HOST, self.port):
            return False
        try:
            answer = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}).list_topics(
                timeout=2.0
            )
        except KafkaException:
            return False
        # Not another broker that holds the port while this one is still starting.
        return bool(answer.brokers) and answer.cluster_id == self._cluster_id()

    def _cluster_id(self) -> str:
        lines = (self._log_dir / "meta.properties").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)["cluster.id"]


def _require_java_and_jars(jars: Path) -> None:
    faults = []
    if shutil.which("java") is None:
        faults.append("java is not on the PATH: install Java 17 or newer, or run `make setup`")
    if not any(jars.glob("kafka_*.jar")):
        faults.append(f"no Kafka jars in {jars}: run `make setup`")
    if faults:
        raise Misconfigured(faults)
