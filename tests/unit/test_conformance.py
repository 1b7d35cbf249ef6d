"""Orders of steps that cannot be, each reported by its code, and good lives without a finding."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.case_event import decode
from streams.core.case import Engine
from streams.core.conformance import FindingCode, conformance
from streams.core.explanation_notes import NoteCode
from streams.core.explanation_reasons import FINDINGS, NOTES
from streams.core.replay import default_engine

Step = str | tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return default_engine()


def findings(engine: Engine, item: str, *steps: Step) -> list[tuple[str, str]]:
    """The findings about events one hour apart, as (code, type)."""
    events = []
    for number, step in enumerate(steps):
        kind, fields = (step, {}) if isinstance(step, str) else step
        record = {
            "event_id": f"e{number}",
            "case_id": "C",
            "type": kind,
            "occurred_at": f"2026-03-02T{number:02d}:00:00+08:00",
            "schema_version": "1",
            "item": item,
            **fields,
        }
        if kind == "submitted":
            record |= {"county": "530102", "raised_by": "self", "channel": "wechat"}
        events.append(decode(json.dumps(record).encode(), engine.rules)[1])
    return [(one.code.value, one.event.type) for one in conformance(events, engine.rules[item])]


def attributes(**given: Any) -> dict[str, Any]:
    return {"attributes": given}


CASES: list[tuple[FindingCode, str, list[Step], str]] = [
    (FindingCode.BEFORE_SUBMISSION, "water.drinking", ["dispatched", "submitted"], "dispatched"),
    (FindingCode.SUBMITTED_AGAIN, "water.drinking", ["submitted", "submitted"], "submitted"),
    (FindingCode.AFTER_THE_END, "water.drinking", ["submitted", "withdrawn", "dispatched"],
     "dispatched"),
    (FindingCode.REOPENED_WHILE_OPEN, "water.drinking", ["submitted", "reopened"], "reopened"),
    (FindingCode.RESUMED_WITHOUT_SUSPENSION, "water.drinking",
     ["submitted", "supplement_requested", "resumed"], "resumed"),
    (FindingCode.PROVIDED_WITHOUT_REQUEST, "water.drinking", ["submitted", "supplement_provided"],
     "supplement_provided"),
    (FindingCode.RESOLVED_BEFORE_ACCEPTED, "water.drinking", ["submitted", "resolved"],
     "resolved"),
    (FindingCode.RESOLVED_BEFORE_FIRST_STEP, "monitoring.lead", ["submitted", "resolved"],
     "resolved"),
    (FindingCode.DECIDED_WITHOUT_ACCEPTANCE, "civil.temporary-aid", ["submitted", "approved"],
     "approved"),
    (FindingCode.NEVER_DISPATCHED, "water.drinking", ["submitted", "accepted", "verified"],
     "verified"),
    (FindingCode.DISPATCHED_TO_ANOTHER, "water.drinking",
     ["submitted", "accepted", ("dispatched", {"township": "530102001"}),
      ("verified", {"township": "530102002"})], "verified"),
    (FindingCode.STEP_SKIPPED, "housing.dilapidated", ["submitted", "confirmed", "completed"],
     "completed"),
    (FindingCode.STEP_NOT_CALLED_FOR, "housing.dilapidated",
     ["submitted", "confirmed", ("appraised", attributes(grade="A")), "reviewed"], "reviewed"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "item", "steps", "kind"), CASES, ids=[c[0] for c in CASES])
def test_an_order_that_cannot_be_is_one_finding_about_the_event(
    engine: Engine, code: FindingCode, item: str, steps: list[Step], kind: str
) -> None:
    assert findings(engine, item, *steps) == [(code.value, kind)]


def test_every_code_has_a_case_above_and_every_code_has_words() -> None:
    assert {case[0] for case in CASES} == set(FindingCode)
    assert set(FINDINGS) == set(FindingCode)
    assert set(NOTES) == set(NoteCode)


GOOD: list[tuple[str, list[Step]]] = [
    ("water.drinking", ["submitted", "accepted", "dispatched",
                        ("verified", attributes(confirmed=True)), "resolved"]),
    ("water.drinking", ["submitted", "rejected"]),
    ("water.drinking", ["submitted", "withdrawn", "note", "reopened", "accepted", "resolved"]),
    ("health.chronic-care", ["submitted", "accepted", "contracted", "visited", "visited",
                             "medication_requested", "medication_supplied"]),
    ("employment.job", ["submitted", "accepted", "recommended", "followed_up", "recommended",
                        "followed_up", "resolved"]),
    ("civil.minimum-living", ["submitted", "accepted", "supplement_requested",
                              "supplement_provided", "suspended", "resumed", "approved"]),
    ("education.dropout", ["submitted", "accepted", "correction_ordered", "penalised",
                           "enforcement_applied", "resolved"]),
    ("health.facility-lookup", ["submitted", "resolved"]),
    ("monitoring.lead", ["submitted", ("verified", attributes(confirmed=True)),
                         "measures_assigned"]),
]  # fmt: skip


@pytest.mark.parametrize(("item", "steps"), GOOD)
def test_a_good_life_has_no_finding(engine: Engine, item: str, steps: list[Step]) -> None:
    assert findings(engine, item, *steps) == []


def test_a_step_of_the_item_stays_taken_after_a_reopening(engine: Engine) -> None:
    steps = ["submitted", "accepted", "approved", "resolved", "reopened", "resolved"]
    assert findings(engine, "civil.temporary-aid", *steps) == []


def test_a_pause_does_not_outlive_a_reopening(engine: Engine) -> None:
    steps = ["submitted", "suspended", "withdrawn", "reopened", "resumed"]
    found = findings(engine, "civil.temporary-aid", *steps)
    assert found == [("resumed-without-suspension", "resumed")]
