"""Real endpoints for the tests: an HTTP server that answers as it is told, and counts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OK = (200, {}, b'{"errcode": 0, "errmsg": "ok"}')
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Received:
    """One raw request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpEndpoint:
    """``answer`` is asked for each request, after it was counted; it may block to hang."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Answer | None] = lambda _: OK
    released: threading.Event = field(default_factory=threading.Event)

    def hang(self, _: Received) -> None:
        """Hold the request until the test ends."""
        self.released.wait(60)

    def paths(self, path: str) -> list[Received]:
        return [request for request in self.requests if request.path.startswith(path)]


@contextmanager
def http_endpoint() -> Iterator[HttpEndpoint]:
    """A server on a free port of this machine."""
    endpoint = HttpEndpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                self.close_connection = True  # its sender was killed before it was whole
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.path, headers, body, time.monotonic())
            endpoint.requests.append(received)
            answer = endpoint.answer(received)
            if answer is None:
                self.close_connection = True
                return
            status, more, text = answer
            try:
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                self.close_connection = True  # the client did not wait for the answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def free_port_url() -> str:
    """Return an address that nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
