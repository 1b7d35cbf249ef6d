"""Where a native block ends: walks over its columns without making values of them.

The layout per type is that of ClickHouse's native format: a prefix of the column (only low
cardinality has one), then its values. Nothing follows a column's name and type when the block has
no rows. Types that are not known here are refused: they can be read from the engine but not
inserted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from struct import unpack

from clickhouse_driver.reader import read_binary_str
from clickhouse_driver.varint import read_varint

from jushou.runtime.clickhouse_front.column_types import Columns, split_type, without_name
from jushou.runtime.clickhouse_front.refusals import UNKNOWN_TYPE, refusal
from jushou.runtime.clickhouse_front.socket_reader import RecordingReader

_FIXED_SIZES = {
    **dict.fromkeys(["UInt8", "Int8", "Bool", "Enum8", "Nothing"], 1),
    **dict.fromkeys(["UInt16", "Int16", "Enum16", "Date", "BFloat16"], 2),
    **dict.fromkeys(["UInt32", "Int32", "Float32", "Date32", "DateTime", "IPv4", "Decimal32"], 4),
    **dict.fromkeys(["UInt64", "Int64", "Float64", "DateTime64", "Decimal64"], 8),
    **dict.fromkeys(["UInt128", "Int128", "UUID", "IPv6", "Decimal128"], 16),
    **dict.fromkeys(["UInt256", "Int256", "Decimal256"], 32),
}
# Digits of precision that fit into so many bytes.
_DECIMAL_SIZES = [(9, 4), (18, 8), (38, 16), (76, 32)]
_ALIASES = {"Point": "Tuple(Float64, Float64)", "Ring": "Array(Point)", "Polygon": "Array(Ring)"}
_KEY_SIZES = (1, 2, 4, 8)  # of low cardinality, by the lowest byte of its flags


@dataclass(frozen=True)
class Span:
    """One type: how to walk over its prefix and over ``rows`` of its values."""

    inner: tuple[Span, ...] = ()

    def walk_prefix(self, reader: RecordingReader) -> None:
        for span in self.inner:
            span.walk_prefix(reader)

    def walk(self, rows: int, reader: RecordingReader) -> None:
        """Here: a tuple, whose elements follow one another."""
        for span in self.inner:
            span.walk(rows, reader)


@dataclass(frozen=True)
class FixedSpan(Span):
    size: int = 1

    def walk(self, rows: int, reader: RecordingReader) -> None:
        if rows:
            reader.read(rows * self.size)


class StringSpan(Span):
    def walk(self, rows: int, reader: RecordingReader) -> None:
        if rows:
            reader.read_strings(rows)


class NullableSpan(Span):
    def walk(self, rows: int, reader: RecordingReader) -> None:
        if rows:
            reader.read(rows)
        super().walk(rows, reader)


class ArraySpan(Span):
    def walk(self, rows: int, reader: RecordingReader) -> None:
        if rows:
            offsets = reader.read(rows * 8)
            (elements,) = unpack("<Q", offsets[-8:])
            super().walk(elements, reader)


class LowCardinalitySpan(Span):
    def walk_prefix(self, reader: RecordingReader) -> None:
        reader.read(8)

    def walk(self, rows: int, reader: RecordingReader) -> None:
        if rows:
            flags, distinct = unpack("<QQ", reader.read(16))
            super().walk(distinct, reader)
            (keys,) = unpack("<Q", reader.read(8))
            reader.read(keys * _KEY_SIZES[flags & 0xFF])


@cache
def span_of(type_name: str) -> Span:
    """The span of a type; ClickHouse error 50 when it is not known here."""
    family, arguments = split_type(_ALIASES.get(type_name, type_name))
    if family in _FIXED_SIZES:
        return FixedSpan(size=_FIXED_SIZES[family])
    if family.startswith("Interval"):
        return FixedSpan(size=8)
    if family not in _FAMILIES:
        raise refusal(UNKNOWN_TYPE, f"The embedded ClickHouse cannot take blocks of {type_name}")
    return _FAMILIES[family](arguments)


def _decimal(arguments: list[str]) -> Span:
    digits = int(arguments[0])
    return FixedSpan(size=next(size for most, size in _DECIMAL_SIZES if digits <= most))


def _low_cardinality(arguments: list[str]) -> Span:
    family, inner = split_type(arguments[0])
    return LowCardinalitySpan((span_of(inner[0] if family == "Nullable" else arguments[0]),))


def _elements(arguments: list[str]) -> tuple[Span, ...]:
    return tuple(span_of(without_name(element)) for element in arguments)


_FAMILIES: dict[str, Callable[[list[str]], Span]] = {
    "String": lambda _: StringSpan(),
    "FixedString": lambda arguments: FixedSpan(size=int(arguments[0])),
    "Decimal": _decimal,
    "Nullable": lambda arguments: NullableSpan((span_of(arguments[0]),)),
    "LowCardinality": _low_cardinality,
    "SimpleAggregateFunction": lambda arguments: span_of(arguments[1]),
    "Array": lambda arguments: ArraySpan((span_of(arguments[0]),)),
    "Tuple": lambda arguments: Span(_elements(arguments)),
    "Map": lambda arguments: ArraySpan(_elements(arguments)),
    "Nested": lambda arguments: ArraySpan(_elements(arguments)),
}


def walk_block(reader: RecordingReader) -> tuple[Columns, int]:
    """Read over one block (without its info); its columns, as names and types, and its rows."""
    count, rows = read_varint(reader), read_varint(reader)
    return [walk_column(reader, rows) for _ in range(count)], rows


def walk_column(reader: RecordingReader, rows: int) -> tuple[str, str]:
    """Read over one column; its name and type."""
    name, type_name = read_binary_str(reader), read_binary_str(reader)
    walk_values(reader, type_name, rows)
    return name, type_name


def walk_values(reader: RecordingReader, type_name: str, rows: int) -> None:
    """Read over the values of one column."""
    if rows:
        span = span_of(type_name)
        span.walk_prefix(reader)
        span.walk(rows, reader)
