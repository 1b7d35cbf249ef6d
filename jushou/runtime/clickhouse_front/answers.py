"""The answer to a question: its columns first, as clients expect them, then its blocks.

The columns are read from the first block: to ask for them apart would analyse the question twice,
and run its scalar subqueries twice. That is done, and the question begun again, only where the
first block does not tell: the engine writes every ``DateTime('zone')`` as ``DateTime``, as for a
client too old to know zones, and the driver would give naive times for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import TypeAlias

from jushou.runtime.clickhouse_front.blocks import columns_of, retyped, split_blocks
from jushou.runtime.clickhouse_front.column_types import Columns
from jushou.runtime.clickhouse_front.refusals import ClickHouseError
from jushou.runtime.clickhouse_front.session import Session

Blocks: TypeAlias = Generator[tuple[bytes, int]]  # native blocks with their rows


def answer(session: Session, sql: str) -> tuple[Columns, Blocks]:
    """Ask the engine. Closing the blocks ends the query."""
    stream = session.stream(sql)
    if stream is None:
        written = session.execute(sql)
        columns = columns_of(written) if written else session.header(sql, select=False)
        return columns, split_blocks(written)
    first = next(stream, None)
    if first is None:
        return session.header(sql, select=True), stream
    told = _told_by(first[0])
    if told is not None:
        return told, _resumed(first, stream)
    stream.close()
    columns = session.header(sql, select=True)
    return columns, _as_described(session.stream(sql) or stream, columns)


def _told_by(block: bytes) -> Columns | None:
    """The columns, unless a type may have lost its zone, or is one that spans.py does not know."""
    try:
        columns = columns_of(block)
    except ClickHouseError:
        return None
    return None if any(type_name == "DateTime" for _, type_name in columns) else columns


def _resumed(first: tuple[bytes, int], rest: Blocks) -> Blocks:
    with contextlib.closing(rest):
        yield first
        yield from rest


def _as_described(blocks: Blocks, columns: Columns) -> Blocks:
    zoned = any(type_name.startswith("DateTime(") for _, type_name in columns)
    with contextlib.closing(blocks):
        for block, rows in blocks:
            yield (retyped(block, columns) if zoned else block), rows
