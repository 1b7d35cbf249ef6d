"""One clock of a catalogue file, as the core reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.catalogue.model import Clock, Duration, Pause, Source, Start, Step
from schemas.catalogue.terms import read_conditions, read_duration, read_ladder, read_text
from schemas.catalogue.vocabulary import Vocabulary
from schemas.located_yaml import Fields, Value

OVERALL = "overall"
CLOCK_FIELDS = (
    "name",
    "start",
    "where",
    "each",
    "stop",
    "within",
    "extendable_by",
    "paused_by",
    "ladder",
    "source",
)
# Only the first ``submitted`` counts, and that is before any cycle; ``note`` has no effect.
_STOPS_NOTHING = {
    "submitted": "it opens the case, before any clock runs",
    "note": "it has no effect on any clock",
}


@dataclass(frozen=True, slots=True)
class ReadClock:
    """A clock with the places of its events, for the checks that need the whole item."""

    clock: Clock
    starts: Mapping[str, Value]
    stops: Mapping[str, Value]


def read_clock(
    name: str, value: Value, words: Vocabulary, sources: Mapping[str, Source]
) -> ReadClock | None:
    """Return a clock, its ladder chosen by its kind and unit; ``None`` if it has faults."""
    before = len(value.faults)
    fields = value.fields(*CLOCK_FIELDS)
    text = fields.need("name")
    starts = read_events(fields.need("start"), words)
    stops = read_events(fields.need("stop"), words)
    for event, place in starts.items():
        _check_start(event, place, words)
    for event, place in stops.items():
        if event in _STOPS_NOTHING:
            place.fault(f"{event!r} can stop no clock: {_STOPS_NOTHING[event]}")
    within = fields.need("within")
    limit = read_duration(within) if within else None
    clock = {
        "text": read_text(text) if text else None,
        "starts": _starts(fields, starts),
        "stops": frozenset(stops),
        "source": cited(fields, sources),
        "honours": _pauses(fields.get("paused_by"), words),
        "each": _flag(fields.get("each")),
        "extendable_by": _extension(fields.get("extendable_by"), limit),
        "ladder": _ladder(name, fields, limit, words),
    }
    if limit is None or len(value.faults) > before:
        return None
    return ReadClock(Clock(name=name, limit=limit, **clock), starts, stops)  # type: ignore[arg-type]


def read_events(value: Value | None, words: Vocabulary) -> dict[str, Value]:
    """Return the declared event types of a list with their places; others are reported."""
    events = {}
    for name, place in value.texts() if value else ():
        if words.event(name, place):
            events[name] = place
    return events


def _check_start(event: str, place: Value, words: Vocabulary) -> None:
    if event in words.terminal:
        place.fault(f"{event!r} closes the case, so it can start no clock")
    elif event == "note":
        place.fault("'note' has no effect on any clock, so it can start none")


def _starts(fields: Fields, events: Mapping[str, Value]) -> tuple[Start, ...]:
    where = fields.get("where")
    conditions = read_conditions(where) if where else ()
    if where and len(events) > 1:
        fields.key("where").fault("'where' needs one start event, so that it is clear whose it is")
    return tuple(Start(event, conditions) for event in events)


def cited(fields: Fields, sources: Mapping[str, Source]) -> Source | None:
    """Return the named source of a number; one that is missing or unknown is reported."""
    value = fields.need("source")
    name = value.text() if value else None
    if value and name and name not in sources:
        value.fault(f"unknown source {name!r}; name it under 'sources' with its certainty")
    return sources.get(name) if name else None


def _pauses(value: Value | None, words: Vocabulary) -> frozenset[Pause]:
    pauses = set()
    for name, place in value.texts() if value else ():
        if name in list(words.pauses):
            pauses.add(Pause(name))
        else:
            place.fault(f"unknown pause {name!r}; the pauses are {', '.join(words.pauses)}")
    return frozenset(pauses)


def _flag(value: Value | None) -> bool:
    return bool(value.flag()) if value else False


def _extension(value: Value | None, limit: Duration | None) -> Duration | None:
    most = read_duration(value) if value else None
    if value and most and limit and most.unit is not limit.unit:
        value.fault(f"an extension of {most} does not fit a limit of {limit}; use {limit.unit}")
    return most


def _ladder(
    name: str, fields: Fields, limit: Duration | None, words: Vocabulary
) -> tuple[Step, ...]:
    if limit is None:
        return ()
    own = fields.get("ladder")
    if own:
        return read_ladder(own, limit.unit, words.levels, words.recipients, limit)
    if name == OVERALL and words.overall_ladder:
        return read_ladder(words.overall_ladder, limit.unit, words.levels, words.recipients, limit)
    return words.stage_ladders.get(limit.unit, ())
