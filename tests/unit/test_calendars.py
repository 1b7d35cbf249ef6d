"""The published calendar against an independent package, its edges, and its changes in files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import holidays
import pytest

from schemas.calendars.load import SHIPPED, load_calendar
from schemas.calendars.model import CalendarData, DayKind
from schemas.errors import Misconfigured

XISHUANGBANNA = "532800"
SOURCE = "    name: {zh: 测试, en: Test}\n    source: {zh: 测试, en: Test}\n"
EMPTY = "changes: []\n"
WithFiles = Callable[..., CalendarData]


@pytest.fixture
def with_files(tmp_path: Path) -> WithFiles:
    """Loads a calendar with the given entries of changes in place of the shipped ones."""

    def load(national: str = EMPTY, prefectures: str = EMPTY) -> CalendarData:
        (tmp_path / "national-changes.yaml").write_text(national, encoding="utf-8")
        (tmp_path / "prefectures.yaml").write_text(prefectures, encoding="utf-8")
        return load_calendar(tmp_path)

    return load


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_a_year_is_as_an_independent_package_has_it(year: int) -> None:
    independent = holidays.country_holidays("CN", years=[year - 1, year, year + 1])
    calendar = load_calendar()
    days = [dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(366)]
    compared = [date for date in days if date.year == year]
    assert len(compared) >= 365
    differing = [
        date
        for date in compared
        if calendar.is_working_day(date) != independent.is_working_day(date)
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("date", "working", "kind", "name"),
    [
        ("2026-10-09", True, DayKind.WORKDAY, "workday"),
        ("2026-10-10", True, DayKind.MAKE_UP_WORKDAY, "National Day"),
        ("2026-10-11", False, DayKind.WEEKEND, "weekend"),
        ("2026-10-01", False, DayKind.HOLIDAY, "National Day"),
        ("2026-02-14", True, DayKind.MAKE_UP_WORKDAY, "Spring Festival"),
        ("2024-02-29", True, DayKind.WORKDAY, "workday"),
        ("2025-01-28", False, DayKind.HOLIDAY, "Spring Festival"),
        ("2025-04-27", True, DayKind.MAKE_UP_WORKDAY, "Labour Day"),
        ("2015-09-03", False, DayKind.HOLIDAY, "Anti-Fascist 70th Day"),
    ],
)
def test_a_day_says_why_it_works_or_not(date: str, working: bool, kind: DayKind, name: str) -> None:
    found = load_calendar().day(day(date))
    assert (found.is_working, found.reason.kind, found.reason.text.en) == (working, kind, name)


def test_a_make_up_day_cancelled_in_flight_is_no_working_day() -> None:
    cancelled = load_calendar().day(day("2020-02-01"))
    assert not cancelled.is_working
    assert "cancelled" in cancelled.reason.text.en


def test_a_change_holds_over_the_package(with_files: WithFiles) -> None:
    changed = with_files(f"changes:\n  - day: 2026-10-10\n    working: false\n{SOURCE}")
    assert load_calendar().is_working_day(day("2026-10-10"))
    assert not changed.is_working_day(day("2026-10-10"))
    assert changed.version != load_calendar().version


def test_a_holiday_taken_back_is_a_working_day(with_files: WithFiles) -> None:
    changed = with_files(
        f"changes:\n  - from: 2026-10-06\n    to: 2026-10-07\n    working: true\n{SOURCE}"
    )
    assert [changed.is_working_day(day(f"2026-10-0{n}")) for n in (5, 6, 7)] == [False, True, True]


def test_the_published_days_reach_as_far_as_the_package_says() -> None:
    calendar = load_calendar()
    days = [date for date, _, _ in calendar.days()]
    assert (days[0], days[-1]) == (calendar.first_day, calendar.last_day)
    assert len(days) == len(set(days)) == (calendar.last_day - calendar.first_day).days + 1
    assert calendar.last_day >= day("2026-12-31")


@pytest.mark.parametrize("days", [-1, 1])
def test_beyond_the_published_days_nothing_is_guessed(days: int) -> None:
    calendar = load_calendar()
    edge = calendar.first_day if days < 0 else calendar.last_day
    assert calendar.is_working_day(edge) in (True, False)
    with pytest.raises(ValueError, match="outside the published calendar"):
        calendar.is_working_day(edge + dt.timedelta(days=days))


def test_a_year_that_the_package_lacks_can_be_published_by_a_file(with_files: WithFiles) -> None:
    year = load_calendar().last_day.year + 1
    published = with_files(
        f"published_until: {year}-12-31\nchanges:\n"
        f"  - day: {year}-01-01\n    working: false\n{SOURCE}"
    )
    assert published.last_day == dt.date(year, 12, 31)
    assert not published.is_working_day(dt.date(year, 1, 1))
    assert published.version.startswith(f"cn-{year}.")


def test_the_version_changes_only_with_the_days_that_count(with_files: WithFiles) -> None:
    off = f'changes:\n  - prefecture: "{XISHUANGBANNA}"\n    day: 2025-04-14\n' + SOURCE
    off += "    working: false\n    counts: "
    shipped = load_calendar().version
    assert with_files(EMPTY, off + "false\n").version == shipped
    assert with_files(EMPTY, off + "true\n").version != shipped


def test_no_prefecture_counts_its_own_days_until_its_office_says_so() -> None:
    calendar = load_calendar()
    assert calendar.counting_prefectures() == ()
    assert calendar.is_working_day(day("2025-04-14"), XISHUANGBANNA)
    assert not calendar.prefecture_changes(XISHUANGBANNA)[day("2025-04-14")].counts


def test_a_prefecture_that_counts_its_days_has_a_calendar_of_its_own(
    with_files: WithFiles,
) -> None:
    shipped = (SHIPPED / "prefectures.yaml").read_text(encoding="utf-8")
    calendar = with_files(
        EMPTY,
        shipped.replace("counts: false\n    name: {zh: 西", "counts: true\n    name: {zh: 西"),
    )
    assert calendar.counting_prefectures() == (XISHUANGBANNA,)
    own = calendar.day(day("2025-04-14"), XISHUANGBANNA)
    assert (own.is_working, own.reason.kind) == (False, DayKind.PREFECTURE_HOLIDAY)
    assert calendar.is_working_day(day("2025-04-14"))
    assert calendar.is_working_day(day("2025-04-14"), "532900")
    differing = [
        date
        for (date, works, _), (_, works_there, _) in zip(
            calendar.days(), calendar.days(XISHUANGBANNA), strict=True
        )
        if works != works_there
    ]
    assert differing == [day("2025-04-14"), day("2025-04-15"), day("2025-04-16")]


def test_a_prefecture_may_have_a_make_up_workday_of_its_own(with_files: WithFiles) -> None:
    calendar = with_files(
        EMPTY,
        'changes:\n  - prefecture: "533100"\n    day: 2023-04-16\n    working: true\n'
        f"    counts: true\n{SOURCE}",
    )
    assert calendar.is_working_day(day("2023-04-16"), "533100")
    assert not calendar.is_working_day(day("2023-04-16"))


def test_the_shipped_calendar_is_read_once() -> None:
    assert load_calendar() is load_calendar()


NATIONAL = "changes:\n  - day: 2026-10-10\n    working: false\n" + SOURCE


@pytest.mark.parametrize(
    ("national", "line", "message"),
    [
        (NATIONAL.replace("2026-10-10", "2026-10-32"), 2, "expected a date"),
        (NATIONAL.replace("2026-10-10", "2029-10-10"), 2, "outside the published calendar"),
        (NATIONAL.replace("working: false", "working: holiday"), 3, "expected true or false"),
        (NATIONAL.replace("    working: false\n", ""), 2, "'working' is missing"),
        (NATIONAL.replace("day:", "date:"), 2, "unknown field 'date'"),
        (NATIONAL.replace("day: 2026-10-10", "from: 2026-10-10"), 2, "'to' is missing"),
        (NATIONAL + "    to: 2026-10-11\n", 6, "leave 'to' out"),
        (NATIONAL.replace("name: {zh: 测试, en: Test}", "name: {zh: 测试}"), 4, "'en' is missing"),
        (NATIONAL + "    counts: true\n", 6, "unknown field 'counts'"),
        (NATIONAL + NATIONAL.removeprefix("changes:\n"), 6, "2026-10-10 is already changed in"),
        ("published_until: 2026-12-31\n" + EMPTY, 1, "does not add a year"),
        ("published_until: 2027-06-30\n" + EMPTY, 1, "must be a 31 December"),
        ("changes:\n", 1, "expected a list, not nothing"),
        (
            NATIONAL.replace("day: 2026-10-10", "from: 2026-10-10\n    to: 2026-10-09"),
            3,
            "'to' (2026-10-09) is before 'from' (2026-10-10)",
        ),
    ],
)
def test_a_faulty_national_change_is_reported_with_file_and_line(
    with_files: WithFiles, national: str, line: int, message: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        with_files(national)
    found = [fault for fault in caught.value.faults if f"national-changes.yaml:{line}: " in fault]
    assert any(message in fault for fault in found), caught.value.faults


@pytest.mark.parametrize("code", ["532801", "539900", "Dali"])
def test_a_change_of_no_prefecture_is_refused(with_files: WithFiles, code: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        with_files(EMPTY, NATIONAL.replace("  - day", f'  - prefecture: "{code}"\n    day'))
    [fault] = caught.value.faults
    assert "prefectures.yaml:2: " in fault
    assert "is no prefecture of Yunnan" in fault


def test_the_faults_of_both_files_are_reported_together(with_files: WithFiles) -> None:
    with pytest.raises(Misconfigured) as caught:
        with_files("days: []\n", "- 1\n")
    assert {fault.split(":")[0].rpartition("/")[2] for fault in caught.value.faults} == {
        "national-changes.yaml",
        "prefectures.yaml",
    }


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_calendar(tmp_path)
    assert len(caught.value.faults) == 2
