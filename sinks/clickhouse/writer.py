"""Inserts blocks: the last step before the offsets are committed.

One INSERT is one native block and, on a table that is not partitioned, one part: it is there as a
whole or not at all. Counts are by quarters: of those a block may be there in part for a moment.
"""

from __future__ import annotations

from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.block import BlockInfo, ColumnOrientedBlock
from clickhouse_driver.connection import Connection
from clickhouse_driver.defines import DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

from sinks.clickhouse.block import Block
from sinks.clickhouse.server import Server, classified

# Sent with every insert. A block is never split, so that its token stands for all of its rows;
# asynchronous inserts, which the server may join to others, are off.
# Merging each block with itself before it is written takes ClickHouse half of its time and finds
# little: readers go by FINAL, and later merges do the rest.
# A history of ten years brings counts of more quarters than ClickHouse lets into one block.
_SETTINGS = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "optimize_on_insert": 0,
    "insert_block_size": 10_000_000,
    "max_partitions_per_insert_block": 0,
}
# On a cluster a block counts as written once most replicas have it: offsets are committed then.
_ON_CLUSTER = {"insert_quorum": "auto"}


_PARTS = """
SELECT table, count() FROM system.parts
WHERE database = currentDatabase() AND active AND rows > 0 GROUP BY table
"""


class _BlockClient(Client):  # type: ignore[misc]  # the driver has no types
    """The driver's client, where the data of an INSERT are a block, which is sent as it is."""

    def send_data(self, _sample: object, data: tuple[Block], **_: Any) -> int:
        """Send the block, and that it was the last one."""
        (block,) = data
        _send(self.connection, block)
        self.receive_profile_events()
        self.connection.send_data(ColumnOrientedBlock())
        self.receive_profile_events()
        return block.rows


def _send(connection: Connection, block: Block) -> None:
    """Write the packet of a block as ``clickhouse_driver.streams.native`` writes its own."""
    write_varint(ClientPacketTypes.DATA, connection.fout)
    write_binary_str("", connection.fout)  # of no temporary table
    out = connection.block_out.fout
    BlockInfo().write(out)
    write_varint(len(block.columns), out)
    write_varint(block.rows, out)
    revision = connection.server_info.used_revision
    for name, column in block.columns.items():
        write_binary_str(name, out)
        write_binary_str(column.type, out)
        if revision >= DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION:
            write_binary_uint8(0, out)  # written in full, not sparse
        out.write(column.prefix())
        out.write(column.body())
    connection.block_out.finalize()


class Writer:
    """One connection that inserts blocks one after another. Not safe for two threads at once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._settings = _SETTINGS | (_ON_CLUSTER if server.cluster else {})
        self._client: Client | None = None

    def insert(self, block: Block) -> None:
        """Return when ClickHouse has acknowledged the block; one without rows needs nothing.

        Sending a block again is harmless. Raises ``Unavailable`` (the block may or may not be
        there: send it again) or ``Misconfigured``.
        """
        if not block.rows:
            return
        columns = ", ".join(f"`{name}`" for name in block.columns)
        try:
            with classified(self.server):
                self._connected().execute(
                    f"INSERT INTO `{block.table}` ({columns}) VALUES",
                    (block,),
                    settings={**self._settings, "insert_deduplication_token": block.token},
                )
        except BaseException:
            # A connection that broke in the middle of a block cannot be used again.
            self.close()
            raise

    def parts(self) -> dict[str, int]:
        """Return the active parts of each table of the warehouse; ``Unavailable`` as ``insert``."""
        try:
            with classified(self.server):
                return dict(self._connected().execute(_PARTS))
        except BaseException:
            self.close()
            raise

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self.server.client(_BlockClient)
        return self._client

    def close(self) -> None:
        """Close the connection; the next insert opens another."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None
