"""Logs of the processes: one line an event, on standard error, without personal data."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up_logs(process_name: str, level: int = logging.INFO) -> None:
    """Send the logs of all libraries through structlog, each line with the process's name."""
    stamps = structlog.processors.TimeStamper(fmt="iso", utc=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level, stamps],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                pad_event_to=0,
                # Never the values of local variables: they hold events.
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # They tell of every start, stop, assignment and heartbeat at INFO.
    for noisy in ("faust", "aiokafka", "mode", "kafka", "streams.transport"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger(process_name).setLevel(level)
