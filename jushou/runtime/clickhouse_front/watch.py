"""Watches clients while the engine works for them, so that nobody's query outlives its client.

The thread of a client is inside the engine then and reads nothing from it. One thread for all
looks whether a client hangs up, or sends a cancel packet, and has the engine end its query.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clickhouse_driver.protocol import ClientPacketTypes

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_HUNG_UP = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


@dataclass
class Watched:
    """One query under way; ``cancelled`` once its client asked to end it, or is gone.

    It is not set when the server stops: that client gets an error, not a shorter answer.
    """

    tag: str
    client: socket.socket
    cancelled: bool = False


class Watch:
    """``cancel`` ends the query of a tag; it is called again until the query has ended."""

    def __init__(self, cancel: Callable[[str], None]) -> None:
        self._cancel = cancel
        self._lock = threading.Lock()
        self._queries: dict[int, Watched] = {}
        self._poll = select.epoll()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def over(self, client: socket.socket, tag: str) -> Iterator[Watched]:
        """Watch the client for the time of the ``with`` block."""
        watched, number = Watched(tag, client), client.fileno()
        with self._lock:
            self._queries[number] = watched
            self._poll.register(number, select.EPOLLIN | _HUNG_UP)
        try:
            yield watched
        finally:
            with self._lock:  # a cancel under way must not hit the client's next query
                del self._queries[number]
                with contextlib.suppress(FileNotFoundError):
                    self._poll.unregister(number)

    def cancel_all(self) -> None:
        """End all queries under way, and those that begin later too."""
        self._stopping.set()

    def close(self) -> None:
        """Stop watching. Only when no query is under way."""
        self._stopping.set()
        self._thread.join()
        self._poll.close()

    def _run(self) -> None:
        while not self._stopping.is_set() or self._queries:
            for number, events in self._poll.poll(_LOOK_EVERY_S):
                self._look(number, events)
            with self._lock:
                for watched in self._queries.values():
                    if watched.cancelled or self._stopping.is_set():
                        self._end(watched.tag)

    def _end(self, tag: str) -> None:
        try:
            self._cancel(tag)
        except RuntimeError:
            logger.exception("%s: its query could not be cancelled", tag)

    def _look(self, number: int, events: int) -> None:
        with self._lock:
            watched = self._queries.get(number)
            if watched is None or self._stopping.is_set():
                return
            self._poll.unregister(number)  # once is enough, and what was sent stays unread
            if events & _HUNG_UP or _asks_to_end(watched.client):
                watched.cancelled = True


def _asks_to_end(client: socket.socket) -> bool:
    try:
        peeked = client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return True  # broken: as good as gone
    return not peeked or peeked[0] == ClientPacketTypes.CANCEL
