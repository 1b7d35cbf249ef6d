"""The time of one cycle, interval by interval and day by day, so that it can be counted by hand.

Part of the core, beside ``streams.core.due``: that finds the due instant by arithmetic, this walks
the calendar. The two are independent ways to the same number; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from schemas.calendars.model import DayKind
from schemas.catalogue.model import Text, Unit
from schemas.dates import date_text, weekday_of
from schemas.instants import date_of_day, day_of, render_instant, start_of_day
from streams.core.calendar import Calendars, closing_midnight
from streams.core.explanation_account import DayAccount, DayReason, IntervalAccount, IntervalKind
from streams.core.explanation_trace import CycleTrace, PauseSpan
from streams.core.explanation_words import Names, listed

_TEXTS = {
    DayReason.COUNTED: Text("计入", "counts"),
    DayReason.START_DAY: Text("起算当日不计", "the day of the start does not count"),
    DayReason.WEEKEND: Text("周末", "weekend"),
    DayReason.BREACHED: Text("已超过时限", "past due"),
    DayReason.PAUSED_AT_MIDNIGHT: Text(
        "当日24:00处于暂停，当日不计", "paused at 24:00, so that the day does not count"
    ),
}
_KINDS = {
    DayKind.WEEKEND: DayReason.WEEKEND,
    DayKind.HOLIDAY: DayReason.HOLIDAY,
    DayKind.PREFECTURE_HOLIDAY: DayReason.PREFECTURE_HOLIDAY,
}


class Judged(NamedTuple):
    """What a day or an interval is to the clock, and why."""

    kind: IntervalKind
    reason: DayReason
    text: Text
    pauses: tuple[PauseSpan, ...] = ()


class CycleTime:
    """The time of one cycle, as of an instant (milliseconds) or up to its end."""

    def __init__(self, traced: CycleTrace, calendars: Calendars, names: Names, as_of: int) -> None:
        cycle = traced.cycle
        self.unit = traced.rule.unit
        self.started_at, self.due_at = cycle.started_at, cycle.due_at
        self.pauses = traced.pauses
        self.calendars, self.names = calendars, names
        self.region = cycle.region
        self.end = as_of if cycle.stopped_at is None else cycle.stopped_at
        # A live cycle is shown up to its due instant, as it would be if the clock ran on.
        is_ahead = cycle.stopped_at is None and cycle.due_at is not None
        self.shown_until = max(self.end, cycle.due_at or 0) if is_ahead else self.end

    def intervals(self) -> list[IntervalAccount]:
        """Return what the clock did from its start to its end, without gaps or overlaps.

        For a live, unbreached cycle they go on to due, ``projected``; for a paused one they end
        at the instant. A cycle that ended when it started has none.
        """
        found: list[tuple[int, int, Judged, bool]] = []
        for since, until in pairwise(self._cuts()):
            judged, is_ahead = self._judge(since), since >= self.end
            if found and found[-1][2:] == (judged, is_ahead):
                since = found.pop()[0]
            found.append((since, until, judged, is_ahead))
        return [self._interval(*each) for each in found]

    def days(self) -> list[DayAccount]:
        """Return each calendar day from the start to due, with the number it was counted as.

        Without a due instant (a paused clock) they end with the day that holds the end. A clock
        in hours has none.
        """
        if self.unit is Unit.HOURS:
            return []
        last = day_of(self.end if self.due_at is None else self.due_at - 1)
        found, count = [], 0
        for day in range(day_of(self.started_at), last + 1):
            judged = self._judge_day(day)
            is_counted = judged.kind is IntervalKind.RUNNING
            count += is_counted
            found.append(self._day(day, judged, count if is_counted else None))
        return found

    def used(self) -> int:
        """Return what is used up of the limit by the end: counted midnights, or milliseconds."""
        if self.unit is not Unit.HOURS:
            return sum(1 for day in self.days() if day.counted is not None and not day.projected)
        return sum(
            until - since
            for since, until in pairwise(self._cuts())
            if since < self.end and self._judge(since).kind is IntervalKind.RUNNING
        )

    def _cuts(self) -> list[int]:
        """Return the instants between which nothing changes."""
        first, last = self.started_at, self.shown_until
        cuts = {first, last, self.end, *self._edges()}
        if self.due_at is not None:
            cuts.add(self.due_at)
        if self.unit is not Unit.HOURS:
            # After due no midnight changes anything, and there may be years of them.
            counted = last if self.due_at is None else min(last, self.due_at)
            cuts.update(closing_midnight(day) for day in range(day_of(first), day_of(counted) + 1))
        return sorted(cut for cut in cuts if first <= cut <= last)

    def _edges(self) -> Iterator[int]:
        for pause in self.pauses:
            yield pause.opened.at
            if pause.closed is not None:
                yield pause.closed.at

    def _judge(self, instant: int) -> Judged:
        """Judge the interval that begins at an instant and holds no cut."""
        if self.due_at is not None and instant >= self.due_at:
            return Judged(IntervalKind.OVERDUE, DayReason.BREACHED, _TEXTS[DayReason.BREACHED])
        pauses = tuple(
            pause
            for pause in self.pauses
            if pause.opened.at <= instant and (pause.closed is None or instant < pause.closed.at)
        )
        if pauses:
            return self._paused(pauses)
        if self.unit is Unit.HOURS:
            return Judged(IntervalKind.RUNNING, DayReason.COUNTED, _TEXTS[DayReason.COUNTED])
        judged = self._judge_day(day_of(instant))
        if judged.kind is not IntervalKind.PAUSED:
            return judged
        text = _TEXTS[DayReason.PAUSED_AT_MIDNIGHT]
        return Judged(IntervalKind.NOT_COUNTED, DayReason.PAUSED_AT_MIDNIGHT, text)

    def _judge_day(self, day: int) -> Judged:
        """Judge a calendar day by its closing midnight: does it count?"""
        if day == day_of(self.started_at):
            text = _TEXTS[DayReason.START_DAY]
            return Judged(IntervalKind.NOT_COUNTED, DayReason.START_DAY, text)
        reason, text = self._of_calendar(day)
        if reason not in (DayReason.COUNTED, DayReason.MAKE_UP_WORKDAY):
            return Judged(IntervalKind.NOT_COUNTED, reason, text)
        midnight = closing_midnight(day)
        # Counted is a midnight at which a pause opens, not one at which it closes.
        pauses = tuple(
            pause
            for pause in self.pauses
            if pause.opened.at < midnight and (pause.closed is None or midnight <= pause.closed.at)
        )
        if pauses:
            return self._paused(pauses)
        return Judged(IntervalKind.RUNNING, reason, text)

    def _of_calendar(self, day: int) -> tuple[DayReason, Text]:
        if self.unit is Unit.DAYS:
            return DayReason.COUNTED, _TEXTS[DayReason.COUNTED]
        calendar = self.calendars.of_region(self.region)
        works = calendar.is_working_day(day)
        published = self.calendars.published
        if published is None or not calendar.is_published(day, day):
            reason = DayReason.COUNTED if works else DayReason.WEEKEND
            return reason, _TEXTS[reason]
        known = published.day(date_of_day(day), self.region).reason
        if not works:
            return _KINDS[known.kind], known.text
        if known.kind in (DayKind.MAKE_UP_WORKDAY, DayKind.PREFECTURE_WORKDAY):
            zh, en = known.text.zh, known.text.en
            return DayReason.MAKE_UP_WORKDAY, Text(
                f"{zh}调休上班，计入", f"make-up workday for {en}, counts"
            )
        return DayReason.COUNTED, _TEXTS[DayReason.COUNTED]

    def _paused(self, pauses: tuple[PauseSpan, ...]) -> Judged:
        kinds = dict.fromkeys(pause.pause for pause in pauses)
        name = listed([self.names.pause(kind) for kind in kinds])
        text = Text(f"暂停：{name.zh}", f"paused: {name.en}")
        return Judged(IntervalKind.PAUSED, DayReason.PAUSED, text, pauses)

    def _interval(self, since: int, until: int, judged: Judged, ahead: bool) -> IntervalAccount:
        events = [
            self.names.event(event)
            for pause in judged.pauses
            for event in (pause.opened, pause.closed)
            if event is not None
        ]
        return IntervalAccount(
            since=render_instant(since),
            until=render_instant(until),
            duration_ms=until - since,
            kind=judged.kind,
            reason=judged.reason,
            text=judged.text,
            projected=ahead,
            events=events,
        )

    def _day(self, day: int, judged: Judged, count: int | None) -> DayAccount:
        calendar = self.calendars.of_region(self.region)
        return DayAccount(
            date=date_text(day),
            weekday=weekday_of(day),
            counted=count,
            reason=judged.reason,
            text=judged.text,
            projected=start_of_day(day + 1) > self.end,
            assumed=self.unit is Unit.WORKING_DAYS and not calendar.is_published(day, day),
        )
