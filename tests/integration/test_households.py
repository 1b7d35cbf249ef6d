"""The household worker on a real broker: signals in, leads and lives out, whatever dies."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from confluent_kafka import Message

from jushou.runtime.kafka_broker import KafkaBroker
from producers.publish import BulkLoad, Publisher
from producers.simulator.province import Province, encode_event
from schemas import household
from schemas.bulk_load import LOAD_HEADER
from schemas.errors import DeadLetterReason
from schemas.household import HouseholdState
from schemas.lead import lead_case_id
from schemas.monitoring.load import load_monitoring
from schemas.signal import decode
from schemas.topics import (
    CASE_EVENTS,
    DEAD_LETTERS,
    HOUSEHOLD_CHECKPOINTS,
    HOUSEHOLD_EVENTS,
    HOUSEHOLD_STATES,
    SIGNALS,
)
from streams.agents.household_restore import _records, find_household, restore_households
from streams.core.household import add_signal, settle
from tests.household_builders import encoded, ms, signal_record
from tests.pipeline import Pipeline, until

DATA = load_monitoring()
AS_OF = "2026-06-01T00:00:00+08:00"


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker whose topics have the names of production."""
    with KafkaBroker(tmp_path_factory.mktemp("household-kafka")) as broker:
        yield broker


class Households(Pipeline):
    """A pipeline, and what its household workers published."""

    def records(self, topic: str) -> list[Message]:
        partitions = 1 if topic == DEAD_LETTERS.name else self.settings.partitions
        return list(_records(self.bootstrap, [(topic, number) for number in range(partitions)]))

    def letters(self) -> list[dict[str, str]]:
        """The headers of the dead letters."""
        headers = [
            cast("list[tuple[str, bytes]]", record.headers() or [])
            for record in self.records(DEAD_LETTERS.name)
        ]
        return [{name: value.decode() for name, value in each} for each in headers]

    def leads(self) -> dict[str, set[bytes]]:
        """What was published of each lead."""
        found: dict[str, set[bytes]] = {}
        for record in self.records(CASE_EVENTS.name):
            value = record.value() or b""
            if b'"monitoring.lead"' in value:
                found.setdefault(str(json.loads(value)["case_id"]), set()).add(value)
        return found

    def kept(self) -> dict[str, HouseholdState]:
        restored = restore_households(self.bootstrap, range(self.settings.partitions))
        return {
            key: household.decode(packed)
            for one in restored.values()
            for key, packed in one.states.items()
        }


@pytest.fixture
def pipeline(own_broker: KafkaBroker, tmp_path: Path) -> Iterator[Households]:
    running = Households(own_broker.bootstrap, tmp_path)
    running.fresh_topics()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def signals() -> list[bytes]:
    """The signals of a simulated half-year."""
    province = Province(7, dt.date(2026, 1, 5), 140, 6_000)
    return [encode_event(signal) for signal in province.signals()]


def folded(signals: list[bytes]) -> dict[str, HouseholdState]:
    """What the core alone makes of the signals."""
    found: dict[str, HouseholdState] = {}
    for raw in signals:
        read = decode(raw)
        add_signal(found.setdefault(read.household, HouseholdState(read.household)), read.signal)
    for state in found.values():
        settle(state, DATA)
    return found


def without_version(state: HouseholdState) -> bytes:
    return msgspec.msgpack.encode(msgspec.structs.replace(state, generation=0, change=0))


def test_signals_become_a_lead_whose_clocks_run_and_whose_life_is_told(
    pipeline: Households,
) -> None:
    pipeline.send_signals(
        signal_record("s1", "H1", "2026-05-03 09:00"),
        signal_record("s2", "H1", "2026-05-09 09:00", indicator="medical-expense", value=50_000),
        signal_record("s3", "H2", "2026-05-09 09:00", value=1),
    )
    pipeline.join()
    case_id = lead_case_id("H1", ms("2026-05-01"))
    assert set(pipeline.leads()) == {case_id}

    def told(number: int, kind: str, day: str, **attributes: Any) -> dict[str, Any]:
        at = f"2026-05-{day}T09:00:00+08:00"
        return {"event_id": f"e{number}", "case_id": case_id, "type": kind, "occurred_at": at,
                "schema_version": "1", "attributes": attributes}  # fmt: skip

    pipeline.send(
        told(1, "verified", "10", confirmed=True),
        told(2, "measures_assigned", "12"),
        told(3, "resolved", "13"),
        told(4, "note", "25", life="cleared"),
        told(5, "submitted", "15") | {
            "case_id": "W1", "item": "water.drinking", "county": "530102", "raised_by": "self",
            "channel": "app", "household": "H1",
        },
    )  # fmt: skip
    pipeline.judge(AS_OF)
    verify = next(each for each in pipeline.verdicts(AS_OF) if each[2] == "verify")
    assert (verify[0], verify[9]) == (case_id, "met")
    pipeline.join()
    found = find_household(pipeline.bootstrap, "H1")
    assert found is not None
    summary = found.summary
    assert [event.life for event in summary.life] == ["found", "verified", "assisted", "cleared"]
    assert (summary.first_direction, summary.lead_time_s) == ("government", 12 * 86_400)
    other = find_household(pipeline.bootstrap, "H2")
    assert other is not None
    assert (other.summary.below_threshold, other.published) == (1, [])
    assert find_household(pipeline.bootstrap, "H3") is None


def test_workers_killed_at_any_moment_lose_no_signal_and_make_no_lead_twice(
    pipeline: Households, signals: list[bytes]
) -> None:
    part = len(signals) // 2 + 1
    for number in range(2):
        pipeline.send_signals(*signals[number * part : (number + 1) * part])
        before = len(pipeline.leads())
        worker = pipeline.households(name=f"victim-{number}")
        until(lambda before=before: len(pipeline.leads()) > before, "a lead is out")  # type: ignore[misc]
        worker.kill()
    pipeline.join()
    expected = folded(signals)
    kept = pipeline.kept()
    assert {key: without_version(state) for key, state in kept.items()} == {
        key: without_version(state) for key, state in expected.items()
    }
    leads = pipeline.leads()
    assert set(leads) == {one.case_id for state in expected.values() for one in state.published}
    for records in leads.values():
        assert len({json.loads(record)["event_id"] for record in records}) == 1


def test_lost_states_are_made_again_and_no_case_is_new(
    pipeline: Households, signals: list[bytes]
) -> None:
    some = signals[:200]
    pipeline.send_signals(*some)
    pipeline.join()
    before, leads = pipeline.kept(), pipeline.leads()
    pipeline.delete_topics(
        [HOUSEHOLD_STATES.name, HOUSEHOLD_CHECKPOINTS.name, HOUSEHOLD_EVENTS.name]
    )
    pipeline.create_missing_topics()
    pipeline.join()
    after = pipeline.kept()
    assert {key: without_version(state) for key, state in after.items()} == {
        key: without_version(state) for key, state in before.items()
    }
    assert pipeline.leads() == leads


def test_bad_signals_are_set_aside_with_their_reason_and_their_neighbours_count(
    pipeline: Households,
) -> None:
    pipeline.send_signals(signal_record("s1", "H1", "2026-05-03 09:00"))
    pipeline.send_signals(signal_record("s2", "H1", "2026-05-03 09:00", county="110101"))
    pipeline.send_signals(signal_record("s3", "H1", "2036-05-03 09:00"))
    pipeline.send_signals(signal_record("s4", "13800138000", "2026-05-03 09:00"))
    pipeline.send_signals(signal_record("s5", "H1", "2026-05-03 09:00"), key=b"H7")
    pipeline.send_signals(signal_record("s6", "H2", "2026-05-03 09:00"))
    pipeline.join()
    letters = pipeline.letters()
    assert sorted(letter["reason"] for letter in letters) == sorted(
        reason.value
        for reason in (
            DeadLetterReason.WRONG_VALUE, DeadLetterReason.TOO_FAR_AHEAD,
            DeadLetterReason.PERSONAL_DATA, DeadLetterReason.WRONG_KEY,
        )
    )  # fmt: skip
    assert {letter["source-topic"] for letter in letters} == {SIGNALS.name}
    assert set(pipeline.kept()) == {"H1", "H2"}
    assert len(pipeline.leads()) == 2


def test_the_leads_of_a_bulk_load_are_a_load_and_what_is_past_due_is_known_late(
    pipeline: Households,
) -> None:
    publisher = Publisher(pipeline.bootstrap, SIGNALS.name)
    with BulkLoad(publisher, "screening-of-may") as load:
        for number in range(20):
            record = signal_record(f"s{number}", f"H{number}", "2026-05-03 09:00")
            load.send(record["household"], encoded(record))
    pipeline.join()
    sent = [
        dict(each.headers() or [])
        for each in pipeline.records(CASE_EVENTS.name)
        if b"monitoring.lead" in (each.value() or b"")
    ]
    assert len(sent) == 20
    assert all(LOAD_HEADER in headers for headers in sent)
    pipeline.judge(AS_OF)
    escalations = pipeline.escalations()
    assert escalations
    assert all(one["known_late"] for one in escalations)


def test_two_workers_share_the_households_and_one_takes_over_from_a_dead_one(
    pipeline: Households, signals: list[bytes]
) -> None:
    one = pipeline.households(name="one", instance="one")
    other = pipeline.households(name="other", instance="other")
    half = len(signals) // 2
    pipeline.send_signals(*signals[:half])
    expected = folded(signals[:half])
    until(lambda: len(pipeline.kept()) == len(expected), "both have applied the first half")
    one.kill()
    pipeline.send_signals(*signals[half:])
    expected = folded(signals)
    until(lambda: len(pipeline.kept()) == len(expected), "the other one has applied the rest")
    assert other.running
    other.stop()
    pipeline.join()
    assert {key: without_version(state) for key, state in pipeline.kept().items()} == {
        key: without_version(state) for key, state in expected.items()
    }
