"""Readers over a socket and over compressed frames that can keep the bytes they have passed.

Blocks that a client inserts are handed to the engine as they came. A native block does not tell
its length, so it is walked once (``spans.py``) while the reader records it.
"""

from __future__ import annotations

import socket
from typing import Any

from clickhouse_driver.bufferedreader import BufferedReader
from clickhouse_driver.compression import get_decompressor_cls
from clickhouse_driver.reader import read_binary_uint8, read_binary_uint128

from jushou.runtime.clickhouse_front.refusals import ClientGone

_SOCKET_BUFFER = 256 * 1024
_METHOD_SIZE = 1  # the byte that names the compression method


class RecordingReader(BufferedReader):  # type: ignore[misc]
    """The driver's reader, whose ``recorded`` gives the bytes read since ``record``."""

    def __init__(self) -> None:
        super().__init__(_SOCKET_BUFFER)
        self._kept: list[bytes] | None = None
        self._kept_from = 0

    @property
    def has_unread(self) -> bool:
        """Whether bytes of the client are here already that nobody has read."""
        return bool(self.position < self.current_buffer_size)

    def record(self) -> None:
        """Keep what is read from here on."""
        self._kept = []
        self._kept_from = self.position

    def recorded(self) -> bytes:
        """What was read since ``record``; recording ends."""
        kept = self._kept or []
        kept.append(bytes(self.buffer[self._kept_from : self.position]))
        self._kept = None
        return b"".join(kept)

    def read_into_buffer(self) -> None:
        if self._kept is not None:
            self._kept.append(bytes(self.buffer[self._kept_from : self.current_buffer_size]))
            self._kept_from = 0
        self._refill()

    def _refill(self) -> None:
        raise NotImplementedError


class SocketReader(RecordingReader):
    """Reads a client's socket; raises ClientGone at its end."""

    def __init__(self, client: socket.socket) -> None:
        super().__init__()
        self._client = client

    def _refill(self) -> None:
        try:
            self.current_buffer_size = self._client.recv_into(self.buffer)
        except OSError as error:
            raise ClientGone from error
        if self.current_buffer_size == 0:
            raise ClientGone


class FrameReader(RecordingReader):
    """Reads what compressed frames of ``raw`` contain, checksums verified."""

    def __init__(self, raw: SocketReader) -> None:
        super().__init__()
        self._raw = raw

    def _refill(self) -> None:
        checksum = read_binary_uint128(self._raw)
        method: Any = read_binary_uint8(self._raw)
        frame = get_decompressor_cls(method)(self._raw)
        self.buffer = bytearray(frame.get_decompressed_data(method, checksum, _METHOD_SIZE))
        self.current_buffer_size = len(self.buffer)
