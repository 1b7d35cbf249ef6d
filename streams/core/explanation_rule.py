"""A rule and its ladder in words: what starts the clock, what stops it, how long, who hears of it.

Part of the core, beside the explanation. Everything said here is read off the catalogue.
"""

from __future__ import annotations

from schemas.catalogue.model import Certainty, Clock, Duration, Source, Text, Unit
from schemas.instants import date_of_day, render_instant
from streams.core.explanation_account import (
    RuleAccount,
    StepAccount,
    StepState,
    SupersededStep,
)
from streams.core.explanation_trace import CycleTrace
from streams.core.explanation_words import (
    CERTAINTIES,
    Names,
    amount,
    condition,
    deadline,
    either,
    listed,
)
from streams.core.rules import PolicyRules, StepRule, When

_HOW_COUNTED = {
    Unit.HOURS: Text("按小时连续计算", "every hour counts"),
    Unit.DAYS: Text(
        "按自然日计算，起算当日不计，计满之日24:00到期",
        "in calendar days without the day of the start, due at 24:00 of the last",
    ),
    Unit.WORKING_DAYS: Text(
        "按工作日计算，起算当日、周末和法定节假日不计，调休上班日计入，计满之日24:00到期",
        "in working days without the day of the start, weekends and public holidays, make-up "
        "workdays included, due at 24:00 of the last",
    ),
}


def rule_account(traced: CycleTrace, policy: PolicyRules, names: Names) -> RuleAccount:
    """Return the rule of a cycle with its source, how certain it is, and its policy."""
    clock = traced.rule.clock
    return RuleAccount(
        text=rule_in_words(clock, names),
        limit=str(clock.limit),
        source=clock.source.text,
        certainty=clock.source.certainty,
        certainty_text=CERTAINTIES[clock.source.certainty],
        assumed=is_assumed(clock.source),
        policy=traced.rule.policy,
        in_force_from=date_of_day(policy.in_force_from).isoformat(),
    )


def is_assumed(source: Source) -> bool:
    """Say whether a number rests, in all or in part, on our assumption."""
    return source.certainty in (Certainty.ASSUMED, Certainty.STATED_AND_ASSUMED)


def rule_in_words(clock: Clock, names: Names) -> Text:
    """Return what a clock demands."""
    starts = _starts(clock, names)
    stops = either([names.event_type(each) for each in _stops(clock)])
    limit, how = amount(clock.limit.amount, clock.limit.unit), _HOW_COUNTED[clock.limit.unit]
    zh = f"自{starts.zh}起{limit.zh}内应{stops.zh}；{how.zh}"
    en = f"{stops.en}, within {limit.en} of: {starts.en}; {how.en}"
    paused = listed([names.pause(each) for each in sorted(clock.honours, reverse=True)])
    if paused.zh:
        zh, en = f"{zh}；{paused.zh}期间不计时", f"{en}; it stands still while: {paused.en}"
    else:
        zh, en = f"{zh}；不因任何情形暂停", f"{en}; nothing pauses it"
    if clock.each:
        zh, en = f"{zh}；每次分别计时", f"{en}; one clock each time"
    if clock.extendable_by is not None:
        by = _of(clock.extendable_by)
        zh, en = f"{zh}；可延期，累计不超过{by.zh}", f"{en}; may be extended by {by.en} in all"
    return Text(zh + "。", en + ".")


def _of(duration: Duration) -> Text:
    return amount(duration.amount, duration.unit)


def _stops(clock: Clock) -> list[str]:
    """Return the types of events that stop a clock, what should happen before what may."""
    last = ("resolved", "rejected", "withdrawn")
    return sorted(clock.stops, key=lambda kind: (last.index(kind) if kind in last else -1, kind))


def _starts(clock: Clock, names: Names) -> Text:
    texts = []
    for start in clock.starts:
        name = names.event_type(start.event)
        where = listed([condition(each) for each in start.where])
        zh = f"“{name.zh}”（{where.zh}）" if start.where else f"“{name.zh}”"
        texts.append(Text(zh, f"{name.en} ({where.en})" if start.where else name.en))
    return Text("或".join(text.zh for text in texts), " or ".join(text.en for text in texts))


def ladder(traced: CycleTrace, names: Names, as_of: int) -> list[StepAccount]:
    """Return each step of a cycle's ladder as of an instant, in the order of the ladder."""
    return [
        _step(traced, step, at, names, as_of)
        for step, at in zip(traced.rule.steps, traced.cycle.steps, strict=True)
    ]


def _step(
    traced: CycleTrace, step: StepRule, at: int | None, names: Names, as_of: int
) -> StepAccount:
    state = _state(traced, step, at, as_of)
    return StepAccount(
        level=step.level,
        name=names.level(step.level),
        to=step.to,
        to_name=names.recipient(step.to),
        at=None if at is None else render_instant(at),
        state=state,
        rule=_step_in_words(traced, step),
        text=_state_in_words(state, at),
        superseded=[
            SupersededStep(
                render_instant(each.at),
                None if each.event is None else names.event(each.event),
                each.policy,
            )
            for each in traced.superseded
            if each.level == step.level
        ],
    )


def _state(traced: CycleTrace, step: StepRule, at: int | None, as_of: int) -> StepState:
    cycle = traced.cycle
    if at is None:
        is_too_short = step.when is When.BEFORE and cycle.limit <= step.offset
        if is_too_short:
            return StepState.NO_SUCH_STEP
        return StepState.WAITING if cycle.stopped_at is None else StepState.ENDED_BEFORE
    if cycle.stopped_at is not None:
        return StepState.FIRED if at < cycle.stopped_at else StepState.ENDED_BEFORE
    return StepState.FIRED if at < as_of else StepState.TO_COME


def _step_in_words(traced: CycleTrace, step: StepRule) -> Text:
    unit, limit = traced.rule.unit, traced.cycle.limit
    if step.when is When.AT_DUE:
        return Text("到期仍未办结", "due and not done")
    if step.when is When.AFTER:
        after = amount(step.offset, Unit.WORKING_DAYS)
        return Text(f"逾期{after.zh}仍未办结", f"{after.en} after due and not done")
    before = amount(step.offset, unit)
    if limit <= step.offset:
        return Text(f"到期前{before.zh}", f"{before.en} before due")
    used = amount(limit - step.offset, unit)
    return Text(
        f"到期前{before.zh}（已计满{used.zh}）", f"{before.en} before due ({used.en} used up)"
    )


def _state_in_words(state: StepState, at: int | None) -> Text:
    when = Text("", "") if at is None else deadline(at)
    match state:
        case StepState.FIRED:
            return Text(f"已于{when.zh}触发", f"fired at {when.en}")
        case StepState.TO_COME:
            return Text(
                f"将于{when.zh}触发，除非在此之前办结", f"fires at {when.en} if not done by then"
            )
        case StepState.WAITING:
            return Text("暂停计时，恢复后再定", "the clock is paused; set when it runs again")
        case StepState.NO_SUCH_STEP:
            return Text("时限太短，无此一级", "the limit is too short for this step")
        case StepState.ENDED_BEFORE if at is None:
            return Text("在此之前已结束计时，未触发", "the clock ended before; not fired")
        case _:
            return Text(
                f"{when.zh}之前已结束计时，未触发", f"the clock ended before {when.en}; not fired"
            )
