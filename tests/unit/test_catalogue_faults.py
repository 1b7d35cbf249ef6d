"""Catalogue files that cannot work: one mistake per file, each reported with file and line.

The faulty line of a fixture ends in ``# FAULT:`` and the beginning of the message.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from schemas.catalogue.load import SHIPPED, load_catalogue
from schemas.errors import Misconfigured

FIXTURES = Path(__file__).parents[1] / "fixtures" / "catalogue"
BROKEN = sorted((FIXTURES / "broken").glob("*.yaml"))
GENERAL = SHIPPED / "2021-11" / "general.yaml"


def faults_of(*folders: Path) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        load_catalogue(folders)
    return caught.value.faults


def marked(path: Path) -> tuple[int, str]:
    """Return line and message of the one fault that a fixture marks."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    [fault] = [(n, line.split("# FAULT: ")[1]) for n, line in lines if "# FAULT: " in line]
    return fault


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_one_mistake_is_one_fault_with_its_file_and_line(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path)
    line, message = marked(path)
    [fault] = faults_of(SHIPPED, tmp_path)
    place, _, said = fault.partition(": ")
    assert place.endswith(f"{path.name}:{line}")
    assert message in said


def test_many_mistakes_in_many_files_are_all_reported_at_once() -> None:
    faults = faults_of(SHIPPED, FIXTURES / "broken")
    expected = {(path.name, *marked(path)) for path in BROKEN}
    found = {
        (name, line, message)
        for name, line, message in expected
        if any(f"{name}:{line}: " in fault and message in fault for fault in faults)
    }
    assert found == expected
    assert len(faults) == len(expected)


def test_several_mistakes_in_one_clock_are_all_reported(tmp_path: Path) -> None:
    (tmp_path / "several.yaml").write_text(
        "policy: test\nin_force_from: 2021-11-09\ndepartment: water\nitems:\n"
        "  test.several:\n    name: {zh: 测试, en: Test}\n    clocks:\n      accept:\n"
        "        name: {zh: 受理, en: Accept}\n"
        "        start: submited\n"
        "        stop: aproved\n"
        "        within: 5 weeks\n",
        encoding="utf-8",
    )
    found = [fault.partition("several.yaml:")[2] for fault in faults_of(SHIPPED, tmp_path)]
    assert [fault.split(";")[0] for fault in found] == [
        "8: 'source' is missing",
        "10: unknown event 'submited'",
        "11: unknown event 'aproved'",
        "12: expected an amount with its unit such as 24h, 10d, 10wd, not '5 weeks'",
    ]


@pytest.mark.parametrize(
    ("folder", "file", "line", "message"),
    [
        ("overlapping", "second.yaml", 5, "overlaps the version in"),
        ("gap", "second.yaml", 5, "no version of item 'test.item' is in force between 2026-12-31"),
        ("ending", "first.yaml", 6, "nothing says what holds for item 'test.item' after"),
    ],
)
def test_periods_that_do_not_join_are_refused(
    folder: str, file: str, line: int, message: str
) -> None:
    [fault] = faults_of(SHIPPED, FIXTURES / folder)
    assert f"{file}:{line}: " in fault
    assert message in fault


def test_clocks_that_only_start_each_other_never_start(tmp_path: Path) -> None:
    (tmp_path / "circle.yaml").write_text(
        "policy: test\nin_force_from: 2021-11-09\ndepartment: health\nitems:\n"
        "  test.circle:\n    name: {zh: 测试, en: Test}\n    clocks:\n"
        "      a: {name: {zh: 甲, en: A}, start: visited, stop: contracted, within: 1d,"
        " source: assumed}\n"
        "      b: {name: {zh: 乙, en: B}, start: contracted, stop: visited, within: 1d,"
        " source: assumed}\n",
        encoding="utf-8",
    )
    first, second = faults_of(SHIPPED, tmp_path)
    assert "circle.yaml:8: 'visited' never occurs in this item" in first
    assert "circle.yaml:9: 'contracted' never occurs in this item" in second


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("  note: {zh: 备注, en: Note}\n", "", "every item must have the events note; add them"),
        ("[resolved, rejected, withdrawn]\n\ns", "[resolved]\n\ns", "the events that close a case"),
        ("  supplement: {zh", "  weather: {zh", "unknown pause 'weather'"),
        ("at: -4h", "at: -4d", "a step before due is counted like the limit: write -4h"),
        ("at: -2d, to: county", "at: -10d, to: county", "is not shorter than the limit 10d"),
        ("within: 10d", "within: 2wd", "a step before due is counted like the limit"),
        ("level: red, at: due", "level: pink, at: due", "unknown level 'pink'"),
        ("source: ten-days", "source: gossip", "unknown source 'gossip'"),
        ("\noverall:\n", "\nsupervision:\n", "unknown field 'supervision'"),
        ("departments:\n", "offices:\n", "unknown field 'offices'"),
        ("measure: required", "measure: needed", "unknown measure 'needed'"),
        ("    wd:\n", "    weeks:\n", "unknown field 'weeks'"),
    ],
)
def test_a_mistake_in_what_all_items_share_is_reported(
    written: str, instead: str, message: str, tmp_path: Path
) -> None:
    general = GENERAL.read_text(encoding="utf-8")
    assert written in general
    (tmp_path / "general.yaml").write_text(general.replace(written, instead), encoding="utf-8")
    assert message in "\n".join(faults_of(tmp_path))


def test_a_catalogue_without_the_general_file_is_refused(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "2021-11" / "water.yaml", tmp_path)
    assert "there is no general.yaml" in faults_of(tmp_path)[0]


def test_a_second_general_file_is_refused(tmp_path: Path) -> None:
    shutil.copy(GENERAL, tmp_path)
    assert any("is already given in" in fault for fault in faults_of(SHIPPED, tmp_path))


def test_a_file_that_would_be_left_out_is_reported(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "later" / "water.yaml", tmp_path / "water.yml")
    assert "would be left out; name it *.yaml" in faults_of(SHIPPED, tmp_path)[0]


def test_a_folder_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    assert "is not a folder" in faults_of(SHIPPED, tmp_path / "nowhere")[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"\xff\xfe\x00", "is not UTF-8"), (b"items: *gone", "is not YAML")],
)
def test_a_file_that_cannot_be_read_is_reported(
    content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "water.yaml").write_bytes(content)
    [fault] = faults_of(SHIPPED, tmp_path)
    assert message in fault
    assert "water.yaml:1: " in fault
