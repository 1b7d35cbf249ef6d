"""What an escalation says of its deadline."""

from __future__ import annotations

from tests.builders import Partition, delivered, event

# No calendar reaches that year: its days are assumed.
DECEMBER = "2040-12-03 09:00"


def test_an_escalation_by_a_deadline_beyond_the_published_calendar_is_provisional() -> None:
    partition = Partition()
    submitted = event("A", "1", "submitted", DECEMBER, item="civil.minimum-living")
    partition.push(DECEMBER, delivered(submitted))
    partition.push(DECEMBER, delivered(event("A", "2", "accepted", DECEMBER)))
    escalations = partition.sweep("2041-03-01 09:00").escalations
    provisional = {one.clock: one.provisional for one in escalations}
    assert provisional == {"decide": True, "overall": False}


def test_one_whose_case_no_longer_has_the_cycle_is_not() -> None:
    partition = Partition()
    submitted = event("A", "1", "submitted", DECEMBER, item="civil.minimum-living")
    accepted = event("A", "2", "accepted", DECEMBER)
    partition.push(DECEMBER, delivered(submitted), delivered(accepted))
    partition.sweep("2041-03-01 09:00")
    # A smaller record with the id of the acceptance shows that it was none.
    note = event("A", "2", "note", "2040-12-02 09:00")
    partition.push("2041-03-01 09:00", delivered(note))
    withdrawn = [
        one for one in partition.sweep("2041-03-01 09:00").escalations if one.clock == "decide"
    ]
    assert withdrawn
    assert all((one.state, one.provisional) == ("withdrawn", False) for one in withdrawn)
