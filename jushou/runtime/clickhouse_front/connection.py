"""One client from its greeting to its end: packet by packet, query by query."""

from __future__ import annotations

import collections
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from clickhouse_driver.errors import Error as DriverError
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.varint import read_varint

from jushou.runtime.clickhouse_front.accounts import Hidden
from jushou.runtime.clickhouse_front.answers import Blocks, answer
from jushou.runtime.clickhouse_front.blocks import header, split_blocks
from jushou.runtime.clickhouse_front.hidden_columns import refuse_hidden
from jushou.runtime.clickhouse_front.incoming import IncomingBlocks
from jushou.runtime.clickhouse_front.packets import PacketWriter, Query, read_query
from jushou.runtime.clickhouse_front.refusals import (
    NOT_IMPLEMENTED,
    QUERY_WAS_CANCELLED,
    UNEXPECTED_PACKET,
    ClickHouseError,
    refusal,
)
from jushou.runtime.clickhouse_front.session import Session
from jushou.runtime.clickhouse_front.socket_reader import SocketReader
from jushou.runtime.clickhouse_front.spool import Spool
from jushou.runtime.clickhouse_front.statements import (
    BlockInsert,
    block_insert,
    refuse_for_readers,
    refuse_unsupported,
    without_comments,
    without_format,
)
from jushou.runtime.clickhouse_front.watch import Watch, Watched


class Connection:
    """Answers the packets of one client whose session is open; ``tag`` names the session."""

    def __init__(
        self,
        client: socket.socket,
        reader: SocketReader,
        session: Session,
        tag: str,
        watch: Watch,
        spool_folder: Path,
        outside_functions: frozenset[str] | None = None,
        hidden: Hidden = Hidden(),  # noqa: B008 - frozen
    ) -> None:
        """``outside_functions`` is given for a user who may only read."""
        self._client = client
        self._reader = reader
        self._writer = PacketWriter(client)
        self._session = session
        self._tag = tag
        self._watch = watch
        self._spool_folder = spool_folder
        self._outside_functions = outside_functions
        self._hidden = hidden
        self._in_step = True

    def serve(self) -> None:
        """Answer until the client breaks the protocol; raises ClientGone when it leaves."""
        while self._in_step:
            packet = read_varint(self._reader)
            if packet == ClientPacketTypes.PING:
                self._writer.pong()
            elif packet == ClientPacketTypes.QUERY:
                self._serve_query(read_query(self._reader))
            elif packet != ClientPacketTypes.CANCEL:  # a late cancel has nothing left to end
                self._in_step = False
                self._writer.exception(refusal(UNEXPECTED_PACKET, f"Unexpected packet {packet}"))

    def _serve_query(self, query: Query) -> None:
        self._writer.compressed = query.compressed
        try:
            if list(self._blocks(query.compressed)):
                raise refusal(
                    NOT_IMPLEMENTED,
                    "The embedded ClickHouse takes no external tables: insert into a temporary one",
                )
            self._answer(query)
        except ClickHouseError as error:
            self._writer.exception(error)

    def _answer(self, query: Query) -> None:
        sql = without_comments(query.sql)
        reach = self._session.reach(sql)
        refuse_unsupported(sql, reach.statements)
        if self._outside_functions is not None:
            refuse_for_readers(sql, reach.reads_only, self._outside_functions)
        elif query.settings.get("readonly", "0") != "0":
            refuse_for_readers(sql, reach.reads_only, frozenset())
        self._session.apply_settings(query.settings, query.important)
        if self._hidden:
            refuse_hidden(self._session, without_format(sql), self._hidden)
        insert = block_insert(sql)
        if insert is not None:
            self._take_blocks(insert, query.compressed)
        elif reach.reads_only:
            self._give_answer(without_format(sql))
        else:
            self._give_outcome(sql)

    def _give_answer(self, sql: str) -> None:
        """Answer a question: a block without rows for the header, then blocks as they come."""
        read = (0, 0)
        with self._watch.over(self._client, self._tag) as watched:
            try:
                columns, blocks = answer(self._session, sql)
                self._writer.block(header(columns))
                read = self._send(blocks, watched)
            except ClickHouseError as error:
                if not (watched.cancelled and error.code == QUERY_WAS_CANCELLED):
                    raise
        self._writer.end_of_stream(read=read)

    def _send(self, blocks: Blocks, watched: Watched) -> tuple[int, int]:
        """Send the blocks unless the client cancels; the rows and bytes that were sent."""
        rows = size = 0
        with contextlib.closing(blocks):
            for block, block_rows in blocks:
                if watched.cancelled or self._cancel_waits():
                    watched.cancelled = True
                    break
                self._writer.block(block)
                rows += block_rows
                size += len(block)
        return rows, size

    def _give_outcome(self, sql: str) -> None:
        """Run a statement that changes something; most answer nothing."""
        with self._watch.over(self._client, self._tag):
            for block, _ in split_blocks(self._session.execute(sql)):
                self._writer.block(block)
        self._writer.end_of_stream()

    def _take_blocks(self, target: BlockInsert, compressed: bool) -> None:
        """Tell the client the columns, take its blocks to their end, write them as one insert."""
        columns = self._session.insert_columns(target)
        self._writer.block(header(columns))
        rows = 0
        with Spool(self._spool_folder) as spool:
            blocks = self._blocks(compressed)
            for _, block, block_rows in blocks:
                try:
                    spool.append(block)
                except ClickHouseError:
                    collections.deque(blocks, maxlen=0)  # it still sends, and does not yet listen
                    raise
                rows += block_rows
            written = spool.insert(self._session, target)
        self._writer.end_of_stream(written=(rows, written))

    def _blocks(self, compressed: bool) -> Iterator[tuple[str, bytes, int]]:
        incoming = IncomingBlocks(self._reader, compressed)
        try:
            yield from incoming
        except DriverError as error:  # a frame whose checksum or method is wrong
            raise ClickHouseError(error.code, f"DB::Exception: {error.message}") from error
        finally:
            self._in_step = incoming.in_step

    def _cancel_waits(self) -> bool:
        reader = self._reader
        return reader.has_unread and reader.buffer[reader.position] == ClientPacketTypes.CANCEL
