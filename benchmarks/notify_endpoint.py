"""An HTTP endpoint of a benchmark that notes when each request came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Requests:
    """Requests so far: by case, when its first came (ms since 1970), and how many there were."""

    def __init__(self) -> None:
        self.url = ""
        self.count = 0
        self.first_ms: dict[str, float] = {}
        self._noting = threading.Lock()

    def note(self, body: bytes, at_ms: float) -> None:
        """Take in one request."""
        cases = [each["case_id"] for each in json.loads(body)["escalations"]]
        with self._noting:
            self.count += 1
            for case in cases:
                self.first_ms.setdefault(case, at_ms)


@contextmanager
def endpoint() -> Iterator[Requests]:
    """A server on a free port of this machine that takes everything at once."""
    found = Requests()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            at_ms = time.time() * 1000
            found.note(self.rfile.read(int(self.headers["content-length"])), at_ms)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        serving.join(5)
