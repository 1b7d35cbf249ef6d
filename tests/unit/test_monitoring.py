"""The monitoring data: thresholds by county and kind, versions by day, faults with their lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from schemas.errors import Misconfigured
from schemas.household import KnownSignal
from schemas.instants import parse_instant, render_instant
from schemas.monitoring.load import SHIPPED, load_monitoring
from schemas.monitoring.model import Monitoring
from tests.household_builders import ms, seen

DATA = load_monitoring()


def screened(
    indicator: str, value: float, county: str = "530102", kind: str = "none"
) -> KnownSignal:
    return seen(
        "s1", "2026-03-02", indicator, source="screening", value=value, county=county, kind=kind
    )


@pytest.mark.parametrize(
    ("signal", "threshold", "counts"),
    [
        (screened("medical-expense", 19_999), 20_000, False),
        (screened("medical-expense", 20_000), 20_000, True),
        (screened("medical-expense", 5_000, kind="unstable"), 5_000, True),
        (screened("medical-expense", 9_999, county="530602"), 10_000, False),
        (screened("medical-expense", 6_000, county="530602", kind="unstable"), 6_000, True),
        (screened("water-outage", 2, county="532527"), 2, True),
        (screened("water-outage", 2, county="532501"), 3, False),
        (screened("disability", 2), 2, True),
        (screened("disability", 3), 2, False),
    ],
)
def test_a_screening_counts_from_the_threshold_of_its_county_and_kind(
    signal: KnownSignal, threshold: float, counts: bool
) -> None:
    judgement = DATA.judge(signal)
    assert (judgement.threshold, judgement.counts) == (threshold, counts)


def test_what_a_cadre_saw_counts_whatever_its_value() -> None:
    judgement = DATA.judge(seen("s1", "2026-03-02", "medical-expense", value=1.0))
    assert (judgement.counts, judgement.threshold) == (True, None)


def test_the_categories_changed_with_2026() -> None:
    assert DATA.category_of("unstable", ms("2025-12-31 23:59")) == "unstable"
    assert DATA.category_of("unstable", ms("2026-01-01 00:00")) == "at-risk"
    assert DATA.category_of("none", ms("2026-01-01")) == ""


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        ("2026-03-01 00:00", "2026-03-01"),
        ("2026-03-31 23:59", "2026-03-01"),
        ("2024-02-29 12:00", "2024-02-01"),
        ("2026-12-31 23:59", "2026-12-01"),
    ],
)
def test_a_window_is_a_month_of_shanghai(at: str, begins: str) -> None:
    assert DATA.window_of(ms(at)) == ms(begins)


def test_the_window_of_a_signal_of_the_year_0_begins_there() -> None:
    at = parse_instant("0001-01-01T00:00:00+14:00")
    assert render_instant(DATA.window_of(at)) == "0000-12-01T00:00:00+08:00"


def copied(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the shipped files in which one text is replaced."""
    for path in SHIPPED.glob("*.yaml"):
        shutil.copy(path, folder)
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return folder


BROKEN = [
    ("thresholds.yaml", '"530600":', '"539900":', "unknown region '539900'"),
    ("thresholds.yaml", "{value: 30, source", "{value: -1, source", "not below 0"),
    ("thresholds.yaml", "{value: 30, source", "{value: many, source", "expected a number"),
    ("thresholds.yaml", "      income-drop:", "      income-fall:", "unknown indicator"),
    ("thresholds.yaml", "source: dropout", "source: hearsay", "unknown source"),
    ("thresholds.yaml", "unstable: 30", "poor: 30", "unknown field 'poor'"),
    ("thresholds.yaml", "in_force_from: 2021-11-09", "in_force_from: soon", "YYYY-MM-DD"),
    ("leads.yaml", "window: month", "window: 30", "expected a text"),
    ("leads.yaml", "window: month", "window: fortnight", "expected month"),
    ("indicators.yaml", "asked_by: [water.drinking]", "asked_by: [water.bath]", "unknown item"),
    ("indicators.yaml", "compare: at-most", "compare: below", "write at-least or at-most"),
    ("categories.yaml", "      marginal: {code: marginal", "      minor: {code: marginal",
     "'marginal' is missing"),
    ("risk.yaml", "half_life_d: 180", "half_life_d: 0", "above 0"),
    ("risk.yaml", "watch: 20", "watch: 0", "does not begin above"),
    ("risk.yaml", "low: 0, watch: 20", "low: 5, watch: 20", "begins at 0"),
    ("risk.yaml", "      assisted:", "      helped:", "unknown life 'helped'"),
    ("risk.yaml", "      high: {zh: 高, en: high}\n", "", "has no name"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "said"), BROKEN)
def test_a_fault_names_its_file_and_line(
    tmp_path: Path, name: str, old: str, new: str, said: str
) -> None:
    folder = copied(tmp_path, name, old, new)
    with pytest.raises(Misconfigured) as caught:
        load_monitoring(folder)
    found = [fault for fault in caught.value.faults if said in fault]
    assert found, caught.value.faults
    place, line, _ = found[0].split(":", 2)
    assert place.endswith(name)
    assert int(line) > 0


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    folder = copied(tmp_path, "thresholds.yaml", "{value: 30,", "{value: -1,")
    for name, old, new in (
        ("risk.yaml", "half_life_d: 120", "half_life_d: never"),
        ("leads.yaml", "window: month", "window: x"),
    ):
        path = folder / name
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    (folder / "extra.yaml").write_text("a: 1", "utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_monitoring(folder)
    assert len(caught.value.faults) == 4


def test_a_folder_may_replace_one_file_alone(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "thresholds.yaml", tmp_path)
    path = tmp_path / "thresholds.yaml"
    path.write_text(path.read_text("utf-8").replace("value: 10000, source", "value: 1, source"))
    own: Monitoring = load_monitoring(tmp_path)
    assert own.judge(screened("school-expense", 2)).counts
    assert own.risk == DATA.risk
    assert own.version != DATA.version
