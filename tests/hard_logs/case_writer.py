"""Writes one case: a plausible life of its item, or a storm of events on few instants."""

from __future__ import annotations

from random import Random

from tests.hard_logs.instants import FAR_FUTURE_MS, moments_of, spelled
from tests.hard_logs.vocabulary import (
    ALL_TYPES,
    ATTRIBUTES,
    CARRIES,
    EVENT_IDS,
    HARD_DAYS,
    ITEMS,
    PAUSING,
    STORIES,
    UNKNOWN_TYPES,
)
from tests.reference.catalogue import CLOCKS, types_of
from tests.reference.instants import DAY_MS, HOUR_MS, closing_midnight, day_of, to_ms
from tests.reference.life import cycles_of
from tests.reference.order import cases
from tests.reference.reading import CHANNELS, DEPARTMENTS, RAISED_BY, Record


class CaseWriter:
    """Writes the events of one case, one after another, along a growing instant."""

    def __init__(self, rng: Random, case_id: str) -> None:
        self.rng = rng
        self.case_id = case_id
        self.item = rng.choice(ITEMS)
        self.records: list[Record] = []
        day_ms = to_ms(f"{rng.choice(HARD_DAYS)}T00:00:00+08:00")
        self.now_ms = day_ms + rng.choice([0, 0, -1, 1, rng.randrange(20 * DAY_MS)])

    def write_story(self) -> None:
        """The plausible life of an item, with something else in between now and then."""
        for kind in self.rng.choice(STORIES[self.item]).split():
            while self.rng.random() < 0.35:
                self.disturb()
            if self.rng.random() < 0.93:
                self.now_ms = self.next_ms()
                self.add(kind)
        for _ in range(self.rng.choice([0, 0, 1, 3]) if self.records else 1):
            self.disturb()

    def write_storm(self) -> None:
        """Any event of the item at few instants, most of them midnights or due instants."""
        starts = [kind for clock in CLOCKS[self.item] for kind, _ in clock.starts]
        stops = [kind for clock in CLOCKS[self.item] for kind in clock.stops]
        likely = [*starts, *starts, *stops, *PAUSING, "reopened", "extended", "submitted"]
        if self.item == "civil.minimum-living":
            likely += ["extended"] * 4
        if self.rng.random() < 0.8:
            self.add("submitted")
        for _ in range(self.rng.randrange(2, 14)):
            if self.rng.random() < 0.6:
                self.now_ms = self.next_ms()
            self.add(self.rng.choice(likely))

    def disturb(self) -> None:
        """Something that the plain life of the item does not have; most often a pause."""
        self.now_ms = self.next_ms()
        if self.rng.random() > 0.5:
            self.add(self.other_type())
            return
        opens, closes = self.rng.choice([PAUSING[1:3], PAUSING[4:]])
        self.add(opens)
        if self.rng.random() < 0.85:
            next_midnight_ms = closing_midnight(day_of(self.now_ms))
            self.now_ms = self.rng.choice([self.now_ms, next_midnight_ms, self.next_ms()])
            self.add(closes)

    def other_type(self) -> str:
        """What may come at any time, also what makes no sense here."""
        draw = self.rng.random()
        if draw < 0.35 and self.item == "civil.minimum-living":
            return "extended"
        if draw < 0.2:
            return self.rng.choice(PAUSING)
        if draw < 0.5:
            return self.rng.choice(["extended", "reopened"])
        if draw < 0.7:
            return self.rng.choice(sorted(types_of(self.item)))
        if draw < 0.85:
            return self.rng.choice(["note", "returned", "transferred", "submitted", "dispatched"])
        return self.rng.choice(UNKNOWN_TYPES + ALL_TYPES[:3])

    def next_ms(self) -> int:
        """Not before the last instant: a tie, a midnight, a due instant, a step, or any time."""
        draw = self.rng.random()
        if draw < 0.12:
            return self.now_ms
        if draw < 0.55:
            near = [at for at in self.moments() if self.now_ms <= at < self.now_ms + 200 * DAY_MS]
            if near:
                return self.rng.choice(near) + self.rng.choice([0, 0, 0, -1, 1])
        if draw < 0.75:
            day = day_of(self.now_ms) + self.rng.choice([0, 0, 1, 2, 5])
            return closing_midnight(day) + self.rng.choice([0, 0, -1, 1])
        longest = self.rng.choice([HOUR_MS, DAY_MS, DAY_MS, 4 * DAY_MS, 15 * DAY_MS])
        return self.now_ms + self.rng.randrange(longest)

    def moments(self) -> list[int]:
        """The instants of the ladders of the cycles that are live now."""
        moments = []
        for item, events in cases(self.records, FAR_FUTURE_MS).values():
            for cycle in cycles_of(item, events):
                if cycle.ended_ms is None:
                    moments += moments_of(cycle)
        return moments

    def add(self, kind: str) -> None:
        """One record of that type at the present instant."""
        rng = self.rng
        record: Record = {
            "event_id": rng.choice(EVENT_IDS).format(rng.choice([len(self.records), rng.random()])),
            "case_id": self.case_id,
            "type": kind,
            "occurred_at": spelled(rng, self.now_ms),
            "schema_version": "1",
        }
        if kind == "submitted":
            record |= {
                "item": self.item,
                "county": rng.choice(["530102", "533325", "532801"]),
                "raised_by": rng.choice(RAISED_BY),
                "channel": rng.choice(CHANNELS),
            }
        elif rng.random() < (0.4 if kind in UNKNOWN_TYPES else 0.12):
            record["item"] = rng.choice([self.item, self.item, None, rng.choice(sorted(CLOCKS))])
        record |= self.optional_fields()
        attributes = self.attributes(kind)
        if attributes or rng.random() < 0.3:
            record["attributes"] = attributes or rng.choice([{}, None])
        self.records.append(record)

    def optional_fields(self) -> Record:
        """Some of the fields that any record may carry, null among their values."""
        rng = self.rng
        fields: Record = {}
        if rng.random() < 0.35:
            fields["sequence"] = rng.choice([0, 1, 2, 3, -1, None, 2.0])
        if rng.random() < 0.1:
            fields["township"] = rng.choice(["530102001", None])
            fields["department"] = rng.choice([*DEPARTMENTS, None])
            fields["household"] = rng.choice(["h-7f3a", None])
        if rng.random() < 0.1:
            fields["x_source"] = rng.choice(["旧系统", 1, 1.5, None, {"b": [1, {}], "a": "/\x7f"}])
        return fields

    def attributes(self, kind: str) -> Record:
        """What the type carries, sometimes in part, sometimes with what is foreign to it."""
        rng = self.rng
        names = [name for name in CARRIES.get(kind, []) if rng.random() < 0.95]
        if kind == "submitted" or (not names and rng.random() < 0.1):
            names = [name for name in ("zero_employment", "offers") if rng.random() < 0.4]
        if rng.random() < 0.05:
            names.append(rng.choice(sorted(ATTRIBUTES)))
        return {name: rng.choice(ATTRIBUTES[name]) for name in names}
