"""The case event on the wire, and the compact form of it that a case keeps.

Stands at the entrance: producers check with it before they send, the case agent after it read.
``decode`` has one fast path, a strict typed decode that nearly every record takes, and one slow
path (``schemas.case_event_faults``) that says precisely what is wrong with the others, or accepts
them (unknown fields, explicit nulls).
"""

from __future__ import annotations

import json
import re
from collections.abc import Container
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct

from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.instants import (
    HOURS,
    KNOWN_DATES,
    MINUTES,
    USUAL_RESTS,
    parse_instant,
    render_instant,
)
from schemas.personal import DIGITS_ALIKE, SHORTEST_RUN, finds_personal_data

SCHEMA_VERSION = "1"
DEEPEST = 400
_ROOM_TO_NEST = 2 * DEEPEST

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
RaisedBy = Literal["self", "proxy", "government"]
Channel = Literal[
    "one-phone", "wechat", "app", "hall", "hotline", "school", "inspection", "screening"
]
Department = Literal[
    "civil-affairs",
    "human-resources",
    "housing",
    "water",
    "education",
    "health",
    "medical-insurance",
    "rural-revitalisation",
]
# The length is bounded too, since "$" would let a line feed at the end pass.
County = Annotated[str, Meta(pattern=r"^53[0-9]{4}$", max_length=6)]
Township = Annotated[str, Meta(pattern=r"^[0-9]{9}$", max_length=9)]
# An optional field is absent or of its type: an explicit null takes the slow path, so that the
# record's text can be told from one without the field.
_ABSENT = cast(Any, None)


class CaseEvent(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False):
    """One record of ``jushou.case-events.v1`` as a producer writes it (``spec/events.md``).

    ``occurred_at`` is RFC 3339 with an offset.
    """

    event_id: Identifier
    case_id: Identifier
    type: str
    occurred_at: str
    schema_version: Literal["1"]
    item: str = _ABSENT
    county: County = _ABSENT
    township: Township = _ABSENT
    department: Department = _ABSENT
    raised_by: RaisedBy = _ABSENT
    channel: Channel = _ABSENT
    household: str = _ABSENT
    sequence: int = _ABSENT
    attributes: dict[str, Any] = _ABSENT


class Heading(Struct, array_like=True, gc=False):
    """The fields that mostly only ``submitted`` and ``transferred`` carry."""

    item: str | None = None
    county: str | None = None
    township: str | None = None
    department: str | None = None
    raised_by: str | None = None
    channel: str | None = None
    household: str | None = None


class StoredEvent(Struct, array_like=True, gc=False):
    """An event as a case keeps it: all that its verdicts and conflicts can depend on.

    ``at`` is ``occurred_at`` in milliseconds since 1970 UTC, ``written`` its text where that is
    not the usual one at +08:00; ``sequence`` is null where the record has none. ``whole`` is the
    canonical JSON of the record where it cannot be rebuilt from the other fields (unknown
    fields, explicit nulls), else null.
    """

    at: int
    event_id: str
    type: str
    sequence: int | None = None
    attributes: dict[str, Any] | None = None
    heading: Heading | None = None
    written: str | None = None
    whole: str | None = None

    @property
    def order(self) -> tuple[int, int, str]:
        """The place of the event within its case (``spec/clocks.md``, identity and order)."""
        return (self.at, self.sequence or 0, self.event_id)


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys, no spaces and nothing escaped that need not be."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def precedence(event: StoredEvent, case_id: str) -> tuple[int, str, str, str]:
    """Return the key by which the smallest of differing records with one identity counts."""
    whole = event.whole or canonical_json(_rebuilt(event, case_id))
    return (event.at, event.type, canonical_json(event.attributes or {}), whole)


def _rebuilt(event: StoredEvent, case_id: str) -> dict[str, Any]:
    fields = {
        "event_id": event.event_id,
        "case_id": case_id,
        "type": event.type,
        "occurred_at": event.written or render_instant(event.at),
        "schema_version": SCHEMA_VERSION,
        "sequence": event.sequence,
        "attributes": event.attributes,
    }
    if event.heading is not None:
        fields |= msgspec.structs.asdict(event.heading)
    return {name: value for name, value in fields.items() if value is not None}


_strict = msgspec.json.Decoder(CaseEvent).decode
_AMOUNT = re.compile(r"0*[1-9][0-9]*(?:h|d|wd)")
_unchecked = frozenset({"offers", "round", "by"}).isdisjoint
_known_date, _hour, _minute, _usual_rest = KNOWN_DATES.get, HOURS.get, MINUTES.get, USUAL_RESTS.get
# Types are few: one text of each for all events is quicker to compare, and saves 60 bytes an event.
# Those that were met, and not ``sys.intern``, which looks among all texts of the process; bounded,
# as the types of a hostile log are not.
_known_types: dict[str, str] = {}
_known_type = _known_types.get
_MOST_TYPES = 1_000


def decode(raw: bytes, items: Container[str]) -> tuple[str, StoredEvent]:
    """Return the case id and the event of a record's bytes.

    ``items`` are the codes that exist. Raises ``InvalidRecord`` for a record that fails the
    field table of ``spec/events.md``, names an item that does not exist, or holds what looks
    like a resident id or a telephone.
    """
    try:
        event = _strict(raw)
        text = event.occurred_at
        date_ms, hour_ms = _known_date(text[:10]), _hour(text[10:13])
        minute_ms, rest_ms = _minute(text[13:16]), _usual_rest(text[16:])
        if date_ms is None or hour_ms is None or minute_ms is None or rest_ms is None:
            at = parse_instant(text)
            written = None if _is_usual(text) else text
        else:
            at, written = date_ms + hour_ms + minute_ms + rest_ms, None
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return _decode_slowly(raw, items)
    kind, item, county = event.type, event.item, event.county
    raised_by, channel, attributes = event.raised_by, event.channel, event.attributes
    township, department, household = event.township, event.department, event.household
    heading = None
    if kind == "submitted" and (
        item is None or county is None or raised_by is None or channel is None
    ):
        return _decode_slowly(raw, items)
    if item is not None:
        if item not in items:
            return _decode_slowly(raw, items)
        heading = Heading(item, county, township, department, raised_by, channel, household)
    elif (
        county is not None
        or township is not None
        or department is not None
        or raised_by is not None
        or channel is not None
        or household is not None
    ):
        heading = Heading(None, county, township, department, raised_by, channel, household)
    # Each level of nesting takes two bytes: most records are too short to nest too deep.
    if attributes is not None and (len(raw) > _ROOM_TO_NEST or not _unchecked(attributes)):
        check_attributes(attributes, len(raw))
    # The first half of ``finds_personal_data``, spared a call for each record. By ``find``, since
    # ``in`` first tries, and words an error, whether the bytes are the number of a byte.
    if raw.translate(DIGITS_ALIKE).find(SHORTEST_RUN) >= 0 and finds_personal_data(raw):
        raise personal_data_found()
    return event.case_id, StoredEvent(
        at, event.event_id, _known_type(kind) or _note_type(kind), event.sequence, attributes,
        heading, written,
    )  # fmt: skip


def _note_type(kind: str) -> str:
    """Let this text of a type that was not met be the one of all events, if there is room."""
    if len(_known_types) < _MOST_TYPES:
        _known_types[kind] = kind
    return kind


def _is_usual(text: str) -> bool:
    """Say whether an instant is written as ``render_instant`` would write it."""
    rest = text[19:]
    if len(rest) == 10 and rest[:4] != ".000":
        rest = rest[4:]
    return rest == "+08:00" and text[10] == "T"


def _decode_slowly(raw: bytes, items: Container[str]) -> tuple[str, StoredEvent]:
    from schemas.case_event_faults import decode_with_faults

    return decode_with_faults(raw, items)


def check_attributes(attributes: dict[str, Any], size: int = 0) -> None:
    """Raise ``InvalidRecord`` where ``offers``, ``round`` or ``by`` is not of its kind.

    Also where the attributes of a record of that many bytes nest too deep.
    """
    if size > _ROOM_TO_NEST:
        check_depth(attributes)
    for name in ("offers", "round"):
        value = attributes.get(name)
        if value is not None and not is_whole_number(value, at_least=0):
            raise InvalidRecord(
                DeadLetterReason.WRONG_VALUE, f"attributes.{name} must be an integer from 0"
            )
    by = attributes.get("by")
    if by is not None and not (isinstance(by, str) and _AMOUNT.fullmatch(by)):
        raise InvalidRecord(
            DeadLetterReason.WRONG_VALUE,
            "attributes.by must be a positive number with its unit (h, d or wd), such as 15wd",
        )


def check_depth(record: object) -> None:
    """Raise ``InvalidRecord`` where objects and lists lie more than ``DEEPEST`` in one another.

    Whoever reads the record, or a state that has it, does so on a stack of its own height.
    """
    level = [record]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else cast(list[Any], outer))
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise InvalidRecord(
        DeadLetterReason.WRONG_VALUE,
        f"the record nests more than {DEEPEST} levels deep; send attributes that are flat",
    )


def is_whole_number(value: object, at_least: int | None = None) -> bool:
    """Say whether a JSON value is an integer (``3.0`` is one, ``true`` is not)."""
    if isinstance(value, float):
        whole = value.is_integer()
    else:
        whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and (at_least is None or cast(float, value) >= at_least)


def personal_data_found() -> InvalidRecord:
    """Return the error for a record with personal data; it quotes nothing of it."""
    return InvalidRecord(
        DeadLetterReason.PERSONAL_DATA,
        "a field looks like a resident id or a telephone; send a pseudonym instead",
    )
