"""The exported JSON Schemas are current, and say what the contract says."""

from __future__ import annotations

import json

import jsonschema
import pytest

from schemas.case_event import decode
from schemas.errors import InvalidRecord
from schemas.export import RECORDS, json_schema, path_of, rendered
from schemas.topics import TOPICS
from tests.builders import engine, event

MORNING = "2026-03-02 09:00"


@pytest.mark.parametrize("name", RECORDS)
def test_the_exported_schema_is_current(name: str) -> None:
    assert path_of(name).read_text("utf-8") == rendered(name), "run `jushou schemas`"


@pytest.mark.parametrize(
    "change",
    [{}, {"township": None}, {"remark": "x"}, {"county": "110101"}, {"raised_by": None},
     {"channel": "fax"}, {"event_id": ""}, {"event_id": "x" * 65}, {"schema_version": "2"},
     {"sequence": "1"}, {"attributes": []}, {"department": "police"}, {"township": "12"}],
)  # fmt: skip
def test_the_schema_and_the_decoder_agree_on_what_a_record_is(change: dict) -> None:
    record = event("A", "1", "submitted", MORNING) | change
    validator = jsonschema.Draft202012Validator(json_schema("case-event"))
    stripped = {name: value for name, value in record.items() if value is not None}
    try:
        decode(json.dumps(record).encode(), engine().rules)
        accepted = True
    except InvalidRecord:
        accepted = False
    assert validator.is_valid(stripped) == accepted


def test_topics_have_versioned_names_and_none_is_declared_twice() -> None:
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("jushou.") and name.endswith(".v1") for name in names)
