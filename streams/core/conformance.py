"""Orders of steps that cannot be: reported as findings, never fatal, without effect on a clock.

Part of the core. Most of it is read off the catalogue: an event that stops clocks presupposes an
event that starts one of them. What is looked at is the whole history of a case up to an instant;
a step once taken counts as taken also after a reopening.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from schemas.case_event import StoredEvent
from schemas.instants import day_of
from streams.core.custody import ACCEPTED, DISPATCHED
from streams.core.rules import (
    CLOSES_PAUSE,
    OPENS_PAUSE,
    REOPENED,
    SUBMITTED,
    SUPPLEMENT,
    SUSPENSION,
    TERMINAL,
    ItemRules,
    PolicyRules,
    StartRule,
)

NOTE = "note"
RESOLVED = "resolved"


class FindingCode(StrEnum):
    """What cannot be about the order of a case's events; also a metric label."""

    BEFORE_SUBMISSION = "before-submission"
    SUBMITTED_AGAIN = "submitted-again"
    AFTER_THE_END = "after-the-end"
    REOPENED_WHILE_OPEN = "reopened-while-open"
    RESUMED_WITHOUT_SUSPENSION = "resumed-without-suspension"
    PROVIDED_WITHOUT_REQUEST = "provided-without-request"
    RESOLVED_BEFORE_ACCEPTED = "resolved-before-accepted"
    RESOLVED_BEFORE_FIRST_STEP = "resolved-before-first-step"
    DECIDED_WITHOUT_ACCEPTANCE = "decided-without-acceptance"
    NEVER_DISPATCHED = "never-dispatched"
    DISPATCHED_TO_ANOTHER = "dispatched-to-another"
    STEP_SKIPPED = "step-skipped"
    STEP_NOT_CALLED_FOR = "step-not-called-for"


_UNOPENED = {
    SUPPLEMENT: FindingCode.PROVIDED_WITHOUT_REQUEST,
    SUSPENSION: FindingCode.RESUMED_WITHOUT_SUSPENSION,
}


class Finding(NamedTuple):
    """One event out of order; ``missing`` are the types of events one of which should precede."""

    code: FindingCode
    event: StoredEvent
    missing: tuple[str, ...] = ()


def conformance(events: Sequence[StoredEvent], rules: ItemRules) -> list[Finding]:
    """Return the findings about a case's events (sorted, up to the instant), in their order.

    Events of a type that the item does not have are set aside before and count for nothing here.
    """
    walk = _Walk(rules)
    for event in events:
        if event.type in rules.types:
            walk.take(event)
    return walk.findings


class _Walk:
    def __init__(self, rules: ItemRules) -> None:
        self.rules = rules
        self.findings: list[Finding] = []
        self.seen: dict[str, list[StoredEvent]] = {}
        self.open_pauses: set[str] = set()
        self.is_closed = False

    def take(self, event: StoredEvent) -> None:
        """Check an event against what came before it, then remember it."""
        kind = event.type
        self._check_submission(event)
        if self.is_closed and kind not in (REOPENED, NOTE, SUBMITTED):
            self._report(FindingCode.AFTER_THE_END, event)
        elif not self.is_closed:
            self._check_open(event)
        if kind == REOPENED and self.is_closed:
            self.is_closed = False
            self.open_pauses.clear()
        elif kind in TERMINAL:
            self.is_closed = True
        self.seen.setdefault(kind, []).append(event)

    def _report(self, code: FindingCode, event: StoredEvent, *missing: str) -> None:
        self.findings.append(Finding(code, event, missing))

    def _check_submission(self, event: StoredEvent) -> None:
        was_submitted = SUBMITTED in self.seen
        if event.type == SUBMITTED:
            if was_submitted:
                self._report(FindingCode.SUBMITTED_AGAIN, event)
        elif not was_submitted and event.type != NOTE:
            self._report(FindingCode.BEFORE_SUBMISSION, event, SUBMITTED)

    def _check_open(self, event: StoredEvent) -> None:
        kind = event.type
        if kind == REOPENED:
            self._report(FindingCode.REOPENED_WHILE_OPEN, event, *sorted(TERMINAL))
        elif kind in OPENS_PAUSE:
            self.open_pauses.add(OPENS_PAUSE[kind])
        elif kind in CLOSES_PAUSE:
            pause = CLOSES_PAUSE[kind]
            if pause not in self.open_pauses:
                self._report(_UNOPENED[pause], event)
            self.open_pauses.discard(pause)
        if SUBMITTED not in self.seen:
            return
        policy = self.rules.in_force(day_of(event.at))
        if kind == RESOLVED:
            self._check_resolved(event, policy)
        elif kind not in TERMINAL:
            self._check_step(event, policy)

    def _check_resolved(self, event: StoredEvent, policy: PolicyRules) -> None:
        """A case is not resolved before it was accepted, or had the first step of its item."""
        first = _first_steps(policy)
        if _needs_acceptance(policy):
            if ACCEPTED not in self.seen:
                self._report(FindingCode.RESOLVED_BEFORE_ACCEPTED, event, ACCEPTED)
        elif first and self.seen.keys().isdisjoint(first):
            self._report(FindingCode.RESOLVED_BEFORE_FIRST_STEP, event, *sorted(first))

    def _check_step(self, event: StoredEvent, policy: PolicyRules) -> None:
        """A step that stops clocks needs an event that starts one of them."""
        starts = [
            (kind, start)
            for kind, rules in policy.starts.items()
            for start in rules
            if event.type in start.clock.stops and not start.clock.stops >= TERMINAL
        ]
        missing = sorted({kind for kind, _ in starts})
        if not starts or any(self._has_begun(kind, start) for kind, start in starts):
            self._check_township(event, missing)
        elif not self.seen.keys().isdisjoint(missing):
            self._report(FindingCode.STEP_NOT_CALLED_FOR, event, *missing)
        elif missing == [ACCEPTED]:
            self._report(FindingCode.DECIDED_WITHOUT_ACCEPTANCE, event, ACCEPTED)
        elif missing == [DISPATCHED]:
            self._report(FindingCode.NEVER_DISPATCHED, event, DISPATCHED)
        else:
            self._report(FindingCode.STEP_SKIPPED, event, *missing)

    def _has_begun(self, kind: str, start: StartRule) -> bool:
        return any(start.matches(earlier.attributes) for earlier in self.seen.get(kind, ()))

    def _check_township(self, event: StoredEvent, missing: list[str]) -> None:
        """A township that reports a dispatched step must be one that the case was dispatched to."""
        named = event.heading.township if event.heading else None
        if missing != [DISPATCHED] or named is None:
            return
        given = {
            earlier.heading.township if earlier.heading else None
            for earlier in self.seen[DISPATCHED]
        }
        if None not in given and named not in given:
            self._report(FindingCode.DISPATCHED_TO_ANOTHER, event, DISPATCHED)


def _needs_acceptance(policy: PolicyRules) -> bool:
    return ACCEPTED in policy.starts or any(
        ACCEPTED in rule.stops for rule in policy.clocks.values()
    )


def _first_steps(policy: PolicyRules) -> frozenset[str]:
    """Return the events that stop a clock of the submission and do not end the case."""
    stops = frozenset[str]().union(
        *(start.clock.stops for start in policy.starts.get(SUBMITTED, ()))
    )
    return stops - TERMINAL
