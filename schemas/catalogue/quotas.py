"""One count rule of a catalogue file, as the core reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.catalogue.clocks import cited, read_events
from schemas.catalogue.model import Quota, Source
from schemas.catalogue.terms import read_conditions, read_text
from schemas.catalogue.vocabulary import Vocabulary
from schemas.located_yaml import Fields, Value

QUOTA_FIELDS = ("name", "measure", "events", "attribute", "at_most", "relaxed", "source")
# Which fields each measure needs besides name, events and source.
_MEASURES = {
    "events": {"at_most"},
    "each": {"attribute", "at_most"},
    "sum": {"attribute", "at_most"},
    "required": {"attribute"},
}


@dataclass(frozen=True, slots=True)
class ReadQuota:
    """A count rule with the places of its events."""

    quota: Quota
    events: Mapping[str, Value]


def read_quota(
    name: str, value: Value, words: Vocabulary, sources: Mapping[str, Source]
) -> ReadQuota | None:
    """Return a count rule, or ``None`` if it has faults."""
    before = len(value.faults)
    fields = value.fields(*QUOTA_FIELDS)
    text, measure = fields.need("name"), fields.need("measure")
    kind = measure.text() if measure else None
    if measure and kind and kind not in _MEASURES:
        measure.fault(f"unknown measure {kind!r}; it is one of {', '.join(_MEASURES)}")
    needed = _MEASURES.get(kind or "", set())
    attribute = _of_measure(fields, "attribute", kind, needed)
    at_most = _of_measure(fields, "at_most", kind, needed)
    events = read_events(fields.need("events"), words)
    relaxed = _relaxed(fields)
    quota = {
        "text": read_text(text) if text else None,
        "source": cited(fields, sources),
        "attribute": attribute.text() if attribute else None,
        "at_most": at_most.whole() if at_most else None,
        **relaxed,
    }
    if len(value.faults) > before:
        return None
    return ReadQuota(
        Quota(rule=name, measure=str(kind), events=frozenset(events), **quota),  # type: ignore[arg-type]
        events,
    )


def _of_measure(fields: Fields, field: str, measure: str | None, needed: set[str]) -> Value | None:
    if measure not in _MEASURES:
        return fields.get(field)
    if field in needed:
        return fields.need(field)
    if fields.get(field):
        fields.key(field).fault(f"measure {measure!r} has no {field!r}; leave it out")
    return fields.get(field)


def _relaxed(fields: Fields) -> dict[str, object]:
    value = fields.get("relaxed")
    if value is None:
        return {}
    relaxed = value.fields("to", "where")
    to, where = relaxed.need("to"), relaxed.need("where")
    conditions = read_conditions(where) if where else ()
    if where and len(conditions) > 1:
        where.fault("a relaxed limit depends on one attribute; leave the others out")
    return {
        "relaxed_to": to.whole() if to else None,
        "relaxed_where": conditions[0] if conditions else None,
    }
