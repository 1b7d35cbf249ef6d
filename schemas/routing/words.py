"""The words of the messages: small templates in two languages, checked when they are read.

Stands before the path of an event. A template sees the facts of one message and nothing else: it
is compiled in a sandbox, and a name that no message has is a fault at its line.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

from schemas.catalogue.model import Catalogue
from schemas.located_yaml import Value
from schemas.routing.model import Words

# What each text may speak of; the others hold no fact.
_OF_ONE = frozenset({
    "case", "item", "place", "department", "clock", "level", "addressee", "due", "left", "limit",
    "clause", "expected", "at",
})  # fmt: skip
_OF_MANY = frozenset({"level", "place", "item", "count", "oldest"})
FACTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("title", "sms", "correction_title", "correction_opening"), _OF_ONE),
    **dict.fromkeys(
        ("digest_title", "digest_opening", "daily_title", "daily_opening", "sms_digest"), _OF_MANY
    ),
    **dict.fromkeys(
        ("limit_h", "limit_d", "limit_wd", "hours", "minutes", "more_rows"), frozenset({"number"})
    ),
    **dict.fromkeys(
        ("left_h", "left_d", "late_h", "late_d", "passed_h", "passed_d"), frozenset({"amount"})
    ),
    **dict.fromkeys(("watchdog", "alarm_over"), frozenset({"at"})),
    "clause": frozenset({"limit", "clause", "certainty"}),
    "alarm_late": frozenset({"number", "at"}),
    "alarm_undelivered": frozenset({"endpoint", "why"}),
    "in_place_of": frozenset({"instead_of"}),
    "ground_late": frozenset({"stages"}),
}
NEEDED = (
    "title", "digest_title", "digest_opening", "daily_title", "daily_opening", "correction_title",
    "correction_opening", "notice_title", "watchdog", "alarm_late", "alarm_undelivered",
    "alarm_over", "every", "expected_answer", "expected_lawful", "expected_late",
    "answer", "sms", "sms_digest",
    "label_case", "label_place", "label_department", "label_clock", "label_due", "label_left",
    "label_clause", "label_ground", "ground_late", "ground_lawful",
    "ground_lawful_short", "label_expected", "label_at", "label_item", "label_level", "open_case",
    "open_page", "acknowledge",
    "repeated", "reminder", "in_place_of", "provisional", "more_rows", "left_h", "left_d",
    "late_h", "late_d", "passed_h", "passed_d", "due_now", "due_unknown",
    "certainty_S", "certainty_P", "certainty_A",
    "certainty_SA", "hours", "minutes", "clause", "limit_h", "limit_d", "limit_wd",
    "signature", "withheld", "colon",
)  # fmt: skip


@cache
def environment() -> SandboxedEnvironment:
    """Return the sandbox that the words are compiled in; HTML escapes what they give later."""
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def read_words(languages: dict[str, list[Value]], catalogue: Catalogue) -> Words:
    """Return language → name → template; ``expected_<level>`` is needed for every level.

    Of each text the first that is given counts; the last of a language's values has them all.
    """
    needed = (*NEEDED, *(f"expected_{level}" for level in catalogue.levels))
    found = {}
    for language, values in languages.items():
        *own, last = [value.fields(*needed) for value in values]
        texts = {
            name: next((given for each in own if (given := each.get(name))), None)
            or last.need(name)
            for name in needed
        }
        found[language] = MappingProxyType(
            {name: _template(name, given) for name, given in texts.items() if given}
        )
    return MappingProxyType(found)


def _template(name: str, value: Value) -> str:
    written = value.text() or ""
    facts = FACTS.get(name, frozenset())
    try:
        names = meta.find_undeclared_variables(environment().parse(written))
        for unknown in sorted(names - facts):
            value.fault(
                f"{name} knows no {unknown!r}; known: {', '.join(sorted(facts)) or 'nothing'}"
            )
        if names <= facts:
            # Tried once: what fails with every message is found here, not when one is to leave.
            environment().from_string(written).render(dict.fromkeys(facts, "1"))
    except TemplateError as error:
        value.fault(f"is not a template: {error.message}")
    except Exception as error:  # noqa: BLE001 - whatever a template does, it is the file's fault
        value.fault(f"cannot be filled in: {error}")
    return written
