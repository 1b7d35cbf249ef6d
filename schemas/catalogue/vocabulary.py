"""The words that catalogue files may use: event types, departments, levels, pauses, sources.

Read first, from ``general.yaml`` and the ``events`` of every file, so that the items can be
checked against it whatever the order of the files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.catalogue.model import Pause, Source, Step, Text, Unit
from schemas.catalogue.terms import read_ladder, read_source, read_text, read_texts
from schemas.located_yaml import Fields, Value

GENERAL_FIELDS = (
    "policy",
    "in_force_from",
    "departments",
    "levels",
    "recipients",
    "pauses",
    "events",
    "shared_events",
    "terminal",
    "sources",
    "ladders",
    "overall",
    "quotas",
)
# What the core gives a meaning of its own, so that a catalogue without it cannot work.
MEANT_BY_THE_CORE = frozenset(
    {
        *("submitted", "dispatched", "accepted", "returned", "transferred", "note"),
        *("supplement_requested", "supplement_provided", "suspended", "resumed", "extended"),
        *("reopened", "resolved", "rejected", "withdrawn"),
    }
)
TERMINAL = frozenset({"resolved", "rejected", "withdrawn"})


@dataclass(slots=True)
class Vocabulary:
    """The known words, with the texts shown to people."""

    departments: dict[str, Text] = field(default_factory=dict)
    levels: dict[str, Text] = field(default_factory=dict)
    recipients: dict[str, Text] = field(default_factory=dict)
    pauses: dict[Pause, Text] = field(default_factory=dict)
    types: dict[str, Text] = field(default_factory=dict)
    general: frozenset[str] = frozenset()
    terminal: frozenset[str] = frozenset()
    sources: dict[str, Source] = field(default_factory=dict)
    stage_ladders: dict[Unit, tuple[Step, ...]] = field(default_factory=dict)
    overall_ladder: Value | None = None
    places: dict[str, Value] = field(default_factory=dict)

    def declare(self, events: Value | None) -> list[str]:
        """Add event types with their texts; one that another file declares is reported."""
        declared = []
        for name, key, given in events.entries() if events else ():
            first = self.places.setdefault(name, key)
            if first is not key:
                key.fault(
                    f"event {name!r} is already declared in {first.place}; declare it once, under "
                    "shared_events of general.yaml if several departments use it"
                )
            self.types[name] = read_text(given)
            declared.append(name)
        return declared

    def event(self, name: str, place: Value) -> bool:
        """Say whether an event type is declared; report it if not."""
        if name in self.types:
            return True
        place.fault(f"unknown event {name!r}; declare it under 'events' or correct the name")
        return False


def read_vocabulary(general: Fields, others: Iterable[Fields]) -> Vocabulary:
    """Return the words of ``general.yaml`` and the event types that the other files declare."""
    words = Vocabulary(
        departments=read_texts(general.need("departments")),
        levels=read_texts(general.need("levels")),
        recipients=read_texts(general.need("recipients")),
        pauses=_read_pauses(general.need("pauses")),
        sources=read_sources(general.get("sources")),
    )
    _read_events(general, words)
    for fields in others:
        words.declare(fields.get("events"))
    _read_ladders(general.need("ladders"), words)
    return words


def read_sources(value: Value | None) -> dict[str, Source]:
    """Return the named sources of one file."""
    return {name: read_source(given) for name, _, given in value.entries()} if value else {}


def _read_pauses(value: Value | None) -> dict[Pause, Text]:
    pauses = {}
    for name, key, given in value.entries() if value else ():
        if name in list(Pause):
            pauses[Pause(name)] = read_text(given)
        else:
            key.fault(f"unknown pause {name!r}; the pauses are {', '.join(Pause)}")
    return pauses


def _read_events(general: Fields, words: Vocabulary) -> None:
    events = general.need("events")
    words.general = frozenset(words.declare(events))
    missing = MEANT_BY_THE_CORE - words.general
    if events and missing:
        events.fault(f"every item must have the events {', '.join(sorted(missing))}; add them")
    words.declare(general.get("shared_events"))
    terminal = general.need("terminal")
    if terminal:
        words.terminal = frozenset(name for name, _ in terminal.texts())
        if words.terminal != TERMINAL:
            terminal.fault(f"the events that close a case are {', '.join(sorted(TERMINAL))}")


def _read_ladders(value: Value | None, words: Vocabulary) -> None:
    if value is None:
        return
    ladders = value.fields("stage", "overall")
    words.overall_ladder = ladders.need("overall")
    stage = ladders.need("stage")
    by_unit = stage.fields(*Unit) if stage else None
    for unit in Unit if by_unit else ():
        ladder = by_unit.need(unit) if by_unit else None
        if ladder:
            words.stage_ladders[unit] = read_ladder(ladder, unit, words.levels, words.recipients)
