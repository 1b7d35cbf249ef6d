"""Columns in ClickHouse's Native format, filled some rows at a time.

Between the rows and the writer. Rows are many small objects: when those of a block are all made
first and written later, each comes back from memory to be written, several times over in a column
of arrays. Here some rows are written while they are in the processor's cache, and only bytes are
kept.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import accumulate, chain, islice
from struct import pack
from typing import Any
from uuid import UUID

# 64 rows of cases, and what they are made from, are some 500 KB.
_AT_ONCE = 64
_EPOCH = dt.date(1970, 1, 1).toordinal()
# LowCardinality: a dictionary of the block's own, and how many bytes a key has.
_OWN_DICTIONARY = 1 << 9 | 1 << 10
_KEYS_VERSION = pack("<q", 1)
_KEY_CODES = "BHI"


class Field(ABC):
    """What rows have one value of each: a column, or several that are filled together.

    ``type`` names what it holds, of a column as ClickHouse does.
    """

    type: str

    @abstractmethod
    def extend(self, values: Sequence[Any]) -> None:
        """Take in the values of more rows; ``TypeError`` or ``OverflowError`` if one cannot be."""

    @abstractmethod
    def columns(self, name: str) -> dict[str, Column]:
        """Return the columns of the field of this name."""

    @abstractmethod
    def spread(self, value: Any) -> tuple[Any, ...]:
        """Return what a value is in each column."""


class Column(Field):
    """The values of one column so far."""

    def columns(self, name: str) -> dict[str, Column]:
        """Return itself."""
        return {name: self}

    def spread(self, value: Any) -> tuple[Any, ...]:
        """Return the value."""
        return (value,)

    @abstractmethod
    def body(self) -> bytes:
        """Return the values as they are written."""

    def prefix(self) -> bytes:
        """Return what stands before the values, and before the sizes of an array."""
        return b""


MakesColumn = Callable[[], Column]
MakesField = Callable[[], Field]


class Numbers(Column):
    """Numbers of one width; what ClickHouse counts in them (instants, flags) is in the type."""

    def __init__(self, type_: str, code: str) -> None:
        self.type = type_
        self._values = array(code)

    def extend(self, values: Sequence[Any]) -> None:
        """Take in integers."""
        # An array made of a list or tuple takes a third of the time of one extended by it.
        self._values += array(self._values.typecode, values)

    def body(self) -> bytes:
        """Return one after the other."""
        return self._values.tobytes()


class Days(Numbers):
    """Dates; the column holds those of 1900 to 2299."""

    def __init__(self) -> None:
        super().__init__("Date32", "i")

    def extend(self, values: Sequence[dt.date]) -> None:
        """Take in dates."""
        super().extend([value.toordinal() - _EPOCH for value in values])


class Uuids(Column):
    """UUIDs."""

    type = "UUID"

    def __init__(self) -> None:
        self._halves = array("Q")

    def extend(self, values: Sequence[UUID]) -> None:
        """Take in UUIDs."""
        self._halves.extend(half for value in values for half in divmod(value.int, 1 << 64))

    def body(self) -> bytes:
        """Return the upper half of each, then the lower."""
        return self._halves.tobytes()


class Nullable(Column):
    """Numbers of which some are null."""

    def __init__(self, numbers: Numbers) -> None:
        self.type = f"Nullable({numbers.type})"
        self._numbers = numbers
        self._nulls = bytearray()

    def extend(self, values: Sequence[Any]) -> None:
        """Take in integers and ``None``."""
        self._nulls += bytes([value is None for value in values])
        self._numbers.extend([0 if value is None else value for value in values])

    def body(self) -> bytes:
        """Return which are null, then all."""
        return bytes(self._nulls) + self._numbers.body()


class Strings(Column):
    """Strings of any length."""

    type = "String"

    def __init__(self) -> None:
        self._bytes = bytearray()

    def extend(self, values: Sequence[str]) -> None:
        """Take in strings."""
        put = self._bytes
        for value in values:
            raw = value.encode()
            size = len(raw)
            while size > 0x7F:
                put.append(size & 0x7F | 0x80)
                size >>= 7
            put.append(size)
            put += raw

    def body(self) -> bytes:
        """Return each after its length."""
        return bytes(self._bytes)


class _Keys(dict[str, int]):
    """The words that there are, numbered as they come."""

    def __missing__(self, word: str) -> int:
        self[word] = key = len(self)
        return key


class Words(Column):
    """Strings of which there are few."""

    type = "LowCardinality(String)"

    def __init__(self) -> None:
        self._known = _Keys()
        self._keys = array("I")

    def extend(self, values: Sequence[str]) -> None:
        """Take in strings."""
        self._keys.extend(map(self._known.__getitem__, values))

    def prefix(self) -> bytes:
        """Return the version of the format."""
        return _KEYS_VERSION

    def body(self) -> bytes:
        """Return the dictionary, then a key for each; nothing where there is none."""
        if not self._keys:
            return b""
        words = Strings()
        words.extend(list(self._known))
        width = (len(self._known) > 1 << 8) + (len(self._known) > 1 << 16)
        return b"".join(
            (
                pack("<qq", _OWN_DICTIONARY | width, len(self._known)),
                words.body(),
                pack("<q", len(self._keys)),
                array(_KEY_CODES[width], self._keys).tobytes(),
            )
        )


class Arrays(Column):
    """A sequence for each row; ``ends`` says where that of each row ends among all values."""

    def __init__(self, inner: Column, ends: array[int]) -> None:
        self.type = f"Array({inner.type})"
        self._inner = inner
        self._ends = ends

    def extend(self, values: Sequence[Sequence[Any]]) -> None:
        """Take in sequences."""
        _add_ends(self._ends, values)
        self._inner.extend(list(chain.from_iterable(values)))

    def prefix(self) -> bytes:
        """Return that of what is in the arrays."""
        return self._inner.prefix()

    def body(self) -> bytes:
        """Return where each array ends, then all that is in them."""
        return self._ends.tobytes() + self._inner.body()


class Nested(Field):
    """Columns of arrays that are equally long in a row, which has a sequence of tuples for them.

    ``inner`` makes what the arrays hold, by the names of the columns; a tuple has a value for each.
    """

    type = "a sequence of tuples"

    def __init__(self, inner: Mapping[str, MakesColumn]) -> None:
        self._inner = {name: make() for name, make in inner.items()}
        self._ends = array("Q")

    def extend(self, values: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        """Take in sequences of tuples."""
        _add_ends(self._ends, values)
        _extend(self._inner, list(chain.from_iterable(values)))

    def columns(self, name: str) -> dict[str, Column]:
        """Return the columns of arrays, which have names of their own."""
        return {each: Arrays(column, self._ends) for each, column in self._inner.items()}

    def spread(self, value: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """Return the values of each column together."""
        return tuple(zip(*value, strict=True)) if value else ((),) * len(self._inner)


def _add_ends(ends: array[int], values: Sequence[Sequence[Any]]) -> None:
    before = ends[-1] if ends else 0
    ends.extend(islice(accumulate(map(len, values), initial=before), 1, None))


# What makes columns of numbers. Instants are milliseconds since 1970 UTC.
flags = partial(Numbers, "Bool", "B")
uint16 = partial(Numbers, "UInt16", "H")
uint32 = partial(Numbers, "UInt32", "I")
uint64 = partial(Numbers, "UInt64", "Q")
int32 = partial(Numbers, "Int32", "i")
int64 = partial(Numbers, "Int64", "q")
float64 = partial(Numbers, "Float64", "d")
instants = partial(Numbers, "DateTime64(3, 'UTC')", "q")


def nullable(make: Callable[[], Numbers]) -> MakesColumn:
    """Return what makes a column of ``make`` in which nulls may be."""
    return lambda: Nullable(make())


def arrays(make: MakesColumn) -> MakesColumn:
    """Return what makes a column of arrays of what ``make`` makes columns of."""
    return lambda: Arrays(make(), array("Q"))


def nested(inner: Mapping[str, MakesColumn]) -> MakesField:
    """Return what makes a field of columns of arrays of what ``inner`` makes columns of."""
    return lambda: Nested(inner)


def column_names(kinds: Mapping[str, MakesField]) -> tuple[str, ...]:
    """Return the names of the columns that are filled."""
    return tuple(column for name, make in kinds.items() for column in make().columns(name))


def spreader(
    kinds: Mapping[str, MakesField],
) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return what gives a row as the columns have it, a value for each of ``column_names``."""
    fields = [make() for make in kinds.values()]

    def spread(row: Sequence[Any]) -> tuple[Any, ...]:
        pairs = zip(fields, row, strict=True)
        return tuple(chain.from_iterable(field.spread(value) for field, value in pairs))

    return spread


def fill(
    kinds: Mapping[str, MakesField], rows: Iterable[Sequence[Any]]
) -> tuple[dict[str, Column], int]:
    """Return the columns of the fields ``kinds``, with the values of all rows, and how many rows.

    Raises ``ValueError``, which names the column, where a value does not fit it.
    """
    fields = {name: make() for name, make in kinds.items()}
    count, left = 0, iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        count += len(some)
        _extend(fields, some)
    columns = [field.columns(name) for name, field in fields.items()]
    return dict(chain.from_iterable(each.items() for each in columns)), count


def _extend(fields: Mapping[str, Field], rows: Sequence[Sequence[Any]]) -> None:
    """Take in the values of rows, of which each has one for each field."""
    if not rows:
        return
    for (name, field), values in zip(fields.items(), zip(*rows, strict=True), strict=True):
        try:
            field.extend(values)
        except (TypeError, OverflowError, AttributeError) as fault:
            raise ValueError(f"{name} ({field.type}): {fault}") from fault
