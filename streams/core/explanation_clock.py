"""The account of one cycle: its events, limit, time, ladder, and a sentence that sums it up.

Part of the core, beside the explanation.
"""

from __future__ import annotations

from schemas.case_state import CANCELLED
from schemas.catalogue.model import Text, Unit
from schemas.instants import HOUR_MS, render_instant
from streams.core.case import Engine
from streams.core.explanation_account import CarriedAccount, ClockAccount, ExtensionAccount
from streams.core.explanation_notes import Note, NoteCode
from streams.core.explanation_reasons import note_in_words
from streams.core.explanation_rule import ladder, rule_account
from streams.core.explanation_time import CycleTime
from streams.core.explanation_trace import CarriedOver, CycleTrace, Extension
from streams.core.explanation_words import STATUSES, Names, amount, deadline, moment, span
from streams.core.rules import ItemRules
from streams.core.verdicts import breached_at, status


def clock_account(
    traced: CycleTrace, engine: Engine, rules: ItemRules, names: Names, as_of: int
) -> ClockAccount:
    """Return the account of a cycle as of an instant (milliseconds)."""
    cycle, rule = traced.cycle, traced.rule
    time = CycleTime(traced, engine.calendars, names, as_of)
    breach, used = breached_at(cycle, as_of), time.used()
    end = as_of if cycle.stopped_at is None else cycle.stopped_at
    ended_by = None if traced.end is None else names.event(traced.end)
    return ClockAccount(
        clock=cycle.clock,
        name=rule.clock.text,
        cycle=cycle.ordinal,
        status=status(cycle),
        status_text=_status_in_words(traced, breach),
        summary=summary(traced, used, as_of),
        start=names.event(traced.start),
        stop=None if cycle.status == CANCELLED else ended_by,
        ended_by=ended_by,
        stopped_at=_rendered(cycle.stopped_at),
        unit=rule.unit,
        limit=cycle.limit,
        extended=cycle.extended,
        used=used,
        due_at=_rendered(cycle.due_at),
        breached_at=_rendered(breach),
        late_ms=None if breach is None else end - breach,
        provisional=cycle.provisional,
        calendar=engine.calendars.version,
        region=cycle.region,
        rule=rule_account(traced, rules.by_policy[cycle.policy], names),
        extensions=[_extension(traced, each, rules, names) for each in traced.extensions],
        intervals=time.intervals(),
        days=time.days(),
        ladder=ladder(traced, names, as_of),
        carried=[_carried(each) for each in traced.carried],
    )


def _carried(carried: CarriedOver) -> CarriedAccount:
    at = moment(carried.at)
    before, after = (
        Text("未定（暂停计时）", "open (paused)") if instant is None else deadline(instant)
        for instant in (carried.due_before, carried.due_after)
    )
    return CarriedAccount(
        at=render_instant(carried.at),
        old_policy=carried.before,
        policy=carried.after,
        old_due_at=_rendered(carried.due_before),
        due_at=_rendered(carried.due_after),
        text=Text(
            f"{at.zh}起改按新政策计，到期由{before.zh}改为{after.zh}",
            f"under the new policy from {at.en}; due {after.en}, before that {before.en}",
        ),
    )


def _rendered(instant: int | None) -> str | None:
    return None if instant is None else render_instant(instant)


def _status_in_words(traced: CycleTrace, breach: int | None) -> Text:
    cycle = traced.cycle
    if breach is not None and cycle.stopped_at is None:
        return Text("已超期，仍未办结", "past due, not done")
    if breach is not None and cycle.status == CANCELLED:
        return Text("超期后随办结终止", "past due when the case ended")
    return STATUSES[status(cycle)]


def _extension(
    traced: CycleTrace, extension: Extension, rules: ItemRules, names: Names
) -> ExtensionAccount:
    code = extension.refused or NoteCode.EXTENDED
    cycle = traced.cycle
    note = Note(code, cycle.clock, cycle.ordinal, amount=extension.amount)
    return ExtensionAccount(
        event=names.event(extension.event),
        amount=extension.amount,
        accepted=extension.refused is None,
        reason=code,
        text=note_in_words(note, rules),
    )


def summary(traced: CycleTrace, used: int, as_of: int) -> Text:
    """Return one sentence: how much is used up, when it is or was due, how late or early it is."""
    cycle = traced.cycle
    if cycle.stopped_at is not None:
        return _ended(traced, cycle.stopped_at)
    done = _used_of(traced, used)
    if cycle.due_at is None:
        return Text(f"暂停计时，{done.zh}。", f"Paused, {done.en}.")
    due = _due(traced, cycle.due_at)
    if cycle.due_at < as_of:
        late = span(as_of - cycle.due_at)
        return Text(f"{due.zh}到期，至今逾期{late.zh}。", f"Was due {due.en}, {late.en} ago.")
    if cycle.due_at == as_of:
        return Text(
            f"{done.zh}，{due.zh}到期，恰在此时。",
            f"{done.en[0].upper()}{done.en[1:]}, due {due.en}, this very moment.",
        )
    left = span(cycle.due_at - as_of)
    return Text(
        f"{done.zh}，{due.zh}到期，还有{left.zh}。",
        f"{done.en[0].upper()}{done.en[1:]}, due {due.en}, {left.en} left.",
    )


def _ended(traced: CycleTrace, stopped_at: int) -> Text:
    cycle, at = traced.cycle, moment(stopped_at)
    how = Text("终止", "ended") if cycle.status == CANCELLED else Text("办结", "done")
    if cycle.due_at is None:
        return Text(f"暂停期间于{at.zh}{how.zh}。", f"{how.en} {at.en}, while paused.".capitalize())
    due, difference = _due(traced, cycle.due_at), span(abs(cycle.due_at - stopped_at))
    zh, en = f"{due.zh}到期，{at.zh}{how.zh}", f"Due {due.en}, {how.en} {at.en}"
    if cycle.due_at < stopped_at:
        return Text(f"{zh}，逾期{difference.zh}。", f"{en}, {difference.en} late.")
    if cycle.due_at == stopped_at:
        return Text(f"{zh}，恰在到期之时。", f"{en}, exactly when due.")
    return Text(f"{zh}，提前{difference.zh}。", f"{en}, {difference.en} before due.")


def _due(traced: CycleTrace, due_at: int) -> Text:
    due = deadline(due_at)
    if not traced.cycle.provisional:
        return due
    return Text(f"{due.zh}（暂定：日历未公布）", f"{due.en} (provisional: no calendar yet)")


def _used_of(traced: CycleTrace, used: int) -> Text:
    unit, limit = traced.rule.unit, traced.cycle.limit
    whole = amount(limit, unit)
    if unit is Unit.HOURS:
        left = span(used) if used < limit * HOUR_MS else whole
        return Text(f"已用{left.zh}，共{whole.zh}", f"{left.en} of {whole.en} used")
    return Text(f"已计{used}天，共{whole.zh}", f"{used} of {whole.en} counted")
