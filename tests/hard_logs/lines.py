"""Lines that are bad, one mistake each, and lines that only look so."""

from __future__ import annotations

import json
from typing import Any

SUBMITTED: dict[str, Any] = {
    "event_id": "e1",
    "case_id": "c1",
    "type": "submitted",
    "occurred_at": "2026-03-02T09:00:00+08:00",
    "schema_version": "1",
    "item": "water.drinking",
    "county": "530102",
    "raised_by": "self",
    "channel": "wechat",
}
NOTE: dict[str, Any] = {name: SUBMITTED[name] for name in list(SUBMITTED)[:5]} | {"type": "note"}


def but(base: dict[str, Any], **changes: Any) -> bytes:
    """The record with changes; a change to `...` takes the field away."""
    merged = {name: value for name, value in {**base, **changes}.items() if value is not ...}
    return json.dumps(merged, ensure_ascii=False).encode()


def attributes(**members: Any) -> bytes:
    """A record that has these attributes."""
    return but(NOTE, attributes=members)


BAD_VALUES: dict[str, list[Any]] = {
    "event_id": [..., None, "", "e" * 65, 1, ["e"]],
    "case_id": [..., None, "", "中" * 65, 1],
    "type": [..., None, 7, ["note"]],
    "schema_version": [..., None, 1, "2", "1.0", ""],
    "item": ["no.such-item", "", 5, "Water.drinking"],
    "county": ["53010", "5301022", "440102", 530102, "53010a", "５３０１０２"],
    "township": ["53010200", "5301020011", 530102001, "53010200x"],
    "department": ["finance", "", 3],
    "raised_by": ["neighbour", "", 1, "Self"],
    "channel": ["pigeon", "", 1],
    "household": [12, ["h"], {}],
    "sequence": ["1", 1.5, True, [1]],
    "attributes": [[], "x", 1, False],
    "occurred_at": [
        ...,
        None,
        1772413200000,
        "",
        "2026-03-02",
        "2026-03-02T09:00:00",
        "2026-03-02 09:00:00+08:00",
        "2026-03-02T09:00+08:00",
        "2026-03-02T09:00:00+0800",
        "2026-03-02T09:00:00+08",
        "2026-03-02T09:00:00.+08:00",
        "2026-03-02T09:00:00,5+08:00",
        "2026-03-02T24:00:00+08:00",
        "2026-03-02T09:60:00+08:00",
        "2026-03-02T09:00:61+08:00",
        "2026-03-02T09:00:00+24:00",
        "2026-03-02T09:00:00+08:60",
        "2026-02-29T09:00:00+08:00",
        "2026-13-01T09:00:00+08:00",
        "2026-00-01T09:00:00+08:00",
        "2026-03-02T9:00:00+08:00",
        "26-03-02T09:00:00+08:00",
        "+2026-03-02T09:00:00+08:00",
        "20260302T090000Z",
        " 2026-03-02T09:00:00Z",
        "2026-03-02T09:00:00Z\n",
        "２０２６-03-02T09:00:00Z",
    ],
}
BAD_ATTRIBUTES: dict[str, list[Any]] = {
    "offers": [-1, 1.5, "3", True, [3]],
    "round": [-1, 0.5, "3", False],
    "by": ["0wd", "-5wd", "wd", "5", "5w", "5 wd", "5WD", 5, "", "five wd", "５wd"],
}

# (what is wrong, the line)
BAD_LINES: list[tuple[str, bytes]] = [
    *(
        (f"{name}: {value!r}", but(NOTE, **{name: value}))
        for name, values in BAD_VALUES.items()
        for value in values
    ),
    *(
        (f"attributes.{name}: {value!r}", attributes(**{name: value}))
        for name, values in BAD_ATTRIBUTES.items()
        for value in values
    ),
    *(
        (f"submitted, {name}: {value!r}", but(SUBMITTED, **{name: value}))
        for name in ("item", "county", "raised_by", "channel")
        for value in (..., None)
    ),
    ("an array", b"[" + but(NOTE) + b"]"),
    ("a text", b'"note"'),
    ("a number", b"1"),
    ("null", b"null"),
    ("cut off", but(NOTE)[:-1]),
    ("two on a line", but(NOTE) + but(NOTE)),
    ("more after it", but(NOTE) + b" x"),
    ("single quotes", but(NOTE).replace(b'"', b"'")),
    ("not UTF-8", but(NOTE).replace(b"e1", b"\xff\xfe")),
    ("half a pair", but(NOTE).replace(b"e1", b"\\ud800")),
    ("a raw control character", but(NOTE).replace(b"e1", b"e\x01")),
    ("not a number", but(NOTE, x=1).replace(b'"x": 1', b'"x": NaN')),
    ("infinity", but(NOTE, x=1).replace(b'"x": 1', b'"x": -Infinity')),
    ("sequence: beyond any number", but(NOTE, sequence=1).replace(b": 1}", b": 1e999}")),
    ("offers: beyond any number", attributes(offers=1).replace(b": 1}", b": 1e999}")),
    ("a comma too many", but(NOTE)[:-1] + b",}"),
]

# (what looks wrong, the line)
GOOD_LINES: list[tuple[str, bytes]] = [
    ("as it should be", but(SUBMITTED)),
    ("64 characters", but(NOTE, event_id="中" * 64)),
    ("a type that nobody knows", but(NOTE, type="teleported")),
    ("an unknown field", but(NOTE, x={"y": [1, None]})),
    ("small t and z", but(NOTE, occurred_at="2026-03-02t09:00:00z")),
    ("many digits", but(NOTE, occurred_at="2026-03-02T09:00:00.123456789012Z")),
    ("one digit", but(NOTE, occurred_at="2026-03-02T09:00:00.1Z")),
    ("an unknown offset", but(NOTE, occurred_at="2026-03-02T09:00:00-00:00")),
    ("the widest offset", but(NOTE, occurred_at="2026-03-02T09:00:00+23:59")),
    ("a leap day", but(NOTE, occurred_at="2028-02-29T09:00:00Z")),
    ("white space around", b"  " + but(NOTE) + b" \r"),
    *(
        (f"{name}: null", but(NOTE, **{name: None}))
        for name in list(BAD_VALUES)
        if name not in NOTE
    ),
    *((f"attributes.{name}: null", attributes(**{name: None})) for name in BAD_ATTRIBUTES),
    ("round: 3.0", attributes(round=3.0)),
    ("offers: 0", attributes(offers=0)),
    ("by: 999d", attributes(by="999d")),
    ("extended without anything", but(NOTE, type="extended")),
    ("extended, no such clock", but(NOTE, type="extended", attributes={"clock": 5, "by": "1h"})),
    ("by: more digits than a number has", attributes(by="9" * 5000 + "wd")),
    ("an id with eleven digits in a row", but(NOTE, event_id="22114e6c-5589-18116237656b")),
    ("the first year", but(NOTE, occurred_at="0001-01-01T00:00:00+08:00")),
    ("the last year", but(NOTE, occurred_at="9999-12-31T23:59:59-23:59")),
    ("sequence: -1", but(NOTE, sequence=-1)),
]
