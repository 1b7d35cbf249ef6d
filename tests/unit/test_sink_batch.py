"""When records are worth a block."""

from __future__ import annotations

from sinks.batch import Batch, Limits
from sinks.record import Record

LIMITS = Limits(rows=3, size_bytes=100, age_s=1.0)


def batch(count: int, size: int = 1) -> Batch:
    made = Batch("topic", 0, started_at_s=50.0)
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
