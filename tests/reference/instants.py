"""Instants as whole milliseconds, days of Asia/Shanghai, and which of them are working days."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

import chinese_calendar

EPOCH = date(1970, 1, 1)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SHANGHAI_MS = 8 * HOUR_MS

RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]"
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def to_ms(text: str) -> int:
    """Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 instant.

    Digits after the third of a second are dropped. Raises `ValueError` for anything that is not
    RFC 3339 with an offset, and for a leap second.
    """
    match = RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError("not RFC 3339 with an offset")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, off_hour, off_minute = match.groups()[6:]
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no such time of day")
    days = (date(year, month, day) - EPOCH).days
    offset_ms = 0
    if sign is not None:
        if int(off_hour) > 23 or int(off_minute) > 59:
            raise ValueError("no such offset")
        offset_ms = (int(off_hour) * 60 + int(off_minute)) * 60_000
        offset_ms = -offset_ms if sign == "-" else offset_ms
    milliseconds = int(((fraction or "") + "000")[:3])
    time_ms = ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds
    return days * DAY_MS + time_ms - offset_ms


def iso(instant_ms: int) -> str:
    """The instant as RFC 3339 at +08:00, with three digits of a second where there are any."""
    local = instant_ms + SHANGHAI_MS
    days, rest = divmod(local, DAY_MS)
    day = EPOCH + timedelta(days=days)
    seconds, milliseconds = divmod(rest, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    fraction = f".{milliseconds:03}" if milliseconds else ""
    return f"{day.isoformat()}T{clock}{fraction}+08:00"


def day_of(instant_ms: int) -> int:
    """The day that holds the instant, numbered from 1970-01-01; 00:00 begins a day."""
    return (instant_ms + SHANGHAI_MS) // DAY_MS


def closing_midnight(day: int) -> int:
    """24:00 of the day, which is 00:00 of the next."""
    return (day + 1) * DAY_MS - SHANGHAI_MS


@cache
def is_published(day: int) -> bool:
    """Whether the holidays of the day's year are published."""
    try:
        chinese_calendar.is_workday(EPOCH + timedelta(days=day))
    except NotImplementedError:
        return False
    return True


@cache
def is_working_day(day: int) -> bool:
    """As published; Monday to Friday where nothing is."""
    on = EPOCH + timedelta(days=day)
    return bool(chinese_calendar.is_workday(on)) if is_published(day) else on.weekday() < 5
