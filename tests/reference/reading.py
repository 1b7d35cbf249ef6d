"""Which lines of a log are records, and which are bad: the field table, one check per row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from tests.reference.catalogue import CLOCKS
from tests.reference.instants import to_ms

Record = dict[str, Any]

DEPARTMENTS = [
    "civil-affairs",
    "human-resources",
    "housing",
    "water",
    "education",
    "health",
    "medical-insurance",
    "rural-revitalisation",
]
RAISED_BY = ["self", "proxy", "government"]
CHANNELS = [
    "one-phone",
    "wechat",
    "app",
    "hall",
    "hotline",
    "school",
    "inspection",
    "screening",
]
REQUIRED_ON_SUBMITTED = ["item", "county", "raised_by", "channel"]


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, nothing escaped that need not be."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_integer(value: Any) -> bool:
    """Whether a JSON value is an integer: `3` and `3.0` are one number, `true` is none."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def read_log(lines: Iterable[bytes | str]) -> tuple[list[Record], list[tuple[int, str]]]:
    """The good records in the order of the lines, and (line number from 1, reason) of the bad.

    A line of white space alone holds no record and is passed over.
    """
    records: list[Record] = []
    bad: list[tuple[int, str]] = []
    for line_no, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            text = line.decode("utf-8") if isinstance(line, bytes) else line
            record = json.loads(text, parse_constant=refuse)
            canonical(record).encode("utf-8")
        except (ValueError, RecursionError) as error:
            bad.append((line_no, f"not-json: {type(error).__name__}"))
            continue
        reason = why_bad(record)
        if reason is None:
            records.append(record)
        else:
            bad.append((line_no, reason))
    return records, bad


def refuse(constant: str) -> Any:
    """`NaN` and the infinities are Python's, not JSON's."""
    raise ValueError(f"{constant} is not JSON")


def why_bad(record: Any) -> str | None:
    """The first row of the field table that the record fails; `None` for a good record."""
    if not isinstance(record, dict):
        return "not-an-object"
    present = {key: value for key, value in record.items() if value is not None}
    for name in ("event_id", "case_id"):
        value = present.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= 64:
            return name
    if not isinstance(present.get("type"), str):
        return "type"
    if not is_instant(present.get("occurred_at")):
        return "occurred_at"
    if present.get("schema_version") != "1":
        return "schema_version"
    if present["type"] == "submitted":
        for name in REQUIRED_ON_SUBMITTED:
            if name not in present:
                return name
    return why_optional_bad(present) or why_attributes_bad(present.get("attributes", {}))


def is_instant(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        to_ms(value)
    except ValueError:
        return False
    return True


def why_optional_bad(present: Record) -> str | None:
    """The optional fields; each may be absent."""
    if "item" in present and not is_one_of(present["item"], list(CLOCKS)):
        return "item"
    if "county" in present and not matches(present["county"], "53[0-9]{4}"):
        return "county"
    if "township" in present and not matches(present["township"], "[0-9]{9}"):
        return "township"
    if "department" in present and not is_one_of(present["department"], DEPARTMENTS):
        return "department"
    if "raised_by" in present and not is_one_of(present["raised_by"], RAISED_BY):
        return "raised_by"
    if "channel" in present and not is_one_of(present["channel"], CHANNELS):
        return "channel"
    if "household" in present and not isinstance(present["household"], str):
        return "household"
    if "sequence" in present and not is_integer(present["sequence"]):
        return "sequence"
    return None


def why_attributes_bad(attributes: Any) -> str | None:
    """`offers` and `round` are integers from 0, `by` is a positive number with its unit."""
    if not isinstance(attributes, dict):
        return "attributes"
    for name in ("offers", "round"):
        value = attributes.get(name)
        if value is not None and (not is_integer(value) or value < 0):
            return f"attributes.{name}"
    by = attributes.get("by")
    if by is not None and not matches(by, "0*[1-9][0-9]*(h|d|wd)"):
        return "attributes.by"
    return None


def is_one_of(value: Any, known: list[str]) -> bool:
    return isinstance(value, str) and value in known


def matches(value: Any, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
