"""Free ports of this machine, for servers that others must be told the address of beforehand."""

from __future__ import annotations

import random
import socket

# Below the range from which Linux takes ports for outgoing connections (32768 and up), so that no
# client takes the port between this question and the server's bind.
RANGE = (20_000, 32_000)
# Ports that this process was given: the one who asked has perhaps not bound its own yet.
given: set[int] = set()


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on now, and never the same one twice in a process.

    Chosen at random: two sessions rarely choose alike.
    """
    for port in random.sample(range(*RANGE), 200):
        if port in given:
            continue
        with socket.socket() as candidate:
            # As servers do: a port whose last connections only linger (TIME_WAIT) is free.
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind((host, port))
            except OSError:
                continue
            given.add(port)
            return port
    raise OSError(f"no free port on {host} between {RANGE[0]} and {RANGE[1]}")


def accepts_connections(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False
