"""Data packets that a client sends within a query: external tables, then the rows of an insert."""

from __future__ import annotations

from collections.abc import Iterator

from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.reader import read_binary_str
from clickhouse_driver.varint import read_varint

from jushou.runtime.clickhouse_front.blocks import BlockReader
from jushou.runtime.clickhouse_front.refusals import (
    QUERY_WAS_CANCELLED,
    UNEXPECTED_PACKET,
    refusal,
)
from jushou.runtime.clickhouse_front.socket_reader import SocketReader


class IncomingBlocks:
    """Iterates over (name of the table, native block, rows) up to the empty block that ends them.

    ``in_step`` is false while a packet is half read: when that fails, what follows on the
    connection makes no sense any more.
    """

    def __init__(self, client: SocketReader, compressed: bool) -> None:
        self._client = client
        self._blocks = BlockReader(client, compressed)
        self.in_step = True

    def __iter__(self) -> Iterator[tuple[str, bytes, int]]:
        while True:
            self._expect_data()
            self.in_step = False
            table = read_binary_str(self._client)
            block = self._blocks.read()
            self.in_step = True
            if block is None:
                return
            yield table, *block

    def _expect_data(self) -> None:
        packet = read_varint(self._client)
        if packet == ClientPacketTypes.CANCEL:
            raise refusal(QUERY_WAS_CANCELLED, "Query was cancelled")
        if packet != ClientPacketTypes.DATA:
            self.in_step = False
            raise refusal(UNEXPECTED_PACKET, f"Unexpected packet {packet}: expected Data")
