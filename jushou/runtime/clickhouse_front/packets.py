"""Packets of the native protocol at revision 54453: what a client sends and what it gets."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from struct import pack

from clickhouse_driver.protocol import ServerPacketTypes
from clickhouse_driver.reader import read_binary_str, read_binary_uint8
from clickhouse_driver.settings.writer import SettingsFlags
from clickhouse_driver.varint import read_varint

from jushou.runtime.clickhouse_front.blocks import on_wire, string, varint
from jushou.runtime.clickhouse_front.refusals import ClickHouseError, ClientGone
from jushou.runtime.clickhouse_front.socket_reader import SocketReader

REVISION = 54453
_TRACE_SIZES = (16, 8)  # trace id and span id


@dataclass(frozen=True)
class Query:
    """A query packet. ``important`` are the settings that must be known."""

    sql: str
    settings: dict[str, str]
    important: frozenset[str]
    compressed: bool


def read_query(reader: SocketReader) -> Query:
    """Read a query packet after its type; who asks it and from where is passed over."""
    read_binary_str(reader)  # query id: the engine gives its own
    _pass_client_info(reader)
    settings, important = _read_settings(reader)
    read_binary_str(reader)  # secret between servers
    read_varint(reader)  # stage: always the complete query
    compressed = bool(read_varint(reader))
    return Query(read_binary_str(reader), settings, important, compressed)


def _pass_client_info(reader: SocketReader) -> None:
    if read_binary_uint8(reader) == 0:  # kind of query: none, so nothing follows
        return
    for _ in ("user", "query id", "address"):
        read_binary_str(reader)
    reader.read(8)  # start of the query in µs
    reader.read(1)  # interface
    for _ in ("system user", "host", "client"):
        read_binary_str(reader)
    for _ in ("major", "minor", "revision"):
        read_varint(reader)
    read_binary_str(reader)  # quota key
    read_varint(reader)  # distributed depth
    read_varint(reader)  # patch version
    _pass_trace(reader)
    for _ in ("collaborates", "replicas", "number of replica"):
        read_varint(reader)


def _pass_trace(reader: SocketReader) -> None:
    if read_binary_uint8(reader):
        for size in _TRACE_SIZES:
            reader.read(size)
        read_binary_str(reader)
        reader.read(1)


def _read_settings(reader: SocketReader) -> tuple[dict[str, str], frozenset[str]]:
    settings, important = {}, set()
    while name := read_binary_str(reader):
        if read_binary_uint8(reader) & SettingsFlags.IMPORTANT:
            important.add(name)
        settings[name] = read_binary_str(reader)
    return settings, frozenset(important)


class PacketWriter:
    """Sends packets to one client; raises ClientGone when it is no longer there."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self.compressed = False

    def hello(self, version: tuple[int, int, int], timezone: str) -> None:
        major, minor, patch = version
        name = f"jushou-embedded-{os.getpid()}"  # so that a starter knows its own child
        self._send(
            varint(ServerPacketTypes.HELLO)
            + string("ClickHouse")
            + b"".join(map(varint, (major, minor, REVISION)))
            + string(timezone)
            + string(name)
            + varint(patch)
        )

    def pong(self) -> None:
        self._send(varint(ServerPacketTypes.PONG))

    def block(self, native_block: bytes) -> None:
        """A data packet with a block as the engine wrote it."""
        head = varint(ServerPacketTypes.DATA) + string("")
        self._send(head + on_wire(native_block, self.compressed))

    def end_of_stream(
        self, read: tuple[int, int] = (0, 0), written: tuple[int, int] = (0, 0)
    ) -> None:
        """The end of a query, after the (rows, bytes) that it has read and written."""
        progress = (*read, 0, *written)
        self._send(
            varint(ServerPacketTypes.PROGRESS)
            + b"".join(map(varint, progress))
            + varint(ServerPacketTypes.END_OF_STREAM)
        )

    def exception(self, error: ClickHouseError) -> None:
        no_stack, not_nested = string(""), b"\x00"
        self._send(
            varint(ServerPacketTypes.EXCEPTION)
            + pack("<i", error.code)
            + string("DB::Exception")
            + string(error.message)
            + no_stack
            + not_nested
        )

    def _send(self, packet: bytes) -> None:
        try:
            self._client.sendall(packet)
        except OSError as error:
            raise ClientGone from error
