"""What a state says as of an instant: verdicts, escalations that stand, violations.

Part of the core; the shape of the replay contract (``spec/clocks.md``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schemas.case_state import LIVE, CaseState, Cycle
from streams.core.rules import ItemRules, StepRule


class Verdict(NamedTuple):
    """One cycle as of an instant; instants are milliseconds since 1970 UTC."""

    case_id: str
    item: str
    clock: str
    cycle: int
    start_event_id: str
    started_at: int
    due_at: int | None
    stopped_at: int | None
    stop_event_id: str | None
    status: str
    breached_at: int | None
    provisional: bool
    policy: str


class Standing(NamedTuple):
    """A step of a ladder that stands as fired as of an instant."""

    cycle: Cycle
    step: StepRule
    at: int


def verdicts(state: CaseState, as_of: int) -> Iterator[Verdict]:
    """Yield the verdict of every cycle of a case, ended ones first; none without an item."""
    if state.item is None:
        return
    for cycle in (*state.ended, *state.live):
        yield Verdict(
            state.case_id, state.item, cycle.clock, cycle.ordinal, cycle.start_event_id,
            cycle.started_at, cycle.due_at, cycle.stopped_at, cycle.stop_event_id,
            status(cycle), breached_at(cycle, as_of), cycle.provisional, cycle.policy,
        )  # fmt: skip


def status(cycle: Cycle) -> str:
    """Return ``running``, ``paused``, ``met``, ``missed`` or ``cancelled``."""
    if cycle.status != LIVE:
        return cycle.status
    return "paused" if cycle.due_at is None else "running"


def breached_at(cycle: Cycle, as_of: int) -> int | None:
    """Return due where ``as_of``, or the end of the cycle, is after it."""
    end = as_of if cycle.stopped_at is None else cycle.stopped_at
    return cycle.due_at if cycle.due_at is not None and cycle.due_at < end else None


def standing(state: CaseState, rules: ItemRules, now: int) -> Iterator[Standing]:
    """Yield the steps that fired before ``now`` and before the end of their cycle."""
    for cycle in (*state.ended, *state.live):
        end = now if cycle.stopped_at is None else min(now, cycle.stopped_at)
        steps = rules.clock(cycle.policy, cycle.clock).steps
        for step, at in zip(steps, cycle.steps, strict=True):
            if at is not None and at < end:
                yield Standing(cycle, step, at)
