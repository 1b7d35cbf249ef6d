"""Runs an app until it is told to stop or something in it fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import faust

_log = logging.getLogger(__name__)


class WorkerStillBusy(Exception):
    """The app did not end in time after it was told to."""


async def serve(
    app: faust.App, until: asyncio.Event | None = None, *, stop_within_s: float = 60.0
) -> None:
    """Start ``app``; return when ``until`` is set and batches in hand are completed and committed.

    Raises what an agent, a hook or a service of the app raised, so that a process that runs
    ``asyncio.run(serve(app))`` ends with a non-zero code; nothing of the batch that the agent had
    in hand is committed. Raises WorkerStillBusy when the app does not end within ``stop_within_s``.
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
    try:
        async with asyncio.timeout(stop_within_s):
            await app.stop()
            await asyncio.wait([starting])
    except TimeoutError:
        if app.crash_reason is None:
            raise WorkerStillBusy(f"{app.conf.id} did not end in {stop_within_s} s") from None
        _log.error("%s did not end in %s s after it failed", app.conf.id, stop_within_s)
    finally:
        if not starting.done():
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
