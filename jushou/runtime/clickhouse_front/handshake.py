"""The first packets of a client: who it is, and which database it wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.reader import read_binary_str
from clickhouse_driver.varint import read_varint

from jushou.runtime.clickhouse_front.packets import REVISION
from jushou.runtime.clickhouse_front.refusals import UNEXPECTED_PACKET, refusal
from jushou.runtime.clickhouse_front.socket_reader import SocketReader


@dataclass(frozen=True)
class Hello:
    """What a client says of itself; ``database`` may be empty."""

    database: str
    user: str
    password: str = field(repr=False)


def read_hello(reader: SocketReader) -> Hello:
    """Read the greeting; error 101 for another protocol (HTTP, say) or a client that is too old."""
    if read_varint(reader) != ClientPacketTypes.HELLO:
        raise refusal(UNEXPECTED_PACKET, "Unexpected packet from client: expected Hello")
    read_binary_str(reader)  # name of the client
    for _ in ("major", "minor"):
        read_varint(reader)
    revision = read_varint(reader)
    if revision < REVISION:
        raise refusal(
            UNEXPECTED_PACKET,
            f"The client's protocol revision {revision} is too old: {REVISION} is needed",
        )
    return Hello(read_binary_str(reader), read_binary_str(reader), read_binary_str(reader))
