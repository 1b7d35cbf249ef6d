"""The words of the messages: small templates in two languages, checked when they are read.

Stands before the path of an event. A template sees the facts of one message and nothing else: it
is compiled in a sandbox, and a name that no message has is a fault at its line.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from jinja2 import StrictUndefined, TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

from schemas.catalogue.model import Catalogue
from schemas.located_yaml import Value
from schemas.routing.model import Words

FACTS = frozenset({
    "case", "item", "place", "department", "clock", "level", "addressee", "due", "left", "limit",
    "clause", "certainty", "expected", "at", "count", "number", "oldest", "instead_of", "amount",
    "endpoint", "why",
})  # fmt: skip
NEEDED = (
    "title", "digest_title", "digest_opening", "daily_title", "daily_opening", "correction_title",
    "correction_opening", "notice_title", "watchdog", "alarm_late", "alarm_undelivered",
    "alarm_over", "every", "expected_answer", "expected_late", "answer", "sms", "sms_digest",
    "label_case", "label_place", "label_department", "label_clock", "label_due", "label_left",
    "label_clause", "label_expected", "label_at", "label_item", "label_level", "open_case",
    "acknowledge",
    "repeated", "reminder", "in_place_of", "provisional", "more_rows", "left_h", "left_d",
    "late_h", "late_d", "due_now", "due_unknown", "certainty_S", "certainty_P", "certainty_A",
    "certainty_SA", "hours", "minutes", "clause", "limit_h", "limit_d", "limit_wd",
    "signature", "withheld", "colon",
)  # fmt: skip


@cache
def environment() -> SandboxedEnvironment:
    """Return the sandbox that the words are compiled in; HTML escapes what they give later."""
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def read_words(languages: dict[str, Value], catalogue: Catalogue) -> Words:
    """Return language → name → template; ``expected_<level>`` is needed for every level."""
    needed = (*NEEDED, *(f"expected_{level}" for level in catalogue.levels))
    found = {}
    for language, value in languages.items():
        fields = value.fields(*needed)
        texts = {name: (name, fields.need(name)) for name in needed}
        found[language] = MappingProxyType(
            {name: _template(given) for name, given in texts.values() if given}
        )
    return MappingProxyType(found)


def _template(value: Value) -> str:
    written = value.text() or ""
    try:
        names = meta.find_undeclared_variables(environment().parse(written))
    except TemplateSyntaxError as error:
        value.fault(f"is not a template: {error.message}")
        return ""
    for name in sorted(names - FACTS):
        value.fault(f"no message has {name!r}; known: {', '.join(sorted(FACTS))}")
    return written
