"""The table of townships: every county has some, and a broken file names its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Misconfigured
from schemas.regions.load import regions
from schemas.regions.townships import read_townships, townships

HEADING = "code,name_zh,name_en\n"


def test_every_county_has_townships_with_both_names() -> None:
    assert len(townships()) == 1461
    assert {code[:6] for code in townships()} == set(regions().counties)
    assert all(text.zh and text.en.isascii() for text in townships().values())


def test_a_nationality_township_is_named_as_one() -> None:
    names = {text.zh: text.en for text in townships().values()}
    assert names["大雪山彝族拉祜族傣族乡"] == "Daxueshan Yi, Lahu and Dai Township"


def test_all_faults_of_a_file_are_reported_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_text(
        HEADING
        + "530102001,华山街道,Huashan\n530102001,又,Again\n539999001,无,None\n53,短,Short\n",
        encoding="utf-8",
    )
    with pytest.raises(Misconfigured) as caught:
        read_townships(path, regions())
    lines = [fault.split(": ")[0].rsplit(":", 1)[1] for fault in caught.value.faults]
    assert lines == ["3", "4", "5"]


def test_another_heading_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_text("code,name\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="heading must be code,name_zh,name_en"):
        read_townships(path, regions())
