"""Native blocks on the wire: the engine's bytes, preceded by the block's info, perhaps compressed.

The engine writes blocks as for a file (no info); the protocol puts an info before each, here
always that of an ordinary block.
"""

from __future__ import annotations

from collections.abc import Generator
from struct import pack

import lz4.block  # type: ignore[import-untyped]
from clickhouse_cityhash.cityhash import CityHash128
from clickhouse_driver.block import BlockInfo
from clickhouse_driver.protocol import CompressionMethodByte
from clickhouse_driver.reader import read_binary_str
from clickhouse_driver.varint import read_varint

from jushou.runtime.clickhouse_front.column_types import Columns
from jushou.runtime.clickhouse_front.refusals import ClientGone
from jushou.runtime.clickhouse_front.socket_reader import (
    FrameReader,
    RecordingReader,
    SocketReader,
)
from jushou.runtime.clickhouse_front.spans import walk_block, walk_values

# Fields 1 (overflows: no) and 2 (bucket: -1, none), then the end.
_ORDINARY_INFO = b"\x01\x00\x02" + pack("<i", -1) + b"\x00"
_FRAME_HEAD = 9  # method byte and both sizes, which the frame's size counts
_MASK = (1 << 64) - 1


class BlockReader:
    """Blocks that the client sends in one query."""

    def __init__(self, client: SocketReader, compressed: bool) -> None:
        self._reader: RecordingReader = FrameReader(client) if compressed else client

    def read(self) -> tuple[bytes, int] | None:
        """The next block as the engine takes it, and its rows; None for the one that ends them."""
        BlockInfo().read(self._reader)
        self._reader.record()
        columns, rows = walk_block(self._reader)
        return (self._reader.recorded(), rows) if columns else None


def on_wire(block: bytes, compressed: bool) -> bytes:
    """A block of the engine as the client expects it in a data packet."""
    payload = _ORDINARY_INFO + block
    return _frame(payload) if compressed else payload


def header(columns: Columns) -> bytes:
    """A block without rows, for the names and types of its columns."""
    parts = [varint(len(columns)), varint(0)]
    for name, type_name in columns:
        parts += [string(name), string(type_name)]
    return b"".join(parts)


def columns_of(block: bytes) -> Columns:
    """Names and types of a block's columns; ClickHouse error 50 for types that spans.py lacks."""
    return walk_block(_BytesReader(block))[0]


def retyped(block: bytes, columns: Columns) -> bytes:
    """The block with these names and types instead of its own, which must have the same layout."""
    reader = _BytesReader(block)
    parts = [varint(read_varint(reader)), varint(rows := read_varint(reader))]
    for name, type_name in columns:
        read_binary_str(reader), read_binary_str(reader)
        reader.record()
        walk_values(reader, type_name, rows)
        parts += [string(name), string(type_name), reader.recorded()]
    return b"".join(parts)


def split_blocks(written: bytes) -> Generator[tuple[bytes, int]]:
    """The single blocks, with their rows, of a result that the engine wrote as a whole."""
    reader = _BytesReader(written)
    while reader.has_unread:
        reader.record()
        _, rows = walk_block(reader)
        yield reader.recorded(), rows


def varint(number: int) -> bytes:
    """ClickHouse's variable-length unsigned integer."""
    written = bytearray()
    while number > 0x7F:
        written.append(0x80 | (number & 0x7F))
        number >>= 7
    written.append(number)
    return bytes(written)


def string(text: str) -> bytes:
    """Length and UTF-8 bytes."""
    encoded = text.encode()
    return varint(len(encoded)) + encoded


def _frame(payload: bytes) -> bytes:
    compressed: bytes = lz4.block.compress(payload, store_size=False)
    size = _FRAME_HEAD + len(compressed)
    body = pack("<BII", CompressionMethodByte.LZ4, size, len(payload)) + compressed
    checksum = CityHash128(body)
    halves: bytes = pack("<QQ", checksum >> 64, checksum & _MASK)
    return halves + body


class _BytesReader(RecordingReader):
    def __init__(self, written: bytes) -> None:
        super().__init__()
        self.buffer = bytearray(written)
        self.current_buffer_size = len(written)

    def _refill(self) -> None:
        raise ClientGone  # the engine's blocks are whole, so this is never reached
