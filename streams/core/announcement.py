"""An escalation as it is published: who, what, since when, and the reason in two languages.

Part of the core, after the judgement. Texts come from the catalogue; no free text of an event and
nothing of a person goes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from schemas.case_state import CaseState
from schemas.catalogue.model import Unit
from schemas.escalation import Cause, Escalation, EscalationState, Reason, escalation_id
from schemas.instants import MINUTE_MS, date_of_day, day_of, render_instant, start_of_day
from streams.core.judge import Change, cycle_of
from streams.core.rules import ClockRule, ItemRules, StepRule, When

# A limit takes any number of days by extensions: what is kept of their words has an end.
_MOST_BEGINNINGS = 10_000
_UNITS_ZH = {Unit.HOURS: "小时", Unit.DAYS: "天", Unit.WORKING_DAYS: "个工作日"}
_UNITS_EN = {Unit.HOURS: "hours", Unit.DAYS: "days", Unit.WORKING_DAYS: "working days"}


def unknown_rules(state: CaseState, items: Mapping[str, ItemRules]) -> Iterator[str]:
    """Yield what the case stands by and the catalogue no longer has, each with the remedy.

    That is its item, and the rule of every escalation that stands: without it that could never be
    withdrawn. Asked at start, so that a worker does not stop in the middle of its work.
    """
    if state.item is not None and state.item not in items:
        yield f"item {state.item} has cases and is no longer in the catalogue; put its file back"
    for fired in state.fired:
        rules = items.get(fired.item)
        policy = rules.by_policy.get(fired.policy) if rules is not None else None
        rule = policy.clocks.get(fired.clock) if policy is not None else None
        steps = rule.steps if rule is not None else ()
        if fired.standing and all(step.level != fired.level for step in steps):
            yield (
                f"escalations were sent by policy {fired.policy} of item {fired.item} (clock "
                f"{fired.clock}, level {fired.level}), which the catalogue no longer has under "
                "this name; put it back, and state what is to hold instead in a newer policy"
            )


def announce(
    state: CaseState,
    change: Change,
    items: Mapping[str, ItemRules],
    calendar: str,
    published_at: int = 0,
) -> Escalation:
    """Return the record of one revision. ``published_at`` (ms) is set by the one who sends it.

    ``items`` are the rules of all items: what is withdrawn may be of an item that the case had.
    """
    fired = change.fired
    rules = items[fired.item]
    rule = rules.clock(fired.policy, fired.clock)
    step = _step(rule, fired.level)
    cycle = cycle_of(state, fired)
    names = (state.case_id, fired.clock, fired.start_event_id, fired.level)
    return Escalation(
        escalation_id=escalation_id(*names),
        revision=fired.revision,
        state=EscalationState.FIRED if fired.standing else EscalationState.WITHDRAWN,
        cause=change.cause,
        case_id=state.case_id,
        item=rules.code,
        department=state.department or rules.department,
        county=state.county or "",
        township=state.township,
        clock=fired.clock,
        start_event_id=fired.start_event_id,
        cycle=fired.cycle,
        level=fired.level,
        to=step.to,
        limit=f"{fired.limit}{rule.unit}",
        due_at=None if fired.due_at is None else _rendered(fired.due_at),
        at=_rendered(fired.at),
        published_at=_rendered(published_at),
        known_late=fired.known_late,
        policy=fired.policy,
        calendar=calendar,
        reason=_reason(change, rules, rule, step),
        provisional=cycle is not None and cycle.provisional,
    )


def _step(rule: ClockRule, level: str) -> StepRule:
    for step in rule.steps:
        if step.level == level:
            return step
    raise LookupError(f"{rule.name} has no step {level}")


# Most of what is due is due at a midnight, and many are due at the same.
_rendered = lru_cache(maxsize=4_096)(render_instant)


def _reason(change: Change, rules: ItemRules, rule: ClockRule, step: StepRule) -> Reason:
    fired = change.fired
    zh, en = _beginning(rules, rule, fired.policy, fired.limit)
    due_zh, due_en = _in_words(fired.due_at)
    if change.cause is Cause.MISTAKEN:
        return Reason(
            zh + "后到的记录表明并未到此一步，此前的提醒撤销。",
            en + "a record that came later shows that this was not so; the notice is withdrawn.",
        )
    if change.cause is Cause.SUPERSEDED:
        return Reason(
            zh + f"期限已调整至{due_zh}，此前的提醒作废。",
            en + f"now due {due_en}; the earlier notice no longer holds.",
        )
    if step.when is When.BEFORE:
        return Reason(zh + f"将于{due_zh}到期。", en + f"due {due_en}.")
    if step.when is When.AT_DUE:
        return Reason(zh + f"{due_zh}已到期，尚未办结。", en + f"was due {due_en} and is not done.")
    return Reason(
        zh + f"{due_zh}已到期，又过{step.offset}个工作日仍未办结。",
        en + f"was due {due_en}; {step.offset} more working days have passed.",
    )


# By the rule itself: of two catalogues in one process each has rules of its own.
_beginnings: dict[tuple[int, str, int], tuple[ClockRule, str, str]] = {}


def _beginning(rules: ItemRules, rule: ClockRule, policy: str, limit: int) -> tuple[str, str]:
    """Return what a reason begins with: the item, the clock and its limit."""
    key = (id(rule), policy, limit)
    known = _beginnings.get(key)
    if known is None or known[0] is not rule:
        item, clock = rules.by_policy[policy].item.text, rule.clock.text
        zh = f"{item.zh}·{clock.zh}：限{limit}{_UNITS_ZH[rule.unit]}，"
        en = f"{item.en}, {clock.en}: within {limit} {_UNITS_EN[rule.unit]}; "
        if len(_beginnings) >= _MOST_BEGINNINGS:
            _beginnings.clear()
        known = _beginnings[key] = (rule, zh, en)
    return known[1], known[2]


@lru_cache(maxsize=4_096)
def _in_words(instant: int | None) -> tuple[str, str]:
    """Return an instant as people say it; midnight is 24:00 of the day that ends."""
    if instant is None:
        return "恢复计时后", "once the clock runs again"
    day = day_of(instant - 1) if instant == start_of_day(day_of(instant)) else day_of(instant)
    date = date_of_day(day)
    minutes = (instant - start_of_day(day)) // MINUTE_MS
    time = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{date.year}年{date.month}月{date.day}日{time}", f"{date.isoformat()} {time}"
