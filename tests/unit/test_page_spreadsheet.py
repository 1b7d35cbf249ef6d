"""CSV of the page in the hands of a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from dashboards.spreadsheet import BOM, as_csv, cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "＝1", "－1"])
def test_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert cell(text) == "'" + text


@pytest.mark.parametrize("value", ["五华区", "C-1", "", 5, -5, 0.5, True])
def test_plain_values_stay_as_they_are(value: object) -> None:
    assert cell(value) == value


def test_a_file_begins_with_a_bom_and_reads_back() -> None:
    text = as_csv(("a", "b"), [{"a": '引"号, 换\n行', "b": None, "c": "left out"}])
    assert text[0] == BOM
    assert list(csv.DictReader(io.StringIO(text[1:]))) == [{"a": '引"号, 换\n行', "b": ""}]
