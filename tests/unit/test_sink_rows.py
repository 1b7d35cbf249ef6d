"""From records to columns: what is kept, what is not, and what a block is made of."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any

import msgspec
import pytest

from schemas import case_state
from schemas.aggregate import Aggregate, Group
from schemas.case_state import CaseState, Cycle, Interval, Violation
from schemas.errors import Misconfigured
from schemas.topics import AGGREGATES, CASE_EVENTS, CASE_STATES
from sinks.batch import Batch
from sinks.clickhouse import case_event_rows
from sinks.clickhouse.block import Block, version
from sinks.clickhouse.blocks import Blocks
from sinks.record import Record
from tests.builders import at, event

BLOCKS = Blocks({"water.drinking": "water"})


def batch_of(topic: str, *values: bytes | None) -> Batch:
    batch = Batch(topic, 1, 0.0)
    batch.extend([Record(offset, 1_000 + offset, value) for offset, value in enumerate(values)])
    return batch


def block(topic: str, *values: bytes | None) -> Block:
    return BLOCKS.block([batch_of(topic, *values)])


def rows(*batches: Batch) -> list[dict[str, Any]]:
    return [
        dict(zip(BLOCKS.table(batch.topic)[1], row, strict=True))
        for batch in batches
        for row in BLOCKS.rows(batch, Counter())
    ]


def event_row(**fields: Any) -> dict[str, Any]:
    record = event("W1", "a1", "submitted", "2026-03-02 09:00") | fields
    (row,) = rows(batch_of(CASE_EVENTS.name, json.dumps(record).encode()))
    return row


def test_a_block_of_two_partitions_has_the_rows_of_both_each_with_its_own() -> None:
    batches = [Batch(CASE_EVENTS.name, partition, 0.0) for partition in (2, 0)]
    for batch in batches:
        record = event(f"W{batch.partition}", "a1", "submitted", "2026-03-02 09:00")
        batch.extend([Record(7, 0, json.dumps(record).encode()), Record(8, 0, b"{")])
    made = BLOCKS.block(batches)
    found = [(each["case_id"], each["source_partition"]) for each in rows(*batches)]
    assert found == [("W2", 2), ("W0", 0)]
    assert made.skipped.total() == 2
    assert made.token != BLOCKS.block(batches[:1]).token


def test_of_the_attributes_only_the_known_ones_are_kept_and_never_free_text() -> None:
    said = "张三家的水是浑的"
    row = event_row(
        attributes={
            "confirmed": True, "grade": "C", "round": 2, "offers": 15.0, "clock": "decide",
            "by": "15wd", "reason": said, "remark": said, "extra": {"deep": said},
        },
        note=said,
    )  # fmt: skip
    assert said not in repr(row)
    kept = {name: row[name] for name in ("confirmed", "grade", "round", "offers", "clock")}
    assert kept == {"confirmed": True, "grade": "C", "round": 2, "offers": 15, "clock": "decide"}
    assert (row["extended_by"], row["reason_given"]) == ("15wd", True)


@pytest.mark.parametrize(
    ("attribute", "value", "column", "kept"),
    [
        ("confirmed", "true", "confirmed", None),
        ("confirmed", 1, "confirmed", None),
        ("placed", False, "placed", False),
        ("grade", "村东头李家", "grade", ""),
        ("grade", ["C"], "grade", ""),
        ("clock", "see the letter of 3 May", "clock", ""),
        ("round", 10**30, "round", 2**32 - 1),
        ("by", "0" * 40 + "1d", "extended_by", ""),
        ("reason", " ", "reason_given", False),
        ("reason", None, "reason_given", False),
    ],
)
def test_an_attribute_that_is_not_of_its_kind_leaves_nothing_behind(
    attribute: str, value: object, column: str, kept: object
) -> None:
    assert event_row(attributes={attribute: value})[column] == kept


def test_a_sequence_that_no_column_can_hold_does_not_stop_the_sink() -> None:
    assert event_row(sequence=10**25)["sequence"] == 2**63 - 1
    assert event_row(sequence=-(10**25))["sequence"] == -(2**63 - 1)
    assert event_row()["sequence"] is None


def record_hash(**fields: Any) -> int:
    return int(event_row(**fields)["record_hash"])


def test_one_record_spelt_in_another_order_is_the_same_and_a_differing_one_is_not() -> None:
    record = event("W1", "a1", "submitted", "2026-03-02 09:00", attributes={"a": 1, "b": 2})
    turned = dict(reversed(record.items())) | {"attributes": {"b": 2, "a": 1}}
    made = rows(
        batch_of(CASE_EVENTS.name, *(json.dumps(each).encode() for each in (record, turned)))
    )
    assert made[0]["record_hash"] == made[1]["record_hash"]
    different = [
        record_hash(),
        record_hash(attributes={}),
        record_hash(sequence=0),
        record_hash(occurred_at="2026-03-02T01:00:00Z"),
        record_hash(county="530103"),
        record_hash(note="x"),
    ]
    assert len(set(different)) == len(different)


def test_the_hash_of_a_record_stays_as_it_is_in_warehouses_that_exist() -> None:
    assert record_hash(attributes={"round": 1}, sequence=3) == HASH_OF_A_RECORD


HASH_OF_A_RECORD = 399464607686582612


def state(change: int, **fields: Any) -> bytes:
    return case_state.encode(CaseState("W1", 1, change, item="water.drinking", **fields))


def test_of_the_states_of_a_case_in_a_block_the_newest_is_written_whatever_their_order() -> None:
    states = state(5), state(7, outcome="resolved"), state(6)
    (row,) = rows(batch_of(CASE_STATES.name, *states))
    assert (row["version"], row["outcome"]) == (version(1, 7), "resolved")
    made = block(CASE_STATES.name, *states)
    assert (made.rows, made.skipped["replaced-in-block"]) == (1, 2)


def test_a_rebuild_is_newer_than_everything_of_the_generation_before_it() -> None:
    assert version(2, 0) > version(1, 10**12)
    assert version(1, 8) > version(1, 7)
    assert version(2**24 - 1, 2**40 - 1) == 2**64 - 1


def test_a_case_is_one_row_with_the_verdicts_of_all_its_cycles() -> None:
    live = Cycle("overall", "a1", 1, 1, "2021-11", 10, due_at=99)
    ended = Cycle("accept", "a1", 1, 1, "2021-11", 24, 0, 50, False, "met", 40, "a2")
    (row,) = rows(
        batch_of(
            CASE_STATES.name,
            state(
                1,
                live=[live],
                ended=[ended],
                pauses={
                    "supplement": [Interval(1, 2)],
                    "suspension": [Interval(1, 2), Interval(3)],
                },
                violations=[Violation("reason-required", "a9")],
                loads=["L1"],
            ),
        )
    )
    assert row["verdicts.clock"] == ("accept", "overall")
    assert row["verdicts.outcome"] == ("met", "live")
    assert row["verdicts.due_at"] == (50, 99)
    assert row["verdicts.stop_event_id"] == ("a2", "")
    assert row["open_pauses"] == ["suspension"]
    assert (row["violations.rule"], row["held"]) == (("reason-required",), True)


def test_a_tombstone_is_passed_over() -> None:
    made = block(CASE_STATES.name, state(1), None)
    assert (made.rows, made.skipped["tombstone"]) == (1, 1)


def test_a_batch_without_a_good_record_is_a_block_without_rows() -> None:
    assert block(CASE_EVENTS.name, b"{").rows == 0


def aggregate(change: int, count: int, day: str | None = "2026-03-02") -> bytes:
    group = Group("received", day, "530102", due_at=at("2026-03-02 09:00"))
    return msgspec.json.encode(
        Aggregate(group=group, partition=2, count=count, generation=1, change=change)
    )


def test_of_the_counts_of_a_group_in_a_block_the_newest_is_written() -> None:
    (row,) = rows(batch_of(AGGREGATES.name, aggregate(1, 5), aggregate(3, 4), aggregate(2, 6)))
    assert (row["count"], row["version"], row["partition"]) == (4, version(1, 3), 2)
    assert row["day"] == dt.date(2026, 3, 2)


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        (None, dt.date(1900, 1, 1)),
        ("0000-12-31", dt.date(1900, 1, 1)),
        ("0001-01-01", dt.date(1900, 1, 1)),
        ("10000-01-01", dt.date(2299, 12, 31)),
        ("9999-12-31", dt.date(2299, 12, 31)),
    ],
)
def test_a_day_that_no_column_can_hold_does_not_stop_the_sink(
    day: str | None, kept: dt.date
) -> None:
    (row,) = rows(batch_of(AGGREGATES.name, aggregate(1, 1, day)))
    assert row["day"] == kept


@pytest.mark.parametrize("topic", [CASE_STATES.name, AGGREGATES.name])
def test_a_record_of_ours_that_cannot_be_read_is_an_error_that_says_where(topic: str) -> None:
    with pytest.raises(Misconfigured, match=rf"{topic} partition 1, offsets 0 to 0"):
        block(topic, b"\xc1")


def test_the_same_records_give_the_same_token_and_a_topic_made_anew_another() -> None:
    assert block(CASE_STATES.name, state(1)).token == block(CASE_STATES.name, state(1)).token
    later = Batch(CASE_STATES.name, 1, 0.0)
    later.extend([Record(0, 77_000, state(1))])
    assert BLOCKS.block([later]).token != block(CASE_STATES.name, state(1)).token


def test_every_row_has_a_value_for_every_column() -> None:
    row = event_row()
    assert tuple(row) == case_event_rows.NAMES
