"""The harness of the benchmarks: its pure parts, and one part run at a tiny size."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import publish
from benchmarks.chart import chart
from benchmarks.open_cases import OpenCases, templates
from benchmarks.outcome import Bar, Mark, Outcome, merged, outcome_from_json
from benchmarks.parts import ON_DEMAND, PARTS
from benchmarks.parts.core import core
from benchmarks.parts.latency import percentile
from benchmarks.processes import cpu_s, resident_bytes, thread_cpu_s
from benchmarks.progress import Course, Sample
from benchmarks.report import in_words
from benchmarks.sizes import FULL, SMALL, with_events
from benchmarks.station import Station
from schemas.case_event import StoredEvent, decode
from schemas.catalogue.load import load_catalogue
from schemas.instants import HOUR_MS
from streams.core.judge import next_instant
from streams.core.replay import Replay, default_engine

ROOT = Path(__file__).parents[2]
NOW_MS = 1_772_500_000_000
RUN = {"command": "c", "size": "small", "at": "t", "machine": {"cores": "2"}, "versions": {}}
ORDER = ["core", "worker"]


def outcome(part: str, value: float = 1.0, fault: str | None = None) -> Outcome:
    marks, bars = [Mark("speed", value, at_least=2)], [Bar("a < b", "ours & theirs", value)]
    return Outcome(part, part, ["what", "n"], [["x", value]], ["note"], marks, bars, fault)


def named_in(path: str) -> set[str]:
    commands = re.findall(r"python -m benchmarks([^`\n]*)", (ROOT / path).read_text("utf-8"))
    words = " ".join(re.sub(r"--\S+(?: (?:small|full|[0-9A-Z]\S*))?", "", one) for one in commands)
    return set(re.findall(r"(?<![\w.…])[a-z]+(?:-[a-z]+)*", words))


@pytest.mark.parametrize("path", ["Makefile", "docs/performance.md"])
def test_every_part_that_is_named_there_exists(path: str) -> None:
    assert named_in(path) <= {*PARTS, *ON_DEMAND}


def test_the_document_and_the_makefile_name_parts_at_all() -> None:
    assert "core" in named_in("Makefile")
    assert {"core", "profile"} <= named_in("docs/performance.md")


def test_every_part_is_explained_in_the_document() -> None:
    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert [name for name in PARTS if f"`{name}`" not in text] == []


# Open cases


def decoded(events: Any) -> list[tuple[str, StoredEvent]]:
    items = load_catalogue().versions
    return [decode(raw, items) for _, raw in events]


def test_templates_are_cases_of_4_to_12_events() -> None:
    assert {len(template) for template in templates()} <= set(range(4, 13))


def test_open_cases_are_under_way_and_nothing_of_them_is_due_soon() -> None:
    replay = Replay(default_engine(), NOW_MS)
    replay.read(raw for _, raw in OpenCases(300, now_ms=NOW_MS).opening())
    assert replay.faults == []
    assert len(replay.cases) == 300
    assert sum(bool(case.live) for case in replay.cases.values()) > 250
    for case in replay.cases.values():
        instant = next_instant(case, replay.engine.rules[case.item or ""])
        assert instant is None or instant > NOW_MS + HOUR_MS


def test_the_flow_goes_on_with_the_cases_and_replaces_those_that_end() -> None:
    cases = OpenCases(20, now_ms=NOW_MS)
    opening = decoded(cases.opening())
    flow = decoded(islice(cases.flow(), 400))
    everything = [(case_id, event.event_id) for case_id, event in opening + flow]
    assert len(set(everything)) == len(everything)
    assert {case_id for case_id, _ in opening} < {case_id for case_id, _ in flow}
    assert all(event.at <= NOW_MS for _, event in flow)


def test_open_cases_are_the_same_for_the_same_seed() -> None:
    one, other = (list(OpenCases(30, now_ms=NOW_MS).opening()) for _ in range(2))
    assert one == other


# Figures


def test_a_rate_is_that_of_the_records_between_the_first_and_the_last_commit() -> None:
    course = Course([Sample(10.0, 100, 1.0), Sample(12.0, 500, 2.0), Sample(13.0, 1_100, 3.0)])
    assert course.events_per_s == pytest.approx(1_000 / 3)
    assert course.core_s_per_million == pytest.approx(2_000)


def test_the_second_half_is_timed_from_the_first_commit_beyond_the_middle() -> None:
    samples = [(0.0, 0), (10.0, 400), (11.0, 600), (12.0, 1_000)]
    course = Course([Sample(at_s, records, 0.0) for at_s, records in samples])
    assert course.warm_events_per_s == pytest.approx(400)


def test_one_commit_gives_no_rate() -> None:
    course = Course([Sample(10.0, 100, 1.0)])
    assert course.events_per_s is course.warm_events_per_s is course.core_s_per_million is None


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 99, 0), ([5], 50, 5), ([1, 2, 3, 4], 50, 2), (list(range(1, 101)), 99, 99)],
)
def test_a_percentile_is_a_value_that_was_seen(
    values: list[int], percent: float, expected: int
) -> None:
    assert percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("mark", "reached"),
    [
        (Mark("rate", 45_000, at_least=45_000), True),
        (Mark("rate", 44_999, at_least=45_000), False),
        (Mark("time", 30, at_most=30), True),
        (Mark("time", 30.1, at_most=30), False),
    ],
)
def test_a_mark_is_reached_at_its_bound(mark: Mark, reached: bool) -> None:
    assert mark.reached is reached


@pytest.mark.parametrize(
    ("cell", "words"), [(None, ""), (1234567, "1,234,567"), (2.0, "2"), (1.256, "1.26"), ("x", "x")]
)
def test_cells_are_written_for_people(cell: str | float | None, words: str) -> None:
    assert in_words(cell) == words


def test_what_this_process_uses_is_what_the_kernel_says() -> None:
    assert cpu_s(os.getpid()) > 0
    assert resident_bytes(os.getpid()) > 10_000_000
    assert "main" in thread_cpu_s(os.getpid())


# Results


def test_a_run_of_one_part_keeps_the_results_of_the_others() -> None:
    first = merged({}, [outcome("worker", 1.0), outcome("core", 1.0)], RUN, ORDER)
    second = merged(first, [outcome("core", 3.0)], RUN | {"at": "later"}, ORDER)
    assert list(second["parts"]) == ORDER
    assert second["parts"]["core"]["rows"] == [["x", 3.0]]
    assert second["parts"]["core"]["run"]["at"] == "later"
    assert second["parts"]["worker"] == first["parts"]["worker"]


def test_a_part_that_failed_does_not_replace_one_that_did_not() -> None:
    first = merged({}, [outcome("core")], RUN, ORDER)
    assert merged(first, [outcome("core", fault="broken")], RUN, ORDER) == first
    assert merged({}, [outcome("core", fault="broken")], RUN, ORDER)["parts"]["core"]["fault"]


def test_an_outcome_comes_back_from_the_results() -> None:
    one = outcome("core")
    assert outcome_from_json(one.as_json()) == one


def test_the_chart_is_an_svg_with_a_bar_for_each_figure() -> None:
    results = merged({}, [outcome("core"), outcome("worker", 5.0)], RUN, ORDER)
    svg = ET.fromstring(chart(results))
    rects = svg.findall("{http://www.w3.org/2000/svg}rect")
    one, other = (float(rect.attrib["width"]) for rect in rects)
    assert other == pytest.approx(5 * one)


def test_the_core_is_measured_and_published_at_a_tiny_size(tmp_path: Path) -> None:
    with Station(tmp_path / "station") as station:
        found = core(station, replace(SMALL, events=500, memory_cases=300))
    publish(tmp_path, [found], RUN)
    text = (tmp_path / "results.md").read_text("utf-8")
    assert "decoded and folded" in text
    assert "core: events/s per core" in text
    assert (tmp_path / "results.svg").exists()


def test_a_full_run_has_the_amounts_that_the_figures_are_asked_for() -> None:
    assert FULL.events >= 1_000_000
    assert FULL.open_cases >= 1_000_000
    assert FULL.flow_per_s >= 10_000
    assert FULL.midnight_cases * 2 >= 100_000
    assert FULL.growth_cases[-1] == FULL.open_cases
    assert with_events(FULL, None) is FULL
    assert with_events(FULL, 5).events == 5
