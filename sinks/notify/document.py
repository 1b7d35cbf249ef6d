"""The content of a message before it has a format: title, lines, table, links.

Between the facts and the formats. Built from the words of the routing in one language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from schemas.action import ActionType, Side
from schemas.action_link import Claims, sign
from schemas.action_rules import action_rules, allowed
from schemas.escalation import Escalation
from schemas.instants import HOUR_MS, parse_instant
from schemas.routing.model import Routing
from sinks.notify.facts import Facts, Speaker, facts_of, shown_case
from sinks.notify.supervision import SUPERVISING


class MessageKind(StrEnum):
    """What a message is."""

    SINGLE = "single"
    DIGEST = "digest"
    DAILY = "daily"
    CORRECTION = "correction"
    HEARTBEAT = "heartbeat"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Links:
    """Where the links of a message lead. Without a secret there is none to acknowledge."""

    page_url: str
    secret: str = ""
    acknowledge_url: str = ""

    def case(self, case_id: str) -> str:
        """Return the page of a case, or of all where its number must not be shown."""
        if shown_case(case_id) is None:
            return self.page_url
        return f"{self.page_url.rstrip('/')}/case/{quote(case_id, safe='')}"

    def acknowledge(
        self, each: Escalation, recipient: str, side: Side, now_ms: int, hours: int
    ) -> str | None:
        """Return the signed link by which this recipient says that the message was seen."""
        if not self.secret or not self.acknowledge_url or shown_case(each.case_id) is None:
            return None
        until = now_ms + hours * HOUR_MS
        claims = Claims(each.escalation_id, each.case_id, each.level, recipient, side, until)
        return f"{self.acknowledge_url}?token={sign(claims, self.secret)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One message without a format. ``rows`` has a heading row first; empty without a table."""

    title: str
    sms: str
    opening: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: str = ""
    notes: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    signature: str = ""
    colon: str = ": "


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a message is about and to whom it goes; ``instead_of`` where the first was not reached.

    ``repeated``: it may have arrived before (重发). ``reminder``: nobody acknowledged the first.
    ``text``: of a message that is about no escalation. ``late``: by case that is supervised, the
    stages that are late.
    """

    message_id: str
    kind: MessageKind
    recipient: str
    language: str
    side: Side = Side.OWNER
    escalations: tuple[Escalation, ...]
    repeated: bool = False
    reminder: bool = False
    instead_of: str = ""
    text: str = ""
    late: Mapping[str, Sequence[Escalation]] = field(default_factory=dict)


def compose(letter: Letter, routing: Routing, links: Links, now_ms: int) -> Document:
    """Return the content of a message as it reads at ``now_ms``."""
    speaker = Speaker(routing, letter.language)
    if letter.kind is MessageKind.HEARTBEAT:
        text = speaker.say("watchdog", at=speaker.instant(now_ms))
        return Document(title=text, sms=text)
    if letter.kind is MessageKind.ALARM:
        title = _marked(letter, speaker, letter.text)
        return Document(title=title, sms=title, signature=speaker.say("signature"))
    if letter.kind is MessageKind.SINGLE:
        return _single(letter, speaker, links, now_ms)
    if letter.kind is MessageKind.CORRECTION:
        return _correction(letter, speaker, links, now_ms)
    return _table(letter, speaker, links, now_ms)


def _marked(letter: Letter, speaker: Speaker, title: str) -> str:
    marks = [("repeated", letter.repeated), ("reminder", letter.reminder)]
    said = [speaker.say(name) for name, holds in marks if holds]
    return "".join(said) + title


def _notes(letter: Letter, speaker: Speaker) -> tuple[str, ...]:
    notes = []
    if letter.instead_of:
        notes.append(speaker.say("in_place_of", instead_of=letter.instead_of))
    if any(each.provisional for each in letter.escalations):
        notes.append(speaker.say("provisional"))
    return tuple(notes)


def _single(letter: Letter, speaker: Speaker, links: Links, now_ms: int) -> Document:
    first = letter.escalations[0]
    facts = facts_of(first, speaker, now_ms)
    # Item and place stand in the title.
    names = ("case", "department", "clock", "due", "left", "ground", "clause", "expected")
    found = [(speaker.say("open_case"), links.case(first.case_id))]
    hours = speaker.routing.rules.acknowledged_for_h
    signed = links.acknowledge(first, letter.recipient, letter.side, now_ms, hours)
    if signed and (label := _label(first.level, letter.side, speaker.routing)):
        found.append((speaker.say(label), signed))
    facts |= _expected(first, letter, speaker) | {"ground": _ground(letter, first, speaker)}
    return Document(
        title=_marked(letter, speaker, speaker.say("title", facts)),
        sms=_marked(letter, speaker, speaker.say("sms", facts)),
        lines=tuple((speaker.say(f"label_{name}"), facts[name]) for name in names if facts[name]),
        notes=_notes(letter, speaker),
        links=tuple(found),
        signature=speaker.say("signature"),
        colon=speaker.say("colon"),
    )


def _label(level: str, side: Side, routing: Routing) -> str | None:
    """Return the name of what the signed link is for; a side with nothing to do gets none.

    A level of the province is acknowledged by the province alone, and answered by the county.
    """
    types = allowed(action_rules(routing), level, side)
    if ActionType.ACKNOWLEDGED in types:
        return "acknowledge"
    return "answer" if ActionType.ANSWERED in types else None


def _expected(each: Escalation, letter: Letter, speaker: Speaker) -> Facts:
    """Return what is expected about a supervision, where that is not what its level says.

    Those below the province answer; the province blames nobody where every stage kept its limit.
    """
    if each.level not in speaker.routing.rules.provincial:
        return {}
    if letter.side is not Side.PROVINCE:
        return {"expected": speaker.say("expected_answer")}
    late = letter.late.get(each.case_id)
    return {} if late is None or late else {"expected": speaker.say("expected_lawful")}


def _ground(
    letter: Letter, each: Escalation, speaker: Speaker, lawful: str = "ground_lawful"
) -> str:
    """Return why a case is supervised: a stage is late, or ten days passed and none is.

    The second is lawful: whoever reads of it must not take the county to be late. Empty for other
    levels.
    """
    late = letter.late.get(each.case_id)
    if late is None or each.level not in SUPERVISING:
        return ""
    # Of the stages themselves the time left is not told.
    stages = dict.fromkeys(facts_of(one, speaker, 0)["clock"] for one in late)
    joint = "、" if speaker.language == "zh" else ", "
    return speaker.say("ground_late" if late else lawful, stages=joint.join(stages))


def _correction(letter: Letter, speaker: Speaker, links: Links, now_ms: int) -> Document:
    first = letter.escalations[0]
    facts = facts_of(first, speaker, now_ms)
    title = _marked(letter, speaker, speaker.say("correction_title", facts))
    opening = speaker.say("correction_opening", facts)
    return Document(
        title=title,
        sms=f"{title} {facts['case']}{speaker.say('colon')}{opening}",
        opening=opening,
        lines=tuple(
            (speaker.say(f"label_{name}"), facts[name])
            for name in ("case", "item", "place", "clock")
        ),
        links=((speaker.say("open_case"), links.case(first.case_id)),),
        signature=speaker.say("signature"),
        colon=speaker.say("colon"),
    )


def _table(letter: Letter, speaker: Speaker, links: Links, now_ms: int) -> Document:
    every = sorted(letter.escalations, key=lambda each: parse_instant(each.due_at or each.at))
    all_facts = _by_case(every, letter, speaker, now_ms)
    kind = "daily" if letter.kind is MessageKind.DAILY else "digest"
    facts = {name: _shared(name, all_facts) for name in ("level", "place", "item")}
    facts |= {"count": str(_count(letter)), "oldest": all_facts[0]["due"]}
    shown = all_facts[: speaker.routing.rules.rows_in_a_table]
    left_out = len(all_facts) - len(shown)
    # What all share stands in the title; a column of it would only narrow the others.
    columns = [
        name
        for name in ("case", "place", "item", "clock", "level", "due", "left", "ground")
        if (name not in facts or len({one[name] for one in all_facts}) > 1)
        and all(one[name] for one in all_facts)
    ]
    title = _marked(letter, speaker, speaker.say(f"{kind}_title", facts))
    return Document(
        title=title,
        sms=_marked(letter, speaker, speaker.say("sms_digest", facts)) if kind == "digest"
        else title,
        opening=speaker.say(f"{kind}_opening", facts),
        lines=_asked(all_facts, speaker) if kind == "digest" else (),
        rows=(
            tuple(speaker.say(f"label_{name}") for name in columns),
            *(tuple(one[name] for name in columns) for one in shown),
        ),
        more=speaker.say("more_rows", number=left_out) if left_out else "",
        notes=_notes(letter, speaker),
        links=((speaker.say("open_page"), links.page_url),),
        signature=speaker.say("signature"),
        colon=speaker.say("colon"),
    )  # fmt: skip


def _count(letter: Letter) -> int:
    """Return of how many a table is: notices of a daily digest, else cases."""
    if letter.kind is MessageKind.DAILY:
        return len(letter.escalations)
    return len({each.case_id for each in letter.escalations})


def _by_case(
    every: Sequence[Escalation], letter: Letter, speaker: Speaker, now_ms: int
) -> list[Facts]:
    """Return a row for each case, level and due instant; steps that share them share the row."""
    rows: dict[tuple[str, str, str | None], Facts] = {}
    joint = "、" if speaker.language == "zh" else ", "
    for each in every:
        one = facts_of(each, speaker, now_ms) | _expected(each, letter, speaker)
        one["ground"] = _ground(letter, each, speaker, "ground_lawful_short")
        row = rows.setdefault((each.case_id, each.level, each.due_at), one)
        if one["clock"] not in row["clock"].split(joint):
            row["clock"] += joint + one["clock"]
    return list(rows.values())


def _asked(rows: Sequence[Facts], speaker: Speaker) -> tuple[tuple[str, str], ...]:
    label = speaker.say("label_expected")
    return tuple((label, text) for text in dict.fromkeys(one["expected"] for one in rows))


def _shared(name: str, every: Sequence[Facts]) -> str:
    """Return the different values of a fact, three at most, so that a title stays a title."""
    values = list(dict.fromkeys(one[name] for one in every))
    return "、".join(values[:3]) + ("…" if len(values) > 3 else "")
