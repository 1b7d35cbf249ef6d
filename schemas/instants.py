"""Instants as integers of milliseconds since 1970-01-01T00:00Z, and their RFC 3339 text.

All arithmetic on the path of an event is on these integers: they compare exactly, and no library
rounds them. Days are days of Asia/Shanghai, which is UTC+8 without daylight saving.
"""

from __future__ import annotations

import datetime as dt
import re

SHANGHAI = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
OFFSET_MS = 8 * HOUR_MS
_EPOCH = dt.date(1970, 1, 1)
_WALL_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time, its offset is written out
# The calendar repeats itself after so many years, weekdays included.
CYCLE_YEARS, CYCLE_DAYS = 400, 146_097
_CYCLE = dt.timedelta(days=CYCLE_DAYS)
_UTC_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])")
_REST = re.compile(r"(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))")

_USUAL = "+08:00"
# Text of the date (2026-01-12), the hour (T07), the minute (:12), the second (:35), of fraction and
# offset → milliseconds; and of second and offset as ``render_instant`` writes a full second
# (:35+08:00). Tables this small stay in the processor's cache, and ``schemas.case_event`` looks in
# them itself. Those that are not whole from the start are bounded, so that a hostile log cannot
# grow them without end.
KNOWN_DATES: dict[str, int] = {}
HOURS = {f"T{hour:02}": hour * HOUR_MS for hour in range(24)}
MINUTES = {f":{minute:02}": minute * MINUTE_MS for minute in range(60)}
_SECONDS = {f":{second:02}": second * SECOND_MS for second in range(60)}
USUAL_RESTS = {text + _USUAL: ms - OFFSET_MS for text, ms in _SECONDS.items()}
_rests: dict[str, int] = {}
_CACHE_SIZE = 100_000


def parse_instant(text: str) -> int:
    """Return the instant of an RFC 3339 text with an offset, in milliseconds.

    ``T`` or ``t``, ``Z`` or ``z``; digits of a second after the third are dropped. Raises
    ``ValueError`` for anything else, a missing offset included.
    """
    try:
        time_ms = HOURS[text[10:13]] + MINUTES[text[13:16]] + _SECONDS[text[16:19]]
        return KNOWN_DATES[text[:10]] + time_ms + _rests[text[19:]]
    except KeyError:
        return _parse(text)


def _parse(text: str) -> int:
    """Parse the whole text, and note its parts for the next one that has them."""
    date_ms, time_ms, rest_ms = _date_ms(text[:10]), _time_ms(text[10:19]), _rest_ms(text[19:])
    _note(KNOWN_DATES, text[:10], date_ms)
    _note(_rests, text[19:], rest_ms)
    return date_ms + time_ms + rest_ms


def _note(known: dict[str, int], text: str, ms: int) -> None:
    if len(known) < _CACHE_SIZE:
        known[text] = ms


def _date_ms(text: str) -> int:
    if not _DATE.fullmatch(text):
        raise ValueError("not an RFC 3339 instant: the date is not YYYY-MM-DD")
    return (dt.date.fromisoformat(text) - _EPOCH).days * DAY_MS


def _time_ms(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 instant: the time is not Thh:mm:ss")
    hour, minute, second = (int(part) for part in match.groups())
    return hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS


def _rest_ms(text: str) -> int:
    match = _REST.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 instant: it must end in Z or an offset such as +08:00")
    fraction, sign, hours, minutes = match.groups()
    ms = int((fraction or "")[:3].ljust(3, "0"))
    if sign is None:
        return ms
    offset_ms = int(hours) * HOUR_MS + int(minutes) * MINUTE_MS
    return ms - offset_ms if sign == "+" else ms + offset_ms


def render_instant(instant_ms: int) -> str:
    """Return the text of an instant at +08:00, with milliseconds only where there are any."""
    # By the wall time of Shanghai, since in UTC the first hours of the year 1 lie in a year 0.
    wall = dt.timedelta(milliseconds=instant_ms + OFFSET_MS)
    timespec = "milliseconds" if instant_ms % SECOND_MS else "seconds"
    try:
        return (_WALL_EPOCH + wall).isoformat(timespec=timespec) + _USUAL
    except OverflowError:
        # The calendar repeats itself every 400 years: due of a start in 9999, or a year 0.
        turns = 1 if instant_ms < 0 else -1
        wall_time = _WALL_EPOCH + (wall + turns * _CYCLE)
        year = wall_time.year - CYCLE_YEARS * turns
        return f"{year:04d}{wall_time.isoformat(timespec=timespec)[4:]}{_USUAL}"


def to_datetime(instant_ms: int) -> dt.datetime:
    """Return the instant as an aware ``datetime`` in UTC, exact to the millisecond."""
    return _UTC_EPOCH + dt.timedelta(milliseconds=instant_ms)


def from_datetime(moment: dt.datetime) -> int:
    """Return the milliseconds of an aware ``datetime``; what is finer is dropped."""
    return (moment - _UTC_EPOCH) // dt.timedelta(milliseconds=1)


def day_of(instant_ms: int) -> int:
    """Return the number of the Shanghai day that holds the instant; 00:00 begins its day.

    Day 0 is 1970-01-01.
    """
    return (instant_ms + OFFSET_MS) // DAY_MS


def start_of_day(day: int) -> int:
    """Return the instant of 00:00 Shanghai time of a day number."""
    return day * DAY_MS - OFFSET_MS


def date_of_day(day: int) -> dt.date:
    """Return the calendar date of a day number."""
    return _EPOCH + dt.timedelta(days=day)


def day_of_date(date: dt.date) -> int:
    """Return the day number of a calendar date."""
    return (date - _EPOCH).days
