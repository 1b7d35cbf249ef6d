"""The partition of a key is the one that Kafka's own Java clients choose."""

from __future__ import annotations

import pytest

from schemas.partitioning import murmur2, partition_of


# What org.apache.kafka.common.utils.Utils.murmur2 of kafka-clients 4.4.0 returns (signed).
@pytest.mark.parametrize(
    ("key", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
        ("", 275646681),
        ("举手", 1976822996),
        ("YN530112-0000001", 1299174412),
    ],
)
def test_the_hash_is_that_of_javas_murmur2(key: str, signed: int) -> None:
    assert murmur2(key.encode()) == signed % 2**32


def test_a_partition_is_taken_from_the_hash_without_its_sign() -> None:
    assert partition_of(b"21", 7) == (-973932308 & 0x7FFFFFFF) % 7


def test_every_partition_gets_some_of_many_keys() -> None:
    assert {partition_of(f"CA530112-{n:06d}".encode(), 12) for n in range(500)} == set(range(12))
