"""Logs hold no event: not in messages, not in tracebacks."""

from __future__ import annotations

import subprocess
import sys

FAILS = """
import logging
from jushou.logs import set_up_logs

set_up_logs("worker")

def handle(raw):
    household = raw.decode()
    raise RuntimeError("could not be handled")

try:
    handle(b"hh-secret-household")
except RuntimeError:
    logging.getLogger("streams").exception("failed")
"""


def test_a_traceback_in_a_log_shows_no_values() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FAILS], capture_output=True, text=True, check=True
    )
    assert "could not be handled" in ended.stderr
    assert "in handle" in ended.stderr
    assert ended.stderr.count("hh-secret-household") == 0
