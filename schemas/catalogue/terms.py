"""The small words of a catalogue file: names, amounts, conditions, ladder steps.

Each function takes a located value and gives the frozen form of it, or reports what is wrong and
gives ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from schemas.catalogue.model import (
    Certainty,
    Condition,
    Duration,
    Source,
    Step,
    Text,
    Unit,
)
from schemas.located_yaml import Value

_AMOUNT = re.compile(r"([0-9]+)([A-Za-z]*)")
_OFFSET = re.compile(r"([+-])([0-9]+)([A-Za-z]*)")
_UNITS = "h (hours), d (days) or wd (working days)"


def read_text(value: Value) -> Text:
    """Return a text in both languages; a missing one is reported and reads as blank."""
    fields = value.fields("zh", "en")
    return Text(*(_language(fields.need(language)) for language in ("zh", "en")))


def _language(value: Value | None) -> str:
    return (value.text() or "") if value else ""


def read_texts(value: Value | None) -> dict[str, Text]:
    """Return the texts of a table of names."""
    return {name: read_text(given) for name, _, given in value.entries()} if value else {}


def read_source(value: Value) -> Source:
    """Return where a number comes from and how certain it is."""
    fields = value.fields("certainty", "zh", "en")
    text = Text(*(_language(fields.need(language)) for language in ("zh", "en")))
    certainty = Certainty.ASSUMED
    given = fields.need("certainty")
    letters = given.text() if given else None
    if given and letters:
        known = [each.value for each in Certainty]
        if letters in known:
            certainty = Certainty(letters)
        else:
            given.fault(f"unknown certainty {letters!r}; it is one of {', '.join(known)}")
    return Source(certainty, text)


def read_duration(value: Value) -> Duration | None:
    """Return an amount from 1 with its unit, such as ``24h``, ``10d``, ``10wd``."""
    written = value.scalar()
    match = _AMOUNT.fullmatch(str(written)) if written is not None else None
    if match is None or not match[2] or int(match[1]) < 1:
        if written is not None:
            value.fault(f"expected an amount with its unit such as 24h, 10d, 10wd, not {written!r}")
        return None
    unit = _unit(match[2], value)
    return Duration(int(match[1]), unit) if unit else None


def _unit(letters: str, value: Value) -> Unit | None:
    if letters in list(Unit):
        return Unit(letters)
    value.fault(f"unknown unit {letters!r}; a unit is {_UNITS}")
    return None


def read_conditions(value: Value) -> tuple[Condition, ...]:
    """Return the conditions on attributes, each with the values that it holds for."""
    conditions = []
    for attribute, key, given in value.entries():
        values = [each.scalar() for each in given.items()]
        if not values:
            key.fault(f"the condition on {attribute!r} has no value, so it never holds; give one")
        conditions.append(Condition(attribute, tuple(values)))
    if not conditions:
        value.fault("no condition is given; leave the field out")
    return tuple(conditions)


def read_ladder(
    value: Value,
    limit_unit: Unit,
    levels: Mapping[str, Text],
    recipients: Mapping[str, Text],
    limit: Duration | None = None,
) -> tuple[Step, ...]:
    """Return the steps of a ladder for clocks that count ``limit_unit``.

    With ``limit`` (a clock's own ladder) a step before due must leave time to act.
    """
    steps: dict[str, Step] = {}
    for rung in value.items():
        fields = rung.fields("level", "at", "to")
        level = _one_of(fields.need("level"), levels, "level")
        to = _one_of(fields.need("to"), recipients, "recipient")
        at = fields.need("at")
        offset = _read_offset(at, limit_unit) if at else None
        if at and limit and offset and offset[0] < 0 and -offset[0] >= limit.amount:
            at.fault(
                f"a warning {-offset[0]}{offset[1]} before due is not shorter than the limit "
                f"{limit}; shorten it or leave the step out"
            )
        if level in steps:
            rung.fault(f"level {level!r} stands twice in this ladder; leave one out")
        if level and to and offset:
            steps[level] = Step(level, *offset, to)
    return tuple(steps.values())


def _one_of(value: Value | None, names: Mapping[str, Text], kind: str) -> str | None:
    name = value.text() if value else None
    if value and name and name not in names:
        value.fault(f"unknown {kind} {name!r}; known: {', '.join(names)}")
        return None
    return name


def _read_offset(value: Value, limit_unit: Unit) -> tuple[int, Unit] | None:
    written = value.scalar()
    if written == "due":
        return 0, limit_unit
    match = _OFFSET.fullmatch(str(written)) if written is not None else None
    if match is None or not match[3] or int(match[2]) < 1:
        if written is not None:
            value.fault(
                f"expected 'due' or an offset from it such as -1wd or +2wd, not {written!r}"
            )
        return None
    unit = _unit(match[3], value)
    before = match[1] == "-"
    expected = limit_unit if before else Unit.WORKING_DAYS
    if unit and unit is not expected:
        place = (
            "before due is counted like the limit" if before else "after due counts working days"
        )
        value.fault(f"a step {place}: write {match[1]}{match[2]}{expected}, not {written}")
        return None
    return (-int(match[2]) if before else int(match[2]), unit) if unit else None
