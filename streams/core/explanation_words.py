"""Names, instants and durations as people say them, in Chinese and English.

Part of the core, beside the explanation. Names of items, events, offices and levels come from the
catalogue; a code without a name is shown as it is, so that an old case can always be explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.case_event import StoredEvent
from schemas.catalogue.model import Catalogue, Certainty, Condition, Pause, Text, Unit
from schemas.dates import date_text
from schemas.instants import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    day_of,
    render_instant,
    start_of_day,
)
from schemas.regions.load import regions
from streams.core.explanation_account import EventRef

NOBODY = Text("未知", "unknown")
STATUSES = {
    "running": Text("计时中", "running"),
    "paused": Text("暂停计时", "paused"),
    "met": Text("按期办结", "met"),
    "missed": Text("逾期办结", "missed"),
    "cancelled": Text("随办结终止", "cancelled"),
}
RAISED_BY = {
    "self": Text("自己举手", "the household itself"),
    "proxy": Text("他人代举", "somebody else for it"),
    "government": Text("政府托举", "the government"),
}
CHANNELS = {
    "one-phone": Text("一部手机办事通", "the one-phone app"),
    "wechat": Text("微信小程序", "WeChat"),
    "app": Text("手机应用", "the mobile app"),
    "hall": Text("办事大厅", "a service hall"),
    "hotline": Text("热线电话", "a hotline"),
    "school": Text("学校", "a school"),
    "inspection": Text("走访排查", "an inspection"),
    "screening": Text("部门筛查", "a screening"),
}
CERTAINTIES = {
    Certainty.STATED: Text("报道载明", "stated in the report"),
    Certainty.PUBLIC_RULE: Text(
        "别处公开规定，待云南确认", "a public rule elsewhere, to be confirmed for Yunnan"
    ),
    Certainty.ASSUMED: Text("本项目假设，待主管部门确认", "our assumption, to be confirmed"),
    Certainty.STATED_AND_ASSUMED: Text(
        "数字为报道载明，算法为本项目假设", "the number is stated, how it counts is our assumption"
    ),
}
_UNITS = {
    Unit.HOURS: Text("{}小时", "{} hours"),
    Unit.DAYS: Text("{}天", "{} days"),
    Unit.WORKING_DAYS: Text("{}个工作日", "{} working days"),
}
_ATTRIBUTES = {
    "confirmed": Text("属实", "confirmed"),
    "grade": Text("危房等级", "grade"),
    "round": Text("轮次", "round"),
    "placed": Text("已就业", "placed"),
    "zero_employment": Text("零就业家庭", "zero-employment household"),
}
_VALUES: Mapping[Any, Text] = {True: Text("是", "yes"), False: Text("否", "no")}


class Names:
    """The names that one catalogue gives to codes."""

    def __init__(self, catalogue: Catalogue | None) -> None:
        self._catalogue = catalogue or Catalogue({})

    def event_type(self, code: str) -> Text:
        """Return the name of a type of events."""
        return self._catalogue.types.get(code, Text(code, code))

    def department(self, code: str | None) -> Text:
        """Return the name of a department."""
        return _named(self._catalogue.departments, code)

    def level(self, code: str) -> Text:
        """Return the name of a level of the ladder."""
        return _named(self._catalogue.levels, code)

    def recipient(self, code: str) -> Text:
        """Return the name of the one whom a step tells."""
        return _named(self._catalogue.recipients, code)

    def pause(self, code: str) -> Text:
        """Return the name of a pause."""
        return self._catalogue.pauses.get(Pause(code), Text(code, code))

    def event(self, event: StoredEvent) -> EventRef:
        """Return an event as an explanation refers to it."""
        name = self.event_type(event.type)
        return EventRef(event.event_id, event.type, name, render_instant(event.at))


def _named(names: Mapping[str, Text], code: str | None) -> Text:
    return NOBODY if code is None else names.get(code, Text(code, code))


def named(names: Mapping[str, Text], code: str | None) -> Text:
    """Return the name of a code in one of the tables above."""
    return _named(names, code)


def place(code: str | None) -> Text:
    """Return a county with its prefecture; the code itself where it is unknown."""
    if code is None:
        return NOBODY
    known = regions()
    county = known.counties.get(code)
    if county is None:
        return Text(code, code)
    above = known.prefectures[county.prefecture].text
    return Text(above.zh + county.text.zh, f"{county.text.en}, {above.en}")


def county_name(code: str | None) -> Text:
    """Return the name of a county alone; the code itself where it is unknown."""
    if code is None:
        return NOBODY
    return Text(regions().name(code, "zh"), regions().name(code, "en"))


def amount(count: int, unit: Unit) -> Text:
    """Return an amount of time as a rule says it."""
    en = _UNITS[unit].en.format(count)
    return Text(_UNITS[unit].zh.format(count), en[:-1] if count == 1 else en)


def deadline(instant: int) -> Text:
    """Return an instant up to which something is to be done; midnight ends its day (24:00)."""
    is_midnight = instant == start_of_day(day_of(instant))
    return _on_day(day_of(instant - 1) if is_midnight else day_of(instant), instant)


def moment(instant: int) -> Text:
    """Return the instant of an event; midnight begins its day (00:00)."""
    return _on_day(day_of(instant), instant)


def _on_day(day: int, instant: int) -> Text:
    date = date_text(day)
    year, month, day_of_month = map(int, date.split("-"))
    of_day = instant - start_of_day(day)
    time = f"{of_day // HOUR_MS:02d}:{of_day % HOUR_MS // MINUTE_MS:02d}"
    if of_day % MINUTE_MS:
        time += f":{of_day % MINUTE_MS // SECOND_MS:02d}"
    if of_day % SECOND_MS:
        time += f".{of_day % SECOND_MS:03d}"
    return Text(f"{year}年{month}月{day_of_month}日{time}", f"{date} {time}")


def span(duration_ms: int) -> Text:
    """Return a duration in its two largest parts that matter; less than a minute in full."""
    if duration_ms < MINUTE_MS:
        seconds = f"{duration_ms / SECOND_MS:g}"
        return Text(f"{seconds}秒", f"{seconds} s")
    parts = (
        (duration_ms // DAY_MS, "天", "d"),
        (duration_ms % DAY_MS // HOUR_MS, "小时", "h"),
        (duration_ms % HOUR_MS // MINUTE_MS, "分钟", "min"),
    )
    said = [part for part in parts if part[0]][:2]
    return Text(
        "".join(f"{count}{zh}" for count, zh, _ in said),
        " ".join(f"{count} {en}" for count, _, en in said),
    )


def condition(of: Condition) -> Text:
    """Return a condition on an attribute in words."""
    name = _ATTRIBUTES.get(of.attribute, Text(of.attribute, of.attribute))
    values = [
        _VALUES[value] if isinstance(value, bool) else Text(str(value), str(value))
        for value in of.values
    ]
    return Text(
        f"{name.zh}：{'或'.join(value.zh for value in values)}",
        f"{name.en}: {' or '.join(value.en for value in values)}",
    )


def either(texts: list[Text]) -> Text:
    """Return several names of which one will do."""
    return Text("或".join(f"“{text.zh}”" for text in texts), " or ".join(text.en for text in texts))


def listed(texts: list[Text]) -> Text:
    """Return several names as one."""
    return Text("、".join(text.zh for text in texts), ", ".join(text.en for text in texts))
