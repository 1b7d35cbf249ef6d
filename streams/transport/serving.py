"""Runs an app until it is told to stop or something in it fails."""

from __future__ import annotations

import asyncio
import logging

import faust

#: Seconds for what is left to do after an app was told to end and did not.
_LAST_S = 10.0

_log = logging.getLogger(__name__)


class WorkerStillBusy(Exception):
    """An agent did not complete what it had in hand in time after the worker was told to stop."""


async def serve(
    app: faust.App, until: asyncio.Event | None = None, *, stop_within_s: float = 60.0
) -> None:
    """Start ``app``; return when ``until`` is set and batches in hand are completed and committed.

    Raises what an agent, a hook or a service of the app raised, so that a process that runs
    ``asyncio.run(serve(app))`` ends with a non-zero code; nothing of the batch that the agent had
    in hand is committed. Raises WorkerStillBusy when an agent does not complete what it has in
    hand within ``stop_within_s`` seconds after it was told to stop; that is not committed either.
    """
    told_to_stop = until if until is not None else asyncio.Event()
    starting = asyncio.ensure_future(app.start())
    reasons = [
        asyncio.ensure_future(told_to_stop.wait()),
        asyncio.ensure_future(app._crashed.wait()),
    ]
    try:
        done, _ = await asyncio.wait([starting, *reasons], return_when=asyncio.FIRST_COMPLETED)
        if done == {starting} and starting.exception() is None:
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for reason in reasons:
            reason.cancel()
        await _end(app, starting, stop_within_s)
    if app.crash_reason is not None:
        raise app.crash_reason
    if starting.done() and not starting.cancelled():
        starting.result()


async def _end(app: faust.App, starting: asyncio.Future[None], stop_within_s: float) -> None:
    stopping = asyncio.ensure_future(app.stop())
    await asyncio.wait([stopping], timeout=stop_within_s)
    if not stopping.done():
        reason = app.crash_reason or WorkerStillBusy(
            f"{app.conf.id} did not end in {stop_within_s} s"
        )
        # Faust's wait for batches in hand takes no notice of cancellation, but ends by this.
        await app.crash(reason)
        await asyncio.wait([stopping], timeout=_LAST_S)
    if not stopping.done():
        _log.critical("%s does not end; its consumer is abandoned", app.conf.id)
        _abandon_consumer(app)
    for task in (starting, stopping):
        task.cancel()
    await asyncio.wait([starting, stopping], timeout=_LAST_S)


def _abandon_consumer(app: faust.App) -> None:
    """End the thread that would keep the process, and its place in the group, alive for ever."""
    thread = getattr(app._consumer, "_thread", None)
    if thread is not None:
        thread.thread_loop.call_soon_threadsafe(thread.thread_loop.stop)
