"""What changes between two judgements of the same history: of two policies, or two calendars.

Part of the core, beside the stream. ``jushou policy diff`` prints it. History is folded under both
(``streams.core.policy_trial``); nothing that was recorded or published is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from schemas.case_event import StoredEvent
from schemas.case_state import CaseState
from schemas.escalation import escalation_id
from schemas.instants import render_instant
from streams.core.policy_trial import Trial
from streams.core.rules import ItemRules
from streams.core.verdicts import Standing, Verdict, standing, verdicts


class Change(StrEnum):
    """How something differs under the new rules: it is new there, is gone, or is another."""

    APPEARS = "appears"
    DISAPPEARS = "disappears"
    CHANGES = "changes"


class VerdictSide(Struct):
    """A cycle under one of the two; instants are RFC 3339 at +08:00."""

    status: str
    due_at: str | None
    breached_at: str | None
    policy: str


class VerdictChange(Struct):
    """A cycle whose status, due instant, breach or policy's verdict differs."""

    case_id: str
    item: str
    county: str | None
    clock: str
    start_event_id: str
    cycle: int
    change: Change
    old: VerdictSide | None
    new: VerdictSide | None


class EscalationChange(Struct):
    """A step that stands as fired under one and not the other, or at another instant.

    Applying the new rules to open cycles would publish a withdrawal for what disappears, a firing
    for what appears, and both in one revision for what changes.
    """

    escalation_id: str
    case_id: str
    item: str
    county: str | None
    clock: str
    start_event_id: str
    level: str
    to: str
    change: Change
    old_at: str | None
    new_at: str | None


class ViolationChange(Struct):
    """A count rule that is broken under one and not the other."""

    case_id: str
    item: str
    county: str | None
    rule: str
    event_id: str
    change: Change


class Tally(Struct):
    """Counts of one item in one county: under the old rules, under the new, and what differs.

    ``breached`` counts cycles, open or ended, that were past due; ``late`` those of them still
    open; ``fired`` escalations that stand, by level. ``due_moved`` are cycles in both with another
    due instant.
    """

    item: str
    county: str | None
    cases: int = 0
    cases_changed: int = 0
    verdicts_changed: int = 0
    due_moved: int = 0
    old_breached: int = 0
    new_breached: int = 0
    old_late: int = 0
    new_late: int = 0
    old_fired: dict[str, int] = field(default_factory=dict)
    new_fired: dict[str, int] = field(default_factory=dict)
    old_violations: int = 0
    new_violations: int = 0


class PolicyDiff(Struct):
    """All that differs, and the counts by item and county (those with cases, changed or not)."""

    as_of: str
    cases: int
    tallies: list[Tally]
    verdicts: list[VerdictChange]
    escalations: list[EscalationChange]
    violations: list[ViolationChange]


class _Side:
    """A case as one of the two judges it."""

    def __init__(self, state: CaseState, rules: ItemRules | None, as_of: int) -> None:
        self.state = state
        self.verdicts: dict[tuple[str, str], Verdict] = {}
        self.fired: dict[tuple[str, str, str], Standing] = {}
        self.violations = {(each.rule, each.event_id) for each in state.violations}
        if rules is None:
            return
        self.verdicts = {(v.clock, v.start_event_id): v for v in verdicts(state, as_of)}
        for hit in standing(state, rules, as_of):
            self.fired[hit.cycle.clock, hit.cycle.start_event_id, hit.step.level] = hit


def compare(
    old: Trial,
    new: Trial,
    cases: Mapping[str, Sequence[StoredEvent]],
    as_of: int,
    since: int | None = None,
) -> PolicyDiff:
    """Return what differs between two judgements of the same cases as of an instant.

    Instants are milliseconds. ``since`` leaves out cases that were submitted before it, or never.
    """
    found = PolicyDiff(render_instant(as_of), 0, [], [], [], [])
    tallies: dict[tuple[str, str | None], Tally] = {}
    for case_id, events in cases.items():
        left = _Side(*old.judge(case_id, events, as_of), as_of)
        right = _Side(*new.judge(case_id, events, as_of), as_of)
        state = right.state if right.state.item is not None else left.state
        if state.item is None or not _is_since(state, since):
            continue
        found.cases += 1
        key = (state.item, state.county)
        tally = tallies.setdefault(key, Tally(*key))
        changed = list(_verdicts(left, right, state))
        fired, broken = list(_fired(left, right, state)), list(_violations(left, right, state))
        _count(tally, left, right, changed)
        tally.cases_changed += bool(changed or fired or broken)
        found.verdicts += changed
        found.escalations += fired
        found.violations += broken
    found.tallies = sorted(tallies.values(), key=lambda each: (each.item, each.county or ""))
    return found


def _is_since(state: CaseState, since: int | None) -> bool:
    return since is None or (state.submitted_at is not None and state.submitted_at >= since)


def _count(tally: Tally, left: _Side, right: _Side, changed: Iterable[VerdictChange]) -> None:
    tally.cases += 1
    for each in changed:
        tally.verdicts_changed += 1
        if each.old is not None and each.new is not None:
            tally.due_moved += each.old.due_at != each.new.due_at
    for verdict in left.verdicts.values():
        tally.old_breached += verdict.breached_at is not None
        tally.old_late += verdict.breached_at is not None and verdict.stopped_at is None
    for verdict in right.verdicts.values():
        tally.new_breached += verdict.breached_at is not None
        tally.new_late += verdict.breached_at is not None and verdict.stopped_at is None
    for side, levels in ((left, tally.old_fired), (right, tally.new_fired)):
        for _, _, level in side.fired:
            levels[level] = levels.get(level, 0) + 1
    tally.old_violations += len(left.violations)
    tally.new_violations += len(right.violations)


def _change(old: object | None, new: object | None) -> Change:
    if old is None:
        return Change.APPEARS
    return Change.DISAPPEARS if new is None else Change.CHANGES


def _verdicts(left: _Side, right: _Side, state: CaseState) -> Iterator[VerdictChange]:
    for key in left.verdicts | right.verdicts:
        old, new = left.verdicts.get(key), right.verdicts.get(key)
        if old is not None and new is not None and _says(old) == _says(new):
            continue
        either = new or old
        assert either is not None
        assert state.item is not None
        yield VerdictChange(
            state.case_id, state.item, state.county, either.clock, either.start_event_id,
            either.cycle, _change(old, new), _side(old), _side(new),
        )  # fmt: skip


def _says(verdict: Verdict) -> tuple[str, int | None, int | None]:
    return verdict.status, verdict.due_at, verdict.breached_at


def _side(verdict: Verdict | None) -> VerdictSide | None:
    if verdict is None:
        return None
    due_at, breached_at = _rendered(verdict.due_at), _rendered(verdict.breached_at)
    return VerdictSide(verdict.status, due_at, breached_at, verdict.policy)


def _rendered(instant: int | None) -> str | None:
    return None if instant is None else render_instant(instant)


def _fired(left: _Side, right: _Side, state: CaseState) -> Iterator[EscalationChange]:
    for key in left.fired | right.fired:
        old, new = left.fired.get(key), right.fired.get(key)
        if old is not None and new is not None and old.at == new.at:
            continue
        either = new or old
        assert either is not None
        assert state.item is not None
        yield EscalationChange(
            escalation_id(state.case_id, *key), state.case_id, state.item, state.county, *key,
            either.step.to, _change(old, new), _rendered(old.at if old else None),
            _rendered(new.at if new else None),
        )  # fmt: skip


def _violations(left: _Side, right: _Side, state: CaseState) -> Iterator[ViolationChange]:
    for rule, event_id in sorted(left.violations ^ right.violations):
        is_old = (rule, event_id) in left.violations
        change = Change.DISAPPEARS if is_old else Change.APPEARS
        assert state.item is not None
        yield ViolationChange(state.case_id, state.item, state.county, rule, event_id, change)
