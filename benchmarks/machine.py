"""On what it was measured: the machine and the versions of all that took part."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.peers.places import KAFKA_STREAMS_JARS, QUIX_VENV
from jushou.runtime.kafka_broker import JARS

_PACKAGES = (
    "faust-streaming",
    "aiokafka",
    "confluent-kafka",
    "msgspec",
    "mypy",
    "orjson",
    "uvloop",
)
# Faust uses orjson and uvloop where they are installed; the product needs neither.
_OPTIONAL = frozenset({"orjson", "uvloop"})


def machine() -> dict[str, str]:
    """Return processor, cores, memory and system."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{int(_first('/proc/meminfo', 'MemTotal').split()[0] or 0) / 2**20:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def versions() -> dict[str, str]:
    """Return the version of everything that took part; absent what is not installed."""
    found = {"python": platform.python_version(), "java": _java()}
    found["kafka broker"] = _of_jar(JARS, "kafka-clients")
    found["kafka streams"] = _of_jar(KAFKA_STREAMS_JARS, "kafka-streams")
    found |= {name: _version_of(name) for name in _PACKAGES}
    for one in QUIX_VENV.glob("lib/python*/site-packages/quixstreams-*.dist-info"):
        found["quixstreams"] = one.name.split("-")[1].removesuffix(".dist")
    return {name: text for name, text in found.items() if text}


def _first(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return ""


def _java() -> str:
    try:
        said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return said.stderr.splitlines()[0]


def _of_jar(folder: Path, name: str) -> str:
    for jar in folder.glob(f"{name}-[0-9]*.jar"):
        return jar.stem.removeprefix(f"{name}-")
    return ""


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        if package not in _OPTIONAL:
            raise
        return "not installed"
