"""When records are worth a block."""

from __future__ import annotations

import math

from sinks.batch import Batch, Limits, due_together
from sinks.record import Record

LIMITS = Limits(rows=3, size_bytes=100, age_s=1.0)


def batch(count: int, size: int = 1, topic: str = "topic", partition: int = 0) -> Batch:
    made = Batch(topic, partition, started_at_s=50.0)
    made.extend([Record(10 + offset, 0, b"x" * size) for offset in range(count)])
    return made


def test_a_batch_is_due_when_it_is_full_or_old_and_not_before() -> None:
    assert not batch(2).is_due(50.9, LIMITS)
    assert batch(2).is_due(51.0, LIMITS)
    assert batch(3).is_due(50.0, LIMITS)
    assert batch(2, size=50).is_due(50.0, LIMITS)


def test_a_batch_without_records_is_never_due() -> None:
    assert not batch(0).is_due(10_000.0, LIMITS)


def test_what_is_committed_is_the_offset_after_the_last_record() -> None:
    assert batch(3).next_offset == 13


def test_a_tombstone_has_no_size() -> None:
    made = batch(0)
    made.extend([Record(0, 0, None)])
    assert (made.size_bytes, made.next_offset) == (0, 1)


def test_with_a_batch_that_is_due_go_the_others_of_its_topic_that_one_block_takes() -> None:
    full = batch(3, partition=1)
    others = [batch(2, partition=0), batch(0, partition=2), batch(1, partition=3)]
    limits = Limits(rows=5, size_bytes=100, age_s=1.0)
    assert due_together([*others, full, batch(2, topic="other")], 50.0, limits) == []
    (together,) = due_together([*others, full, batch(2, topic="other")], 50.0, LIMITS)
    assert together == [full]
    big = batch(1, size=100, partition=1)
    assert due_together([*others, big], 50.0, Limits(rows=9, size_bytes=100, age_s=1.0)) == [[big]]
    wide = Limits(rows=6, size_bytes=1_000, age_s=1.0)
    late = Batch("topic", 4, started_at_s=49.0)
    late.extend(full.records)
    assert due_together([*others, late, batch(2, topic="other")], 50.0, wide) == [
        [late, others[0], others[2]]
    ]


def test_all_batches_go_in_as_few_blocks_as_take_them() -> None:
    many = [batch(2, partition=number) for number in range(5)]
    groups = due_together([*many, batch(1, topic="other")], math.inf, Limits(rows=4))
    assert sorted(len(group) for group in groups) == [1, 1, 2, 2]
    assert sum(len(each.records) for group in groups for each in group) == 11
