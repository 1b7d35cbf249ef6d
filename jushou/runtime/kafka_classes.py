"""Makes the embedded broker start in half the time: ``python -m jushou.runtime.kafka_classes``.

Java can keep the classes that a program has loaded in a file and map it at the next start (class
data sharing, JEP 350). ``make setup`` runs a broker once for that.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jushou.runtime.kafka_broker import CLASSES, KafkaBroker

# Java writes the file when it ends: some 3 s, and ten times as long on a busy machine.
WRITTEN_WITHIN_S = 120.0


def keep_classes(archive: Path = CLASSES) -> None:
    """Start and stop a broker, and keep the classes it loaded in ``archive``.

    The file is replaced at once, so that another start meanwhile reads the old or the new one.
    Without it brokers start all the same, only slower: where a busy machine does not write it
    within ``WRITTEN_WITHIN_S`` that is said, and the next ``make setup`` tries again.
    Errors: those of ``KafkaBroker``.
    """
    made = archive.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory() as folder:
        broker = KafkaBroker(Path(folder) / "kafka")
        shared = broker.process.argv.index(f"-XX:SharedArchiveFile={CLASSES}")
        broker.process.argv[shared] = f"-XX:ArchiveClassesAtExit={made}"
        with broker:
            broker.stop(WRITTEN_WITHIN_S)
    try:
        made.replace(archive)
    except FileNotFoundError:
        print("make setup: the broker's classes were not kept; it will take longer to start")


if __name__ == "__main__":
    keep_classes()
