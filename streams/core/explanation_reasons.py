"""The codes of an explanation in words: effects, refusals, findings, broken counts, summaries.

Part of the core, beside the explanation. One table per kind of code; a test checks that none of
them lacks a code.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.case_event import StoredEvent
from schemas.catalogue.model import Text
from streams.core.conformance import Finding, FindingCode
from streams.core.explanation_notes import Note, NoteCode
from streams.core.explanation_words import Names, amount, listed
from streams.core.rules import ItemRules, holds

# {clock} the clock with its ordinal, {pause} the pause, {by} an amount of time.
NOTES = {
    NoteCode.RECEIVED: Text("收到举手", "the request is received"),
    NoteCode.STARTED: Text("“{clock}”开始计时", "{clock} starts"),
    NoteCode.MET: Text("“{clock}”按期办结", "{clock} is met"),
    NoteCode.MISSED: Text("“{clock}”逾期办结", "{clock} is done late"),
    NoteCode.CANCELLED: Text("“{clock}”随案件办结终止", "{clock} ends with the case"),
    NoteCode.PAUSE_OPENED: Text("“{pause}”暂停开始", "the pause begins: {pause}"),
    NoteCode.PAUSE_CLOSED: Text("“{pause}”暂停结束", "the pause ends: {pause}"),
    NoteCode.EXTENDED: Text("“{clock}”延期{by}", "{clock} is extended by {by}"),
    NoteCode.CASE_CLOSED: Text("案件办结", "the case is closed"),
    NoteCode.CASE_REOPENED: Text("案件重新办理", "the case is open again"),
    NoteCode.HANDED_ON: Text("转办；群众的时限不变", "handed on; the citizen's clocks go on"),
    NoteCode.BOUNCED: Text("退单；群众的时限不变", "bounced; the citizen's clocks go on"),
    NoteCode.TYPE_NOT_OF_ITEM: Text(
        "本事项没有此类记录，已搁置", "the item has no such event; set aside"
    ),
    NoteCode.CASE_IS_CLOSED: Text(
        "案件已办结，除“重新办理”外均无效", "the case is closed; only a reopening has effect"
    ),
    NoteCode.SUBMITTED_BEFORE: Text(
        "此前已举手，只有第一次起算", "submitted before; only the first one starts clocks"
    ),
    NoteCode.OTHER_ITEM_IGNORED: Text(
        "所写事项与本案不同，以第一次为准", "names another item; the first one counts"
    ),
    NoteCode.PAUSE_ALREADY_OPEN: Text(
        "“{pause}”已在进行中，重复无效", "already open: {pause}; asking twice is asking once"
    ),
    NoteCode.PAUSE_NOT_OPEN: Text("当时没有“{pause}”可结束", "there was none to end: {pause}"),
    NoteCode.EXTENSION_NAMES_NO_CLOCK: Text("延期未写明哪个时限", "the extension names no clock"),
    NoteCode.EXTENSION_OF_NO_LIVE_CLOCK: Text(
        "所写时限当时未在计时", "the clock that it names was not live"
    ),
    NoteCode.EXTENSION_WITHOUT_AMOUNT: Text(
        "“{clock}”的延期未写明多久", "the extension of {clock} says not by how much"
    ),
    NoteCode.EXTENSION_NOT_ALLOWED: Text("“{clock}”不可延期", "{clock} cannot be extended"),
    NoteCode.EXTENSION_IN_ANOTHER_UNIT: Text(
        "“{clock}”的延期单位不符", "the extension of {clock} is in another unit"
    ),
    NoteCode.EXTENSION_OVER_THE_LIMIT: Text(
        "“{clock}”延期{by}将超过累计上限，全部无效",
        "extending {clock} by {by} would pass what is allowed in all; void as a whole",
    ),
    NoteCode.EXTENSION_AFTER_THE_BREACH: Text(
        "“{clock}”当时已超期，不可再延", "{clock} was past due; too late to extend"
    ),
    NoteCode.CLOCK_ALREADY_LIVE: Text(
        "“{clock}”已在计时，不另起算", "{clock} is live; no other one starts"
    ),
    NoteCode.CONDITION_NOT_MET: Text(
        "“{clock}”的起算条件不符", "the condition for {clock} does not hold"
    ),
    NoteCode.NOTHING_TO_STOP: Text("当时没有可由它停止的时限", "no clock that it stops was live"),
    NoteCode.TOUCHES_NO_CLOCK: Text("不影响任何时限", "touches no clock"),
}
# {step} the event, {missing} the events one of which should precede it.
FINDINGS = {
    FindingCode.BEFORE_SUBMISSION: Text("“{step}”早于举手", "{step} before the submission"),
    FindingCode.SUBMITTED_AGAIN: Text("重复举手", "submitted again"),
    FindingCode.AFTER_THE_END: Text("办结之后又有“{step}”", "{step} after the case had ended"),
    FindingCode.REOPENED_WHILE_OPEN: Text("案件未办结即“{step}”", "{step} while the case was open"),
    FindingCode.RESUMED_WITHOUT_SUSPENSION: Text("未中止而“{step}”", "{step} without a suspension"),
    FindingCode.PROVIDED_WITHOUT_REQUEST: Text("未要求补正而“{step}”", "{step} without a request"),
    FindingCode.RESOLVED_BEFORE_ACCEPTED: Text("未经受理即“{step}”", "{step} before accepted"),
    FindingCode.RESOLVED_BEFORE_FIRST_STEP: Text(
        "未经“{missing}”即“{step}”", "{step} before any of: {missing}"
    ),
    FindingCode.DECIDED_WITHOUT_ACCEPTANCE: Text("未经受理即“{step}”", "{step} without acceptance"),
    FindingCode.NEVER_DISPATCHED: Text(
        "从未派单到乡镇即“{step}”", "{step} by a township that was never given the case"
    ),
    FindingCode.DISPATCHED_TO_ANOTHER: Text(
        "“{step}”的乡镇不是派单的乡镇", "{step} by a township other than the dispatched one"
    ),
    FindingCode.STEP_SKIPPED: Text(
        "缺少前一步“{missing}”即“{step}”", "{step} without any of: {missing}"
    ),
    FindingCode.STEP_NOT_CALLED_FOR: Text(
        "“{missing}”的结果不要求“{step}”", "the outcome of {missing} does not call for {step}"
    ),
}


def note_in_words(note: Note, rules: ItemRules | None) -> Text:
    """Return an effect, or the reason for none, with the names of its clock and pause."""
    clock, by = Text("", ""), Text("", "")
    rule = None
    if rules is not None and note.clock is not None:
        policies = (policy for policy in reversed(rules.policies) if note.clock in policy.clocks)
        rule = next((policy.clocks[note.clock] for policy in policies), None)
    if rule is not None:
        clock, by = rule.clock.text, amount(note.amount, rule.unit)
    if note.cycle is not None and note.cycle > 1:
        clock = Text(f"{clock.zh}（第{note.cycle}次）", f"{clock.en} (no. {note.cycle})")
    return _filled(NOTES[note.code], clock=clock, by=by)


def pause_note_in_words(note: Note, names: Names) -> Text:
    """Return an effect on a pause, or the reason for none."""
    assert note.pause is not None
    return _filled(NOTES[note.code], pause=names.pause(note.pause))


def finding_in_words(finding: Finding, names: Names) -> Text:
    """Return a step out of order in words."""
    missing = listed([names.event_type(kind) for kind in finding.missing])
    step = names.event_type(finding.event.type)
    return _filled(FINDINGS[finding.code], step=step, missing=missing)


def violation_in_words(rule: str, rules: ItemRules, events: Sequence[StoredEvent]) -> Text:
    """Return a broken count rule in words; ``events`` may relax its limit."""
    quota = next(quota for quota in rules.quotas if quota.rule == rule)
    name = quota.text if quota.text.zh else Text(rule, rule)
    relaxed, most = quota.relaxed_where, quota.at_most
    if relaxed is not None and any(holds(relaxed, event.attributes) for event in events):
        most = quota.relaxed_to
    if most:
        return Text(f"{name.zh}：超过上限{most}", f"{name.en}: more than {most}")
    return Text(f"未做到：{name.zh}", f"not kept: {name.en}")


def _filled(text: Text, **names: Text) -> Text:
    return Text(
        text.zh.format_map({key: name.zh for key, name in names.items()}),
        text.en.format_map({key: name.en for key, name in names.items()}),
    )
