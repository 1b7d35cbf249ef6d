"""Why a case is, or is not, late: its whole account as of any instant.

Part of the core, after the verdicts. ``jushou explain`` prints it, the page shows it. It folds the
case afresh from its events, by the same fold as the stream, and says what that fold would have
said at that instant with those events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from schemas.case_event import StoredEvent
from schemas.case_state import Fired
from schemas.catalogue.model import Text
from schemas.instants import render_instant
from streams.core.case import Engine
from streams.core.conformance import conformance
from streams.core.explanation_account import (
    ClockAccount,
    CustodyAccount,
    EventAccount,
    Explanation,
    FindingAccount,
    NoteAccount,
)
from streams.core.explanation_clock import clock_account
from streams.core.explanation_custody import custody_account
from streams.core.explanation_notes import Note
from streams.core.explanation_published import published_account
from streams.core.explanation_reasons import (
    finding_in_words,
    note_in_words,
    pause_note_in_words,
    violation_in_words,
)
from streams.core.explanation_trace import CaseTrace, EventTrace, trace
from streams.core.explanation_words import CHANNELS, NOBODY, RAISED_BY, Names, listed, named, place
from streams.core.rules import ItemRules


def explain(
    engine: Engine,
    case_id: str,
    events: Iterable[StoredEvent],
    as_of: int,
    fired: Iterable[Fired] = (),
    reservations: Iterable[Text] = (),
) -> Explanation:
    """Return the account of a case as of an instant (milliseconds since 1970 UTC).

    ``events`` are all that is known of the case, in any order, duplicates and contradicting
    records included; those of a case's state will do. Nothing is changed. An event later than the
    instant is listed as pending. A case whose item no event names yet has no clocks. ``fired`` are
    the revisions that were published, ``reservations`` what the source of the events leaves open.
    """
    names = Names(engine.catalogue)
    traced = trace(engine, case_id, events, as_of)
    state, rules = traced.state, traced.rules
    clocks = _clocks(engine, traced, names, as_of)
    return Explanation(
        case_id=case_id,
        as_of=render_instant(as_of),
        item=state.item,
        item_name=NOBODY if rules is None else rules.policies[-1].item.text,
        headline=headline(clocks, traced),
        county=state.county,
        place=place(state.county),
        township=state.township,
        department=state.department,
        department_name=names.department(state.department),
        raised_by=state.raised_by,
        raised_by_name=named(RAISED_BY, state.raised_by),
        channel=state.channel,
        channel_name=named(CHANNELS, state.channel),
        submitted_at=_rendered(state.submitted_at),
        closed_at=_rendered(state.closed_at),
        outcome=state.outcome,
        outcome_name=NOBODY if state.outcome is None else names.event_type(state.outcome),
        reopened=state.reopened,
        calendar=engine.calendars.version,
        clocks=clocks,
        custody=_custody(traced, names, as_of),
        events=[_event(each, rules, names) for each in traced.events],
        violations=_violations(traced, names),
        findings=_findings(traced, names),
        conflicts=[names.event(event) for event in traced.conflicts],
        pending=[names.event(event) for event in traced.pending],
        published=[published_account(each, case_id, engine.rules, names) for each in fired],
        reservations=list(reservations),
    )


def _rendered(instant: int | None) -> str | None:
    return None if instant is None else render_instant(instant)


def _clocks(engine: Engine, traced: CaseTrace, names: Names, as_of: int) -> list[ClockAccount]:
    if traced.rules is None:
        return []
    return [clock_account(each, engine, traced.rules, names, as_of) for each in traced.cycles]


def headline(clocks: list[ClockAccount], traced: CaseTrace) -> Text:
    """Return the case in one sentence: which clocks are past due, which run, and how it ended."""
    if traced.rules is None:
        return Text("尚不知道是什么事项，未起算任何时限。", "No item is known yet; no clock runs.")
    is_open = traced.state.closed_at is None
    late = [each for each in clocks if each.breached_at is not None and each.ended_by is None]
    was_late = [each for each in clocks if each.breached_at is not None and each.ended_by]
    live = [each for each in clocks if each.ended_by is None and each.breached_at is None]
    said = [Text("办理中", "open") if is_open else Text("已办结", "closed")]
    for some, zh, en in (
        (late, "已超期未办结", "past due and not done"),
        (live, "未超期", "not past due"),
        (was_late, "曾逾期", "was past due"),
    ):
        if some:
            which = listed(_counted([each.name for each in some]))
            said.append(Text(f"{zh}：{which.zh}", f"{en}: {which.en}"))
    if clocks and not late and not was_late:
        said.append(Text("没有逾期", "nothing late"))
    zh, en = "；".join(text.zh for text in said), "; ".join(text.en for text in said)
    return Text(f"{zh}。", f"{en[0].upper()}{en[1:]}.")


def _counted(clocks: list[Text]) -> list[Text]:
    """Return each name once, with the number of its cycles where they are several."""
    return [
        name if times == 1 else Text(f"{name.zh}（{times}次）", f"{name.en} ({times} times)")
        for name, times in Counter(clocks).items()
    ]


def _applied(traced: CaseTrace) -> list[StoredEvent]:
    return traced.state.events[: traced.state.applied]


def _custody(traced: CaseTrace, names: Names, as_of: int) -> CustodyAccount:
    if traced.rules is None:
        return CustodyAccount([], [], [])
    return custody_account(_applied(traced), traced.rules, names, as_of)


def _event(each: EventTrace, rules: ItemRules | None, names: Names) -> EventAccount:
    return EventAccount(
        event=names.event(each.event),
        effects=[_note(note, rules, names) for note in each.effects],
        without_effect=[_note(note, rules, names) for note in each.refusals],
    )


def _note(note: Note, rules: ItemRules | None, names: Names) -> NoteAccount:
    is_pause = note.pause is not None
    text = pause_note_in_words(note, names) if is_pause else note_in_words(note, rules)
    return NoteAccount(note.code, text, note.clock, note.cycle)


def _violations(traced: CaseTrace, names: Names) -> list[FindingAccount]:
    if traced.rules is None:
        return []
    events = {event.event_id: event for event in traced.state.events}
    return [
        FindingAccount(
            violation.rule,
            names.event(events[violation.event_id]),
            violation_in_words(violation.rule, traced.rules, _applied(traced)),
        )
        for violation in traced.state.violations
    ]


def _findings(traced: CaseTrace, names: Names) -> list[FindingAccount]:
    if traced.rules is None:
        return []
    return [
        FindingAccount(finding.code, names.event(finding.event), finding_in_words(finding, names))
        for finding in conformance(_applied(traced), traced.rules)
    ]
