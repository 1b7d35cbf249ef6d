"""A thread of its own for a library that blocks, so that a server that hangs holds up nobody else.

Used by the senders and by the signed links. The threads that the event loop lends are few (six on
two processors) and carry the feed from Kafka: as many mails to a server that does not answer would
stop all of it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


async def in_thread(call: Callable[[], _T]) -> _T:
    """Return what ``call`` returns, or raise what it raises.

    When the caller is cancelled the thread goes on alone; it does not hold up a stop.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_T] = loop.create_future()

    def settle(done: Callable[[], None]) -> None:
        if not answer.done():
            done()

    def run() -> None:
        try:
            found = call()
        except Exception as raised:  # noqa: BLE001 - raised again where it is awaited
            fault = raised
            tell(lambda: answer.set_exception(fault))
        else:
            tell(lambda: answer.set_result(found))

    def tell(done: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, done)

    threading.Thread(target=run, daemon=True).start()
    return await answer
