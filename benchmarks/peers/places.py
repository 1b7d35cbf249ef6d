"""Where the peers are built: in ``build/``, which git ignores, so the product never needs them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "benchmarks"
QUIX_VENV = BUILD / "quix"
KAFKA_STREAMS_BUILD = BUILD / "kafka-streams"
KAFKA_STREAMS_JARS = KAFKA_STREAMS_BUILD / "dependency"
KAFKA_STREAMS_POM = ROOT / "benchmarks" / "kafka-streams" / "pom.xml"
