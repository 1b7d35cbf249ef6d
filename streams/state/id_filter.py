"""Says of most ids that are not in a set that they are not, at few bytes for each that is.

A Bloom filter of 64-bit hashes, for ``streams.state.archive``: every new case is looked for among
the archived ones. That takes 1 µs with a million in it; a question to the file takes ten times as
long.
"""

from __future__ import annotations

# 2 bytes of 8 bits for each id that there is room for, and 4 looks: of the ids that are not in it
# 1 in 200 seems to be (measured with a million in two layers and a third begun).
_BYTES_PER_ID = 2
_LOOKS = 4
# Bits of the hash between two looks. Looks share bits of a hash from 2^13 ids on, which does no
# harm: two ids meet in all four only if they share nearly all of the hash.
_SHIFT = 13
# 128 KB to begin with. A full layer is followed by one of eight times as many, so that a look
# passes over few of them: three hold 4.7 million ids. While a layer fills, its room is there before
# its ids: at most 18 bytes for each id, 9.6 with a million.
_FIRST_IDS = 65_536
_GROWTH = 8


class IdFilter:
    """Hashes that were added, in layers of bits; none is ever taken out."""

    def __init__(self) -> None:
        self._room = self._next = _FIRST_IDS
        self._layers = [bytearray(_FIRST_IDS * _BYTES_PER_ID)]

    def __sizeof__(self) -> int:
        """Return the bytes of the layers."""
        return sum(map(len, self._layers))

    def add(self, key: int) -> None:
        """Add a hash of 64 bits, signed as Python's own; twice is once."""
        if self.may_hold(key):
            return
        if not self._room:
            self._room = self._next = self._next * _GROWTH
            self._layers.append(bytearray(self._next * _BYTES_PER_ID))
        self._room -= 1
        bits = self._layers[-1]
        mask = len(bits) - 1
        for _ in range(_LOOKS):
            bits[key >> 3 & mask] |= 1 << (key & 7)
            key >>= _SHIFT

    def may_hold(self, key: int) -> bool:
        """Say whether a hash may have been added; ``False`` is certain."""
        for bits in self._layers:
            mask, rest = len(bits) - 1, key
            for _ in range(_LOOKS):
                if not bits[rest >> 3 & mask] >> (rest & 7) & 1:
                    break
                rest >>= _SHIFT
            else:
                return True
        return False
