"""Which partition a key belongs to: Kafka's own murmur2, as Java's default partitioner has it.

One case on two partitions would be two half-cases, so producers and the worker (which checks
what it reads) must agree. librdkafka gives the same with ``partitioner=murmur2_random``; its own
default does not.
"""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Where this is compiled, numbers of the processor: no step leaves 63 bits.
    from mypy_extensions import i64

# Constants of org.apache.kafka.common.utils.Utils.murmur2.
_SEED = 0x9747B28C
_M = 0x5BD1E995
_32_BITS = 0xFFFFFFFF
_31_BITS = 0x7FFFFFFF


def murmur2(key: bytes) -> int:
    """Return the 32-bit hash of ``key``, unsigned (Java shows the same bits as signed)."""
    length = len(key)
    whole = length >> 2
    h: i64 = _SEED ^ length
    k: i64
    for k in unpack_from(f"<{whole}I", key):
        k = k * _M & _32_BITS
        k = (k ^ k >> 24) * _M & _32_BITS
        h = (h * _M & _32_BITS) ^ k
    rest = key[whole << 2 :]
    if rest:
        k = int.from_bytes(rest, "little")
        h = (h ^ k) * _M & _32_BITS
    h = (h ^ h >> 13) * _M & _32_BITS
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition, from 0, of a record with this key on a topic of ``partitions``."""
    return (murmur2(key) & _31_BITS) % partitions
