"""One clock of an explanation on a terminal: rule, events, days, ladder."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from jushou.cli.explain_days import weeks
from jushou.cli.explain_teller import Teller
from schemas.catalogue.model import Text
from streams.core.explanation_account import (
    ClockAccount,
    ExtensionAccount,
    IntervalAccount,
    IntervalKind,
    StepAccount,
    StepState,
)

Fact = tuple[str | Styled, str | Styled]
_STEP_MARKS = {
    StepState.FIRED: ("●", "red"),
    StepState.TO_COME: ("○", "cyan"),
    StepState.WAITING: ("○", "yellow"),
    StepState.ENDED_BEFORE: ("–", "dim"),
    StepState.NO_SUCH_STEP: ("–", "dim"),
}
_KINDS = {
    IntervalKind.RUNNING: (Text("计时", "running"), "cyan"),
    IntervalKind.PAUSED: (Text("暂停", "paused"), "yellow"),
    IntervalKind.NOT_COUNTED: (Text("不计", "not counted"), "dim"),
    IntervalKind.OVERDUE: (Text("逾期", "overdue"), "red"),
}


def clock_panel(clock: ClockAccount, teller: Teller, full: bool) -> Panel:
    """Return the panel of one cycle."""
    facts = grid()
    for name, text in _facts(clock, teller):
        facts.add_row(name, text)
    parts: list[RenderableType] = [facts]
    if clock.days:
        parts.append(Padding(weeks(clock, teller, full), (1, 0, 0, 0)))
    parts.append(_ladder(clock.ladder, teller))
    title = Styled.assemble(" ", (teller.clock(clock), "bold"), "  ", teller.status(clock), " ")
    return Panel(Group(*parts), title=title, title_align="left", box=box.ROUNDED)


def grid() -> Table:
    """Return a table of facts without lines: the name of each, and what it is."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    return facts


def _facts(clock: ClockAccount, teller: Teller) -> Iterator[Fact]:
    yield teller.label("account"), Styled(teller.say(clock.summary), style="bold")
    yield teller.label("rule"), teller.say(clock.rule.text)
    yield teller.label("source"), teller.say(clock.rule.source)
    yield teller.label("certainty"), _certainty(clock, teller)
    yield teller.label("policy"), _versions(clock, teller)
    for carried in clock.carried:
        change = f"{carried.old_policy} → {carried.policy}{teller.colon()}"
        yield "", Styled(change + teller.say(carried.text), style="yellow")
    yield teller.label("start"), teller.event(clock.start)
    for interval in clock.intervals:
        if clock.unit == "h" or interval.kind is IntervalKind.PAUSED:
            yield _interval(interval, teller, is_open=interval is _last_so_far(clock))
    for extension in clock.extensions:
        yield teller.label("extension"), _extension(extension, teller)
    if clock.due_at is not None:
        yield teller.label("due"), Styled(teller.deadline(clock.due_at), style="bold")
    if clock.ended_by is not None:
        yield teller.label("end"), teller.event(clock.ended_by)


def _certainty(clock: ClockAccount, teller: Teller) -> Styled:
    certainty = f"[{clock.rule.certainty}] {teller.say(clock.rule.certainty_text)}"
    style = "yellow" if clock.rule.assumed else "green"
    return Styled(certainty, style=style)


def _versions(clock: ClockAccount, teller: Teller) -> str:
    rule = clock.rule
    since = Text(f"（{rule.in_force_from}起施行）", f" (in force from {rule.in_force_from})")
    region = "" if clock.region is None else f"/{clock.region}"
    calendar = f"{teller.label('calendar')} {clock.calendar}{region}"
    return f"{rule.policy}{teller.say(since)} · {calendar}"


def _last_so_far(clock: ClockAccount) -> IntervalAccount | None:
    """Return the interval that lasts to date, if the clock is live."""
    if clock.ended_by is not None:
        return None
    return next((each for each in reversed(clock.intervals) if not each.projected), None)


def _interval(interval: IntervalAccount, teller: Teller, is_open: bool) -> Fact:
    name, style = _KINDS[interval.kind]
    until = teller.label("not-over") if is_open else teller.when(interval.until)
    text = f"{teller.when(interval.since)} → {until}  {teller.long(interval.duration_ms)}"
    said = Styled(text, style="dim" if interval.projected else "")
    for event in interval.events:
        said.append(f"  {teller.say(event.name)} ").append(event.event_id, style="dim")
    return Styled(teller.say(name), style=style), said


def _extension(extension: ExtensionAccount, teller: Teller) -> Styled:
    word = teller.label("valid" if extension.accepted else "void")
    style = "green" if extension.accepted else "yellow"
    said = teller.event(extension.event)
    return Styled.assemble(
        said, "  ", (word, style), f"{teller.colon()}{teller.say(extension.text)}"
    )


def _ladder(steps: list[StepAccount], teller: Teller) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column(teller.label("ladder"), no_wrap=True)
    for label in ("whom", "when", "where-it-stands"):
        table.add_column(teller.label(label), overflow="fold")
    for step in steps:
        mark, style = _STEP_MARKS[step.state]
        stands = Styled(teller.say(step.text), style="dim" if mark == "–" else "")
        for each in step.superseded:
            what = "taken-back" if each.by is not None else "taken-back-by-policy"
            back = f"\n{teller.deadline(each.at)} {teller.label(what)} "
            by = each.policy or "" if each.by is None else each.by.event_id
            stands.append(back, style="yellow").append(by, style="dim")
        name = Styled.assemble((mark, style), " ", teller.say(step.name))
        table.add_row(name, teller.say(step.to_name), teller.say(step.rule), stands)
    return table
