"""The dated changes of a calendar file, or their faults with file and line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container

from schemas.calendars.model import Change
from schemas.catalogue.model import Text
from schemas.catalogue.terms import read_text
from schemas.located_yaml import Fields, Value

_NATIONAL = ("day", "from", "to", "working", "name", "source")
_PREFECTURE = ("prefecture", "counts", *_NATIONAL)
Located = tuple[Change, Value]


def read_national(tree: Value, package_end: dt.date) -> tuple[list[Located], dt.date]:
    """Return the national changes, and the last day of the published calendar.

    ``package_end`` is the last day that the package knows; ``published_until`` may move it on.
    """
    fields = tree.fields("published_until", "changes")
    given = fields.get("published_until")
    until = given.date() if given else None
    if given and until and (until <= package_end or (until.month, until.day) != (12, 31)):
        given.fault(
            f"{until} does not add a year: it must be a 31 December after {package_end}; "
            "leave it out once the package has the year"
        )
    changes = _read_changes(fields, lambda entry: _read_change(entry.fields(*_NATIONAL)))
    return changes, max(package_end, until or package_end)


def read_prefectures(tree: Value, known: Container[str]) -> list[Located]:
    """Return the changes of prefectures; ``known`` are the codes that exist."""

    def read(entry: Value) -> Change | None:
        fields = entry.fields(*_PREFECTURE)
        prefecture = fields.need("prefecture")
        code = str(prefecture.scalar()) if prefecture else ""
        if prefecture and code not in known:
            prefecture.fault(f"{code!r} is no prefecture of Yunnan; write a code such as 532800")
        return _read_change(fields, code)

    return _read_changes(tree.fields("changes"), read)


def check_changes(changes: list[Located], first_day: dt.date, last_day: dt.date) -> None:
    """Report changes outside the published days, and days that are changed twice."""
    seen: dict[tuple[str | None, dt.date], Value] = {}
    for change, place in changes:
        if change.first_day < first_day or change.last_day > last_day:
            place.fault(
                f"the change lies outside the published calendar ({first_day} to {last_day}); "
                "list the whole year in national-changes.yaml and set its 'published_until'"
            )
        for day in change.days():
            first = seen.setdefault((change.prefecture, day), place)
            if first is not place:
                place.fault(f"{day} is already changed in {first.place}; keep one of them")
                break


def _read_changes(fields: Fields, read: Callable[[Value], Change | None]) -> list[Located]:
    listed = fields.need("changes")
    entries = listed.items() if listed else []
    return [(change, entry) for entry in entries if (change := read(entry))]


def _read_change(fields: Fields, prefecture: str | None = None) -> Change | None:
    before = len(fields.value.faults)
    first_day, last_day = _span(fields)
    working, name, source = (fields.need(each) for each in ("working", "name", "source"))
    counts = fields.get("counts") if prefecture is not None else None
    works = working.flag() if working else None
    text = read_text(name) if name else Text("", "")
    cited = read_text(source) if source else Text("", "")
    does_count = counts.flag() if counts else prefecture is None
    if first_day is None or last_day is None or len(fields.value.faults) > before:
        return None
    return Change(first_day, last_day, bool(works), text, cited, prefecture, bool(does_count))


def _span(fields: Fields) -> tuple[dt.date | None, dt.date | None]:
    """Return first and last day of ``day``, or of ``from`` and ``to``."""
    day = fields.get("day")
    if day:
        for name in ("from", "to"):
            if fields.get(name):
                fields.key(name).fault(f"give 'day' or 'from' and 'to'; leave {name!r} out")
        date = day.date()
        return date, date
    if not fields.get("from") and not fields.get("to"):
        fields.value.fault("'day' is missing; add it, or 'from' and 'to'")
        return None, None
    since, until = fields.need("from"), fields.need("to")
    first_day, last_day = since.date() if since else None, until.date() if until else None
    if until and first_day and last_day and last_day < first_day:
        until.fault(f"'to' ({last_day}) is before 'from' ({first_day})")
    return first_day, last_day
