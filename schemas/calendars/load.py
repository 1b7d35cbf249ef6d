"""From the package `chinesecalendar` and the files of dated changes to the published calendar.

Stands before the path of an event: every process loads it at start and stops if a file of
changes cannot work. The package holds the holidays and make-up workdays of the State Council's
yearly papers; how far it reaches is asked of the package, never assumed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version as version_of_package
from pathlib import Path

from chinese_calendar.constants import Holiday, holidays, workdays

from schemas.calendars.changes import Located, check_changes, read_national, read_prefectures
from schemas.calendars.model import CalendarData, Change, Day, DayKind, Reason, assumed
from schemas.catalogue.model import Text
from schemas.located_yaml import Faults, read_yaml
from schemas.regions.load import regions

SHIPPED = Path(__file__).parent
NATIONAL_FILE = "national-changes.yaml"
PREFECTURES_FILE = "prefectures.yaml"
_PACKAGE = "chinesecalendar"
_NAMES = {each.value: Text(each.chinese, each.value) for each in Holiday}


def load_calendar(folder: Path | None = None) -> CalendarData:
    """Return the calendar with the changes of ``folder``, or of the shipped files.

    Raises ``Misconfigured`` with every fault of both files, each as ``file:line: message``. The
    shipped calendar is read once per process.
    """
    return _shipped() if folder is None else _load(folder)


@cache
def _shipped() -> CalendarData:
    return _load(SHIPPED)


def _load(folder: Path) -> CalendarData:
    first_day = dt.date(min(holidays).year, 1, 1)
    package_end = dt.date(max(holidays).year, 12, 31)
    national, of_prefectures, last_day = _read(folder, first_day, package_end)
    days = _from_package() | {
        day: _day(day, change.working, change.text) for change in national for day in change.days()
    }
    return CalendarData(
        version=f"cn-{last_day.year}.{_digest(days, of_prefectures)}",
        first_day=first_day,
        last_day=last_day,
        national=days,
        changes=(*national, *of_prefectures),
        package=f"{_PACKAGE} {version_of_package(_PACKAGE)}",
    )


def _read(
    folder: Path, first_day: dt.date, package_end: dt.date
) -> tuple[list[Change], list[Change], dt.date]:
    """Return the national changes, those of prefectures, and the last published day."""
    faults = Faults()
    national: list[Located] = []
    of_prefectures: list[Located] = []
    last_day = package_end
    if tree := read_yaml(folder / NATIONAL_FILE, faults):
        national, last_day = read_national(tree, package_end)
    if tree := read_yaml(folder / PREFECTURES_FILE, faults):
        of_prefectures = read_prefectures(tree, regions().prefectures)
    check_changes(national + of_prefectures, first_day, last_day)
    faults.raise_if_any()
    return [change for change, _ in national], [change for change, _ in of_prefectures], last_day


def _from_package() -> dict[dt.date, Day]:
    """Return the days of the package that are not as their weekday says, or have a name."""
    days = {date: _day(date, False, _NAMES[name]) for date, name in holidays.items()}
    return days | {date: _day(date, True, _NAMES[name]) for date, name in workdays.items()}


def _day(date: dt.date, works: bool, text: Text) -> Day:
    return Day(date, works, Reason(DayKind.MAKE_UP_WORKDAY if works else DayKind.HOLIDAY, text))


def _digest(national: Mapping[dt.date, Day], of_prefectures: list[Change]) -> str:
    """Return six digits that change with every day that counts."""
    lines = [
        f"{date} {day.is_working}"
        for date, day in national.items()
        if day.is_working != assumed(date).is_working
    ]
    lines += [
        f"{change.prefecture} {day} {change.working}"
        for change in of_prefectures
        if change.counts
        for day in change.days()
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:6]
