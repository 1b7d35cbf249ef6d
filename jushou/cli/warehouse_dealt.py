"""Items dealt out to files on disk by a hash, so that only those of one file are in memory.

``jushou warehouse verify`` replays a log of any length in the memory of some 50,000 cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec
from clickhouse_cityhash.cityhash import CityHash64

# About as many events as 50,000 cases have; each is some 300 bytes in its file.
ITEMS_PER_FILE = 400_000
_write = msgspec.msgpack.Encoder().encode
_SIZE = 4
Item = TypeVar("Item")


def file_count(items: int) -> int:
    """Return how many files so many items are dealt out to."""
    return items // ITEMS_PER_FILE + 1


class Dealt(Generic[Item]):
    """``count`` files under a folder; what has one key is in one file, in the order dealt.

    ``item`` is the type of an item. Dealt first, then read: reading ends the writing.
    """

    def __init__(self, folder: Path, name: str, count: int, item: type[Item] | Any) -> None:
        self.count = count
        self.items = 0
        self._paths = [folder / f"{number}.{name}" for number in range(count)]
        self._files: list[BinaryIO] = []
        self._read = msgspec.msgpack.Decoder(item).decode

    def put(self, key: str, item: Item) -> None:
        """Write an item to the file of its key."""
        if not self._files:
            self._files = [path.open("xb") for path in self._paths]
        written = _write(item)
        file = self._files[int(CityHash64(key.encode())) % self.count]
        file.write(len(written).to_bytes(_SIZE, "little"))
        file.write(written)
        self.items += 1

    def read(self, number: int) -> Iterator[Item]:
        """Yield the items of a file."""
        for file in self._files:
            file.close()
        self._files = []
        path = self._paths[number]
        if not path.exists():
            return
        with path.open("rb") as file:
            while size := file.read(_SIZE):
                yield self._read(file.read(int.from_bytes(size, "little")))

    def where(self, column: str, number: int) -> str:
        """Return the condition in SQL of the keys of a file; ``column`` is a text."""
        return f"cityHash64({column}) % {self.count} = {number}"
