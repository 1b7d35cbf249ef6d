"""Console and file: what works without anything configured."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from sinks.notify.document import Document, Letter
from sinks.notify.formats import payload, plain_text
from sinks.notify.outcome import DELIVERED, Outcome, Verdict, Why


class Console:
    """Prints the message on standard output."""

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        """Print it; a closed output is a failure, never an exception."""
        try:
            print(f"→ {letter.recipient}\n{plain_text(document)}\n", file=sys.stdout, flush=True)
        except (OSError, ValueError):
            return Outcome(Verdict.FAILED, Why.DISK)
        return DELIVERED

    async def close(self) -> None:
        """Standard output stays open."""


class Lines:
    """Appends the message to a file, a JSON object a line, on the disk before it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        """Append it; a full disk is tried again."""
        raw = msgspec.json.encode(payload(document, letter, now_ms)) + b"\n"
        try:
            await asyncio.to_thread(self._append, raw)
        except OSError:
            return Outcome(Verdict.RETRY, Why.DISK, whole_endpoint=True)
        return DELIVERED

    def _append(self, raw: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab", buffering=0) as file:
            file.write(raw)
            os.fsync(file.fileno())

    async def close(self) -> None:
        """The file is open only while it is written."""
