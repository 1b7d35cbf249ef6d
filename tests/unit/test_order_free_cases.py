"""The smallest courses that random ones (``test_order_free``) were reduced to."""

from __future__ import annotations

import pytest

from tests.builders import at, delivered, event
from tests.reference.reading import Record
from tests.unit.order_free_claims import assert_as_the_reference
from tests.unit.order_free_world import Broker, Crashed, Worker

MORNING = "2026-03-02 09:00"  # a Monday


def fired(worker: Worker, now: str) -> list[tuple[str, str, str, int]]:
    return [
        (one.clock, one.level, one.state.value, one.revision)
        for effects in worker.sweep(at(now))
        for one in effects.escalations
    ]


def sent(worker: Worker, now: str, *records: Record) -> None:
    worker.broker.send(*map(delivered, records))
    worker.read(at(now))


def test_a_case_without_an_item_gives_the_sweeps_no_work() -> None:
    worker = Worker(Broker())
    sent(worker, MORNING, event("A", "2", "accepted", MORNING))
    assert fired(worker, "2026-03-03 09:00") == []
    assert worker.broker.states
    assert not worker.keeper.has_work(at("2026-03-04 09:00"))


def test_an_event_ahead_of_now_counts_at_its_very_instant() -> None:
    worker = Worker(Broker())
    accepted = event("A", "2", "accepted", "2026-03-02 20:00")
    sent(worker, MORNING, event("A", "1", "submitted", MORNING), accepted)
    worker.sweep(at("2026-03-02 19:59:59.999"))
    assert [state.applied for state in worker.state.cases()] == [1]
    worker.sweep(at("2026-03-02 20:00"))
    assert [state.applied for state in worker.state.cases()] == [2]


def test_a_case_that_is_due_in_a_moment_does_not_keep_a_late_one_from_its_sweep() -> None:
    worker = Worker(Broker())
    sent(worker, MORNING, event("A", "1", "submitted", MORNING))
    sent(worker, MORNING, event("B", "1", "submitted", "2026-03-02 08:59:59.900"))
    worker.sweep(at("2026-03-03 08:00"))
    sent(worker, "2026-03-03 08:00", event("B", "2", "accepted", "2026-03-02 10:00"))
    slices = worker.sweep(at("2026-03-03 08:59:59.850"), 1)
    assert [len(one.escalations) for one in slices] == [1]


def test_what_was_published_before_a_crash_is_withdrawn_if_it_was_mistaken() -> None:
    worker = Worker(Broker())
    sent(worker, MORNING, event("A", "1", "submitted", MORNING))
    worker.crash_after = 2
    with pytest.raises(Crashed):
        worker.sweep(at("2026-03-03 05:00:00.001"))
    worker.start()
    sent(worker, "2026-03-03 06:00", event("A", "2", "rejected", "2026-03-02 10:00"))
    assert fired(worker, "2026-03-03 06:00") == [
        ("accept", "yellow", "withdrawn", 2),
        ("dispatch", "yellow", "withdrawn", 2),
    ]


def test_what_was_published_is_withdrawn_where_the_item_was_another() -> None:
    worker = Worker(Broker())
    sent(worker, MORNING, event("A", "1", "submitted", MORNING))
    assert ("dispatch", "red", "fired", 1) in fired(worker, "2026-03-03 10:00")
    sent(worker, "2026-03-03 11:00", event("A", "2", "note", "2026-03-02 08:00",
                                           item="civil.temporary-aid"))  # fmt: skip
    assert ("dispatch", "red", "withdrawn", 2) in fired(worker, "2026-03-03 11:00")


def test_what_was_published_is_withdrawn_where_the_case_has_no_item_after_all() -> None:
    worker = Worker(Broker())
    sent(worker, MORNING, event("A", "1", "submitted", MORNING))
    assert ("dispatch", "red", "fired", 1) in fired(worker, "2026-03-03 10:00")
    # One identity, and of the two the one that comes first by its type has no item.
    sent(worker, "2026-03-03 11:00", event("A", "1", "accepted", MORNING))
    assert ("dispatch", "red", "withdrawn", 2) in fired(worker, "2026-03-03 11:00")


def test_a_now_that_goes_back_a_little_confuses_no_case() -> None:
    worker = Worker(Broker())
    submitted = event("A", "1", "submitted", "2026-03-02 09:00:00")
    note = event("A", "2", "note", "2026-03-02 09:00:00.500")
    accepted = event("A", "3", "accepted", "2026-03-02 09:00:00.400")
    sent(worker, "2026-03-02 09:00:00.900", submitted, note)
    sent(worker, "2026-03-02 09:00:00.200", accepted)
    worker.sweep(at("2026-03-03 10:00"))
    assert_as_the_reference(worker, [submitted, note, accepted], at("2026-03-03 10:00"))


def test_a_now_that_goes_back_a_little_withdraws_nothing_that_was_true() -> None:
    worker = Worker(Broker())
    sent(worker, MORNING, event("A", "1", "submitted", MORNING))
    assert ("accept", "red", "fired", 1) in fired(worker, "2026-03-03 09:00:00.001")
    sent(worker, "2026-03-03 08:59:59", event("A", "2", "note", "2026-03-03 08:00"))
    assert fired(worker, "2026-03-03 08:59:59") == []
