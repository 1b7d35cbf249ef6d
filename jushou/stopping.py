"""Stops that wait for the work in hand."""

from __future__ import annotations

import asyncio
import signal


def stop_on_signals(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, instead of ending the process at once."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
