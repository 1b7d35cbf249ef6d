"""How each peer is installed and started.

All of them decode the JSON, keep per case the number of its events, the last type and the first
and last time, and write that to a changelog; all commit every second. None has clocks.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.places import (
    KAFKA_STREAMS_BUILD,
    KAFKA_STREAMS_JARS,
    KAFKA_STREAMS_POM,
    QUIX_VENV,
)
from schemas.topics import CASE_EVENTS

QUIX_VERSION = "quixstreams>=3.28,<4"
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that reads the log as the consumer group ``group``."""

    name: str
    group: str
    install: Callable[[], None]
    command: Callable[[str, Path], list[str]]


def _nothing() -> None:
    """It is one of the product's own dependencies."""


def _faust(bootstrap: str, folder: Path) -> list[str]:
    program = str(_HERE / "faust_table.py")
    return [sys.executable, program, bootstrap, "bench-faust", CASE_EVENTS.name, str(folder)]


def _install_quix() -> None:
    python = QUIX_VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(QUIX_VENV)], check=True)
    if not list(QUIX_VENV.glob("lib/python*/site-packages/quixstreams")):
        options = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([str(python), "-m", "pip", "install", *options, QUIX_VERSION], check=True)


def _quix(bootstrap: str, folder: Path) -> list[str]:
    program = str(_HERE / "quix_state.py")
    python = str(QUIX_VENV / "bin" / "python")
    return [python, program, bootstrap, "bench-quix", CASE_EVENTS.name, str(folder)]


def _install_kafka_streams() -> None:
    jars = list(KAFKA_STREAMS_BUILD.glob("*.jar"))
    sources = KAFKA_STREAMS_POM.parent.rglob("*.*")
    if jars and jars[0].stat().st_mtime > max(source.stat().st_mtime for source in sources):
        return
    subprocess.run(
        ["mvn", "--batch-mode", "--quiet", "-f", str(KAFKA_STREAMS_POM), "package",
         "dependency:copy-dependencies", "-DincludeScope=runtime"],
        check=True,
    )  # fmt: skip


def _kafka_streams(bootstrap: str, folder: Path) -> list[str]:
    places = f"{KAFKA_STREAMS_BUILD}/*:{KAFKA_STREAMS_JARS}/*"
    arguments = [bootstrap, "bench-kafka-streams", CASE_EVENTS.name, str(folder), "1000"]
    return ["java", "-Xmx1g", "-cp", places, "CaseCounter", *arguments]


FAUST = Peer("plain Faust, a table", "bench-faust", _nothing, _faust)
QUIX = Peer("Quix Streams, RocksDB", "bench-quix", _install_quix, _quix)
KAFKA_STREAMS = Peer(
    "Kafka Streams, RocksDB, 1 thread", "bench-kafka-streams", _install_kafka_streams,
    _kafka_streams,
)  # fmt: skip
PEERS = (FAUST, QUIX, KAFKA_STREAMS)
