"""What must be true of a broker and a worker after any course, against the literal reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from schemas.case_state import CaseState
from schemas.escalation import Cause, Escalation, EscalationState
from schemas.instants import parse_instant
from streams.core import verdicts as engine_verdicts
from tests.reference import escalations, to_ms, verdicts, violations
from tests.reference.reading import Record
from tests.unit.order_free_world import Broker, Worker, recounted, unexpected_letters, written

VERDICT = ["case_id", "item", "clock", "cycle", "start_event_id", "started_at", "due_at",
           "stopped_at", "stop_event_id", "status", "breached_at", "provisional"]  # fmt: skip
ESCALATION = ["escalation_id", "case_id", "clock", "start_event_id", "level", "to", "at"]
VIOLATION = ["case_id", "rule", "event_id"]
WITHDRAWN_FOR = {Cause.MISTAKEN, Cause.SUPERSEDED}
FIRED_FOR = {Cause.REACHED, Cause.REINSTATED, Cause.MOVED}

Rows = Counter[tuple[Any, ...]]


def rows(judged: Iterable[dict[str, Any]], names: list[str]) -> Rows:
    """What is compared: a multiset, instants in milliseconds."""
    return Counter(
        tuple(
            to_ms(one[name]) if name == "at" or (name.endswith("_at") and one[name]) else one[name]
            for name in names
        )
        for one in judged
    )


def assert_as_the_reference(worker: Worker, log: list[Record], as_of_ms: int) -> None:
    """Verdicts, escalations and violations, in memory, as written and as published."""
    for states in (list(worker.state.cases()), written(worker.broker)):
        assert verdicts_of(states, as_of_ms) == rows(verdicts(log, as_of_ms), VERDICT)
        broken = Counter((s.case_id, v.rule, v.event_id) for s in states for v in s.violations)
        assert broken == rows(violations(log, as_of_ms), VIOLATION)
    assert standing(worker.broker) == rows(escalations(log, as_of_ms), ESCALATION)
    assert unexpected_letters(worker.broker) == []


def verdicts_of(states: Iterable[CaseState], as_of_ms: int) -> Rows:
    """The verdicts that the states give."""
    found = [one for state in states for one in engine_verdicts.verdicts(state, as_of_ms)]
    return Counter(tuple(getattr(one, name) for name in VERDICT) for one in found)


def standing(broker: Broker) -> Rows:
    """The escalations that stand as fired by the newest revision of each id."""
    newest = [revisions[-1] for revisions in effects(broker).values()]
    return Counter(
        (*(getattr(one, name) for name in ESCALATION[:-1]), parse_instant(one.at))
        for one in newest
        if one.state is EscalationState.FIRED
    )


def effects(broker: Broker) -> dict[str, list[Escalation]]:
    """The revisions of each id in their order, as one who deduplicates them by both takes them."""
    first: dict[tuple[str, int], Escalation] = {}
    for one in broker.escalations:
        first.setdefault((one.escalation_id, one.revision), one)
    by_id: dict[str, list[Escalation]] = {}
    for (escalation_id, _), one in sorted(first.items()):
        by_id.setdefault(escalation_id, []).append(one)
    return by_id


def sayings(broker: Broker) -> dict[tuple[str, int], tuple[str, ...]]:
    """What is published under each id and revision; the same each time, or it fails."""
    said: dict[tuple[str, int], tuple[str, ...]] = {}
    for one in broker.escalations:
        says = (one.state, one.cause, one.at, one.clock, one.level, one.to)
        assert said.setdefault((one.escalation_id, one.revision), says) == says
    return said


def assert_well_formed(broker: Broker) -> None:
    """Revisions of an id have no gaps, begin with ``fired``, and alternate except for ``moved``."""
    for revisions in effects(broker).values():
        assert [one.revision for one in revisions] == list(range(1, len(revisions) + 1))
        assert revisions[0].cause is Cause.REACHED
        for one in revisions:
            fired = one.state is EscalationState.FIRED
            assert one.cause in (FIRED_FOR if fired else WITHDRAWN_FOR)
        for before, after in pairwise(revisions):
            stays = before.state is after.state
            assert stays == (after.cause is Cause.MOVED)
            assert not stays or (before.state is EscalationState.FIRED and before.at != after.at)


def assert_each_published_once(broker: Broker) -> None:
    """Without a crash nothing is repeated."""
    assert len(broker.escalations) == sum(map(len, effects(broker).values()))


def assert_counts_follow_the_states(worker: Worker) -> None:
    """The absolute counts as published are those of the states."""
    worker.publish_counts()
    assert Counter(worker.broker.counts) == recounted(worker.state.cases())
