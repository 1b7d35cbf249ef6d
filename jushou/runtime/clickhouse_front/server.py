"""Listens for clients and gives each a thread and a session of the engine."""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
import time

from jushou.runtime.clickhouse_front.accounts import Accounts, Hidden
from jushou.runtime.clickhouse_front.connection import Connection
from jushou.runtime.clickhouse_front.engine import Engine
from jushou.runtime.clickhouse_front.handshake import read_hello
from jushou.runtime.clickhouse_front.packets import PacketWriter
from jushou.runtime.clickhouse_front.refusals import ClickHouseError, ClientGone, from_engine
from jushou.runtime.clickhouse_front.socket_reader import SocketReader
from jushou.runtime.clickhouse_front.watch import Watch

logger = logging.getLogger(__name__)

_ACCEPT_AGAIN_S = 0.5  # out of file descriptors, say: others must end first


class Server:
    """Serves ``engine`` on an address. ``start`` returns at once; ``stop`` ends all clients."""

    def __init__(self, engine: Engine, accounts: Accounts, host: str, port: int) -> None:
        self._engine = engine
        self._accounts = accounts
        self._watch = Watch(engine.cancel)
        self._listener = socket.create_server((host, port), backlog=64)
        self._clients: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._stopping = False
        self._accepting = threading.Thread(target=self._accept, name="accept", daemon=True)

    def start(self) -> None:
        """Begin to accept clients."""
        self._accepting.start()

    def stop(self, timeout_s: float) -> bool:
        """Refuse new clients, end queries and connections; whether all were gone in time.

        An insert whose rows are all here is finished; one that is still being sent is not.
        """
        deadline = time.monotonic() + timeout_s
        with self._lock:
            self._stopping = True
            clients = dict(self._clients)
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self._watch.cancel_all()
        for client in clients.values():
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RD)
        for thread in [self._accepting, *clients]:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in clients):
            return False
        self._watch.close()
        return True

    def _accept(self) -> None:
        for number in itertools.count(1):
            try:
                client, _ = self._listener.accept()
            except OSError:
                if self._stopping:
                    return
                logger.exception("a client was not accepted")
                time.sleep(_ACCEPT_AGAIN_S)
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            thread = threading.Thread(
                target=self._serve, args=(client, f"client-{number}"), daemon=True
            )
            with self._lock:
                if self._stopping:
                    client.close()
                    return
                self._clients[thread] = client
            thread.start()

    def _serve(self, client: socket.socket, tag: str) -> None:
        try:
            self._greet_and_serve(client, tag)
        except (ClientGone, EOFError):
            pass  # the ordinary end
        except Exception:
            logger.exception("%s: closed after an error of the server", tag)
        finally:
            with self._lock:
                del self._clients[threading.current_thread()]
            client.close()

    def _greet_and_serve(self, client: socket.socket, tag: str) -> None:
        reader, writer = SocketReader(client), PacketWriter(client)
        try:
            hello = read_hello(reader)
            read_only = self._accounts.is_reader(hello.user, hello.password)
            session = self._engine.session(tag, hello.database, read_only)
        except ClickHouseError as error:
            writer.exception(error)
            return
        except RuntimeError as error:
            writer.exception(from_engine(error))
            return
        with contextlib.closing(session):
            writer.hello(self._engine.version, self._engine.timezone)
            outside = self._engine.outside_functions if read_only else None
            spool_folder = self._engine.spool_folder
            hidden = self._accounts.hidden.get(hello.user, Hidden())
            Connection(
                client, reader, session, tag, self._watch, spool_folder, outside, hidden
            ).serve()
