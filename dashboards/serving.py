"""Serves the page by uvicorn, and ends its live streams when it is asked to stop."""

from __future__ import annotations

import asyncio
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

# Streams end at once; this is for an answer that waits for ClickHouse.
_STOP_S = 5


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._page = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Without this, stopping would wait for every browser to go away by itself.
        self._page.state.service.hub.close_streams()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # uvicorn leaves open what did not end in time, and who came while it closed the door; that
        # one is known to it a turn of the loop later, and a closed one is gone after another.
        for _ in range(3):
            for connection in list(self.server_state.connections):
                if connection.transport is not None:
                    connection.transport.abort()
            await asyncio.sleep(0)


def page_server(app: FastAPI, host: str, port: int, proxies: str = "") -> uvicorn.Server:
    """Return the server of ``app``; its ``run()`` blocks until SIGINT or SIGTERM.

    ``proxies`` are addresses, separated by commas, that may say where a request really came from
    and whether by TLS; of all others that word is worth nothing.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=_STOP_S,
    )
    return _Server(config, app)
