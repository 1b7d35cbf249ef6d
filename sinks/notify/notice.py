"""The notice of supervision (督办单) to print: one per case, or one per county with a table.

Beside the path of a message. HTML for paper, escaped, with nothing fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.instants import day_of, parse_instant, start_of_day
from schemas.routing.model import Routing
from sinks.notify.facts import Facts, Speaker, facts_of
from sinks.notify.formats import html_template
from sinks.notify.supervision import Ground, State, Supervision

GROUNDS = {
    Ground.STAGE_LATE: "环节逾期",
    Ground.WITHIN_LIMITS: "超过十日，各环节均在规定时限内",
}
STATES = {
    State.ASKED: "已交办，待反馈",
    State.ANSWERED: "已反馈",
    State.RESOLVED: "已办结，待销号",
    State.CLOSED: "已销号",
}


def case_notice(supervision: Supervision, routing: Routing, as_of: int) -> str:
    """Return the notice of one case as it stands at ``as_of`` (ms)."""
    return county_notice([supervision], routing, as_of)


def county_notice(supervisions: Sequence[Supervision], routing: Routing, as_of: int) -> str:
    """Return one notice for the cases of one county; ``ValueError`` for none or for several."""
    counties = {each.escalation.county for each in supervisions}
    if len(counties) != 1:
        raise ValueError(f"a notice is for one county, not for {len(counties)}")
    speaker = Speaker(routing, "zh")
    rows = [row_of(each, speaker, as_of) for each in supervisions]
    return html_template("notice.html").render(
        title=speaker.say("notice_title"),
        place=rows[0]["place"],
        rows=rows,
        single=rows[0] if len(rows) == 1 else None,
        lawful=any(each.ground is Ground.WITHIN_LIMITS for each in supervisions),
        printed=speaker.instant(start_of_day(day_of(as_of)) + 1).split("（")[0],
    )


def row_of(supervision: Supervision, speaker: Speaker, as_of: int) -> Facts:
    """Return the facts of one supervision in words."""
    late = [facts_of(each, speaker, as_of) for each in supervision.late]
    stages = list(dict.fromkeys(one["clock"] for one in late))
    days = supervision.unanswered_for_days
    facts = facts_of(supervision.escalation, speaker, as_of)
    return facts | {
        "due_day": facts["due"].partition("（")[0],
        "asked": speaker.instant(supervision.asked_ms),
        "age": str(supervision.age_days),
        "ground": GROUNDS[supervision.ground],
        "stages": "、".join(stages),
        "state": STATES[supervision.state],
        "repeated": str(len(supervision.repeated_ms)),
        "unanswered": "" if days is None else str(days),
        "notes": "\n".join(
            f"{speaker.instant(at_ms)} {by}{speaker.say('colon')}{note}"
            for at_ms, by, note in supervision.notes
        ),
    }


def order(supervisions: Sequence[Supervision]) -> list[Supervision]:
    """Return them as a notice lists them: late stages first, then by age."""
    return sorted(
        supervisions,
        key=lambda each: (
            each.ground is not Ground.STAGE_LATE,
            parse_instant(each.escalation.at),
            each.escalation.case_id,
        ),
    )
