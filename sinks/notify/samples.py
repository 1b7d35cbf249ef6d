"""Messages of every level as they are received, for ``docs/messages.md``.

``python -m sinks.notify.samples`` prints the page; a test checks that it is current.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.action import Side
from schemas.catalogue.load import load_catalogue
from schemas.escalation import Cause, Escalation, EscalationState, Reason, escalation_id
from schemas.instants import DAY_MS, HOUR_MS, parse_instant
from schemas.routing.load import shipped_routing
from sinks.notify.document import Letter, Links, MessageKind, compose
from sinks.notify.facts import Speaker
from sinks.notify.formats import markdown, plain_text

_HEAD = """# Messages as they are received

Rendered from `schemas/routing/default/words.*.yaml` by `python -m sinks.notify.samples`; a test
keeps this page current. The cases, places and times are examples. No message holds a name, a
telephone, an identity number or free text of an applicant.
"""
_TAIL = """## What a webhook gets, and how it is checked

A POST of JSON: `message_id, kind, recipient, repeated, sent_at, language, title, text, sms, count,
escalations, schema_version`; of more than 1,000 records (`count`) the first 1,000. Headers:
`Idempotency-Key` (the `message_id`, the same for every attempt: take it once), `Jushou-Timestamp`
(seconds since 1970) and `Jushou-Signature`, which is `sha256=` and the hexadecimal HMAC-SHA-256,
with the shared secret, of the timestamp, a full stop and the body as it came. Compare it before
anything is parsed, and refuse a timestamp that is more than five minutes off. Any 2xx says that
the message was taken; 429 or 503 with `Retry-After` is waited for; other 5xx are tried again;
other 4xx are final, and the next level is told. A `kind` of `heartbeat` comes as often as
`watchdog_every_s` while the whole pipeline works: raise an alarm when it stays away.
"""
_PAGE = "https://jushou.example.gov.cn"
# Of the first the ten days passed with every stage within its limit, of the second they did not.
_LATE = {"SQ-2026-0004": (), "SQ-2026-0005": ("review",), "SQ-2026-0006": ("confirm", "review")}
_LINKS = Links(_PAGE, "only-for-samples", f"{_PAGE}/a")
_UNTIL_MORNING_MS = 30_600_000  # from 00:00 to 08:30
_DESK = {"zh": "县级主管部门值班", "en": "Duty desk of the county department"}
_STEPS = (
    ("yellow", "water.drinking", "verify", "2026-03-03T00:00:00+08:00",
     "2026-03-04T00:00:00+08:00"),
    ("red", "water.drinking", "accept", "2026-03-02T10:00:00+08:00", "2026-03-02T10:00:00+08:00"),
    ("prefecture", "civil.minimum-living", "decide", "2026-03-05T00:00:00+08:00",
     "2026-03-03T00:00:00+08:00"),
    ("supervise", "housing.dilapidated", "overall", "2026-03-05T00:00:00+08:00",
     "2026-03-05T00:00:00+08:00"),
    ("supervise-again", "housing.dilapidated", "overall", "2026-03-12T00:00:00+08:00",
     "2026-03-05T00:00:00+08:00"),
)  # fmt: skip


def sample(level: str, item: str, clock: str, at: str, due_at: str, case: str) -> Escalation:
    """Return an escalation such as the worker publishes, for Dongchuan in Kunming."""
    known = load_catalogue().item(item)
    step = next(each for each in known.clocks[clock].ladder if each.level == level)
    return Escalation(
        escalation_id=escalation_id(case, clock, "e1", level), revision=1,
        state=EscalationState.FIRED, cause=Cause.REACHED, case_id=case, item=item,
        department=known.department, county="530113", clock=clock, start_event_id="e1", cycle=1,
        level=level, to=step.to, limit=str(known.clocks[clock].limit), due_at=due_at, at=at,
        published_at=at, known_late=False, policy="2021-11", calendar="cn-2026.000000",
        reason=Reason("", ""),
    )  # fmt: skip


def letters(language: str) -> Iterator[tuple[str, Letter, int]]:
    """Yield heading, letter and instant of each sample."""
    made = [sample(*step, case=f"SQ-2026-{number:04d}") for number, step in enumerate(_STEPS, 1)]
    other = sample(*_STEPS[3], case="SQ-2026-0006")
    late = {
        each.case_id: tuple(
            msgspec.structs.replace(each, clock=clock, level="red") for clock in _LATE[each.case_id]
        )
        for each in (*made, other)
        if each.case_id in _LATE
    }

    def letter(kind: MessageKind, *of: Escalation, **more: Any) -> Letter:
        fields = {"side": Side(of[0].to) if of else Side.OWNER, "late": late} | more
        return Letter(
            message_id="sample", kind=kind, recipient="duty", language=language, escalations=of,
            **fields,
        )  # fmt: skip

    for each in made:
        at_once = each.clock == "accept" or each.to == "province"
        sent_ms = parse_instant(each.at) + (0 if at_once else _UNTIL_MORNING_MS)
        yield each.level, letter(MessageKind.SINGLE, each), sent_ms
    night_ms = parse_instant(made[3].at)
    asked = letter(MessageKind.SINGLE, made[3], side=Side.COUNTY)
    yield "supervise, as the county gets it, which is to answer", asked, night_ms
    reminder = letter(MessageKind.SINGLE, made[3], reminder=True)
    yield (
        "reminder of a supervision that nobody acknowledged or answered",
        reminder,
        (night_ms + DAY_MS),
    )
    handed_on = letter(
        MessageKind.SINGLE, made[1], side=Side.PREFECTURE, instead_of=_DESK[language]
    )
    yield (
        "not delivered to the first, handed on to the next",
        handed_on,
        (parse_instant(made[1].at) + HOUR_MS // 2),
    )
    many = [sample(*_STEPS[1], case=f"SQ-2026-{number:04d}") for number in range(11, 15)]
    at_ms = parse_instant(many[0].at) + 300_000
    both = [
        msgspec.structs.replace(each, clock="dispatch", escalation_id=f"{each.escalation_id}d")
        for each in many[:2]
    ]
    yield "digest", letter(MessageKind.DIGEST, *many, *both), at_ms
    yield (
        "supervisions of one night, as one table",
        letter(MessageKind.DIGEST, made[3], other),
        night_ms,
    )
    yield "correction", letter(MessageKind.CORRECTION, made[1]), at_ms
    yield "sent again after a crash", letter(MessageKind.SINGLE, made[1], repeated=True), at_ms
    morning_ms = night_ms + DAY_MS + _UNTIL_MORNING_MS
    yield "daily digest", letter(MessageKind.DAILY, *many[:2], made[3]), morning_ms
    speaker = Speaker(shipped_routing(), language)
    silent = speaker.say("alarm_late", number="2", at=speaker.instant(at_ms))
    yield "alarm of the system itself", letter(MessageKind.ALARM, text=silent), at_ms
    yield "heartbeat for a switch outside", letter(MessageKind.HEARTBEAT), at_ms


def page() -> str:
    """Return the text of ``docs/messages.md``."""
    routing = shipped_routing()
    parts = [_HEAD]
    for language in ("zh", "en"):
        parts.append(f"## {language}\n")
        for heading, letter, now_ms in letters(language):
            document = compose(letter, routing, _LINKS, now_ms)
            parts.append(f"### {heading}\n\n```text\n{plain_text(document)}\n```\n")
            parts.append(f"SMS: `{document.sms}`\n")
    first = next(letters("zh"))
    document = compose(first[1], routing, _LINKS, first[2])
    parts.append(f"## The first as a robot gets it\n\n```markdown\n{markdown(document)}\n```\n")
    return "\n".join([*parts, _TAIL])


if __name__ == "__main__":
    print(page(), end="")
