"""The small words of a routing file: times of day, names that must exist, addresses, shifts.

Each function takes a located value and gives the frozen form of it, or reports what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from schemas.catalogue.model import Text
from schemas.catalogue.terms import read_text
from schemas.located_yaml import Fields, Value
from schemas.personal import finds_personal_data
from schemas.routing.model import Absence, Address, Days, Endpoint, Kind, Shift, TimeOfDay

PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
MAILBOX = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_ADDRESSED = (Kind.MAIL, Kind.SMS)


def read_name(fields: Fields) -> Text:
    """Return the field ``name`` in both languages."""
    given = fields.need("name")
    return read_text(given) if given else Text("", "")


def minute(value: Value) -> int | None:
    """Return a time of day written ``"08:30"`` as minutes; ``"24:00"`` is the end of the day."""
    written = value.text()
    match = _TIME.fullmatch(written) if written else None
    minutes = int(match[1]) * 60 + int(match[2]) if match else 0
    if match and minutes <= 24 * 60:
        return minutes
    if written:
        value.fault(f'expected a time of day in quotes such as "08:30", not {written!r}')
    return None


def read_time(value: Value | None, fields: Fields | None = None) -> TimeOfDay | None:
    """Return ``from`` until ``until``; equal times are reported, since they hold never."""
    if value is None:
        return None
    fields = fields or value.fields("from", "until")
    given = fields.need("from"), fields.need("until")
    begins, ends = (minute(each) if each else None for each in given)
    if begins is None or ends is None:
        return None
    if begins == ends:
        value.fault("from and until are the same, so it never holds; change one")
        return None
    return TimeOfDay(begins, ends)


def known(value: Value | None, names: Collection[str], kind: str) -> tuple[str, ...]:
    """Return the texts of a list; those that are not among ``names`` are reported.

    So is an empty list: it would mean everybody in one place and nobody in another.
    """
    if value is None:
        return ()
    found = []
    texts = value.texts()
    if not texts and value.is_list:
        value.fault(f"an empty list; name a {kind}, or leave the field out")
    for name, place in texts:
        if name in names:
            found.append(name)
        else:
            listed = ", ".join(sorted(names)[:12]) or "none are given"
            place.fault(f"unknown {kind} {name!r}; known: {listed}")
    return tuple(found)


def one(value: Value | None, names: Collection[str], kind: str) -> str | None:
    """Return one text that must be among ``names``."""
    if value is None or value.text() is None:
        return None
    found = known(value, names, kind)
    return found[0] if found else None


def read_addresses(
    value: Value | None, endpoints: dict[str, Endpoint], names: Collection[str]
) -> tuple[Address, ...]:
    """Return ways to be reached: a name of an endpoint, or an endpoint with an address there."""
    found = []
    for each in value.items() if value else ():
        if each.is_mapping:
            fields = each.fields("endpoint", "address")
            endpoint, given = one(fields.need("endpoint"), names, "endpoint"), fields.get("address")
            address = (given.text() if given else None) or ""
        else:
            endpoint, address = one(each, names, "endpoint"), ""
        if endpoint is None:
            continue
        found.append(Address(endpoint, address))
        kind = endpoints[endpoint].kind if endpoint in endpoints else None
        if kind in _ADDRESSED and not address:
            each.fault(f"{endpoint} needs an address; write {{endpoint: {endpoint}, address: …}}")
        elif kind is Kind.MAIL and not (PLACEHOLDER.search(address) or MAILBOX.fullmatch(address)):
            each.fault("expected one address such as desk@office.example, or ${NAME}")
        if finds_personal_data(address.encode()):
            # The number itself is not quoted.
            each.fault("a telephone stands in no file; write ${NAME} and set that variable")
    return tuple(found)


def read_absences(value: Value | None, people: Collection[str]) -> tuple[Absence, ...]:
    """Return days of absence, each with who stands in."""
    found = []
    for each in value.items() if value else ():
        fields = each.fields("from", "until", "substitute")
        given = fields.need("from"), fields.need("until")
        first, last = (day.date() if day else None for day in given)
        substitute = one(fields.need("substitute"), people, "person")
        if first and last and last < first:
            each.fault(f"{last} is before {first}; exchange them")
        elif first and last and substitute:
            found.append(Absence(first, last, substitute))
    return tuple(found)


def read_shifts(value: Value | None, people: Collection[str]) -> tuple[Shift, ...]:
    """Return the shifts of a roster, in order."""
    found = []
    for each in value.items() if value else ():
        fields = each.fields("days", "from", "until", "on_duty")
        days = one(fields.need("days"), [day.value for day in Days], "kind of days")
        time = read_time(each, fields)
        duty = known(fields.need("on_duty"), people, "person")
        if days and time and duty:
            found.append(Shift(Days(days), time, duty))
    return tuple(found)
