"""Makes the embedded broker start in half the time: ``python -m jushou.runtime.kafka_classes``.

Java can keep the classes that a program has loaded in a file and map it at the next start (class
data sharing, JEP 350). ``make setup`` runs a broker once for that.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jushou.runtime.kafka_broker import CLASSES, KafkaBroker


def keep_classes(archive: Path = CLASSES) -> None:
    """Start and stop a broker, and keep the classes it loaded in ``archive``.

    The file is replaced at once, so that another start meanwhile reads the old or the new one.
    Errors: those of ``KafkaBroker``.
    """
    made = archive.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory() as folder:
        broker = KafkaBroker(Path(folder) / "kafka")
        shared = broker.process.argv.index(f"-XX:SharedArchiveFile={CLASSES}")
        broker.process.argv[shared] = f"-XX:ArchiveClassesAtExit={made}"
        with broker:
            pass
    made.replace(archive)


if __name__ == "__main__":
    keep_classes()
