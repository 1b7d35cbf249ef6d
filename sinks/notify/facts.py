"""What is told about an escalation, in words of one language: names, times, the clause.

Between the outbox and the layout of a message. Nothing here comes from an applicant: names are
those of the catalogue and of the table of regions; the case is its number, withheld if it looks
like a person's.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from jinja2 import Template

from schemas.catalogue.model import Certainty, Clock, Text
from schemas.escalation import Escalation
from schemas.instants import (
    MINUTE_MS,
    date_of_day,
    day_of,
    parse_instant,
    start_of_day,
)
from schemas.personal import finds_personal_data
from schemas.routing.model import Routing
from schemas.routing.words import environment

Facts = dict[str, str]
OVERALL = "overall"  # the citizen's ten days, which a lawful case may take longer than
_WEEKDAYS_ZH = "一二三四五六日"
_HOURS_UNTIL_DAYS = 48  # below two days people count hours


class Speaker:
    """Says things in one language with the words of a routing."""

    def __init__(self, routing: Routing, language: str) -> None:
        self.routing = routing
        self.language = language
        self._words = routing.words[language]

    def say(self, name: str, facts: Facts | None = None, **more: object) -> str:
        """Return a text with its facts filled in."""
        return _template(self._words[name]).render({**(facts or {}), **more})

    def text(self, text: Text) -> str:
        """Return a text of the catalogue in this language."""
        return text.zh if self.language == "zh" else text.en

    def place(self, county: str) -> str:
        """Return the prefecture and county by name."""
        regions, language = self.routing.regions, self.language
        name = regions.name(county, "zh" if language == "zh" else "en")
        if county not in regions.counties:
            return name
        prefecture = regions.prefectures[regions.prefecture_of(county)]
        return prefecture.text.zh + name if language == "zh" else f"{name}, {prefecture.text.en}"

    def instant(self, instant_ms: int) -> str:
        """Return an instant as people say it; midnight is 24:00 of the day that ends."""
        day = day_of(instant_ms)
        if instant_ms == start_of_day(day):
            day -= 1
        minutes = (instant_ms - start_of_day(day)) // MINUTE_MS
        time = f"{minutes // 60:02d}:{minutes % 60:02d}"
        return f"{self._date(date_of_day(day))}{time}"

    def _date(self, date: dt.date) -> str:
        if self.language == "zh":
            return f"{date.year}年{date.month}月{date.day}日（周{_WEEKDAYS_ZH[date.weekday()]}）"
        return f"{date:%a} {date.day} {date:%B %Y} "

    def left(self, due_ms: int | None, now_ms: int, late: str = "late") -> str:
        """Return how long is left, or how late it is.

        With ``late="passed"`` only how long ago it was: over ten days is not late by itself.
        """
        if due_ms is None:
            return self.say("due_unknown")
        # To the minute: a message that leaves two seconds after its instant says "4 h", not 3:59.
        minutes = round((due_ms - now_ms) / MINUTE_MS)
        if minutes == 0:
            return self.say("due_now")
        which = "left" if minutes > 0 else late
        minutes = abs(minutes)
        if minutes >= _HOURS_UNTIL_DAYS * 60:
            return self.say(f"{which}_d", amount=minutes // (24 * 60))
        parts = [("hours", minutes // 60), ("minutes", minutes % 60)]
        amount = " ".join(self.say(name, number=number) for name, number in parts if number)
        return self.say(f"{which}_h", amount=amount)

    def clause(self, clock: Clock | None, limit: str) -> str:
        """Return the limit, where it stands and how certain that is; an assumption says so."""
        unit = limit.lstrip("0123456789")
        words = self.say(f"limit_{unit}", number=limit.removesuffix(unit))
        source = clock.source if clock else None
        certainty = (source.certainty if source else Certainty.ASSUMED).replace("/", "")
        return self.say(
            "clause",
            limit=words,
            clause=self.text(source.text) if source else "",
            certainty=self.say(f"certainty_{certainty}"),
        )


@lru_cache(maxsize=1_000)
def _template(written: str) -> Template:
    return environment().from_string(written)


def facts_of(escalation: Escalation, speaker: Speaker, now_ms: int) -> Facts:
    """Return what the words may speak of, for one escalation at ``now_ms``."""
    catalogue = speaker.routing.catalogue
    versions = catalogue.versions.get(escalation.item, ())
    item = next((each for each in versions if each.policy == escalation.policy), None) or (
        versions[-1] if versions else None
    )
    clock = item.clocks.get(escalation.clock) if item else None
    due_ms = None if escalation.due_at is None else parse_instant(escalation.due_at)

    named = f"expected_{escalation.level}"
    # A warning of what is due that leaves after it was: reported late, or held until the morning.
    is_overtaken = due_ms is not None and parse_instant(escalation.at) < due_ms <= now_ms

    def name(text: Text | None, code: str) -> str:
        return speaker.text(text) if text else code

    return {
        "case": shown_case(escalation.case_id) or speaker.say("withheld"),
        "item": name(item.text if item else None, escalation.item),
        "place": speaker.place(escalation.county),
        "department": name(catalogue.departments.get(escalation.department), escalation.department),
        "clock": name(clock.text if clock else None, escalation.clock),
        "level": name(catalogue.levels.get(escalation.level), escalation.level),
        "addressee": name(catalogue.recipients.get(escalation.to), escalation.to),
        "due": speaker.say("due_unknown") if due_ms is None else speaker.instant(due_ms),
        "left": speaker.left(due_ms, now_ms, "passed" if escalation.clock == OVERALL else "late"),
        "limit": escalation.limit,
        "clause": speaker.clause(clock, escalation.limit),
        "expected": speaker.say("expected_late" if is_overtaken else named),
        "at": speaker.instant(parse_instant(escalation.at)),
    }


def shown_case(case_id: str) -> str | None:
    """Return the number of a case, ``None`` for one that looks like a person's id or telephone."""
    return None if finds_personal_data(case_id.encode()) else case_id
