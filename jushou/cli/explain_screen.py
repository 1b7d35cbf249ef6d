"""An explanation on a terminal: heading, one line per clock, each clock, custody, remarks."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from jushou.cli.explain_clock import clock_panel, grid
from jushou.cli.explain_days import bar
from jushou.cli.explain_teller import Lang, Teller
from schemas.catalogue.model import Text
from streams.core.explanation_account import (
    ClockAccount,
    CustodyAccount,
    CustodyInterval,
    EventRef,
    Explanation,
    PublishedAccount,
)
from streams.core.explanation_notes import NoteCode

# What people write down for themselves touches no clock, as everybody expects.
_NOT_WORTH_SAYING = frozenset({NoteCode.TOUCHES_NO_CLOCK})


def show(account: Explanation, console: Console, lang: Lang, clock: str | None, full: bool) -> None:
    """Print an explanation; ``clock`` names the only clock to detail, ``full`` is all weeks."""
    teller = Teller(lang)
    console.print(_heading(account, teller))
    if account.clocks:
        console.print(_overview(account.clocks, teller))
    for each in account.clocks:
        if clock in (None, each.clock):
            console.print(clock_panel(each, teller, full))
    if clock is not None:
        return
    if account.published:
        console.print(_published(account.published, teller))
    if account.custody.intervals:
        console.print(_custody(account.custody, teller))
    remarks = _remarks(account, teller)
    if remarks is not None:
        title = Styled(f" {teller.label('remarks')} ", style="bold")
        console.print(Panel(remarks, title=title, title_align="left", box=box.ROUNDED))


def _heading(account: Explanation, teller: Teller) -> Panel:
    facts = grid()
    raised = f"{teller.say(account.raised_by_name)} · {teller.say(account.channel_name)}"
    facts.add_row(teller.label("place"), teller.say(account.place))
    facts.add_row(teller.label("raised"), raised)
    facts.add_row(teller.label("since"), teller.when(account.submitted_at))
    if account.closed_at is not None:
        outcome = f"{teller.say(account.outcome_name)} {teller.when(account.closed_at)}"
        facts.add_row(teller.label("closed"), outcome)
    elif account.custody.intervals:
        facts.add_row(teller.label("holder"), _office(account.custody.intervals[-1], teller))
    facts.add_row(teller.label("as-of"), teller.when(account.as_of))
    for number, reservation in enumerate(account.reservations):
        name = "" if number else teller.label("reservations")
        facts.add_row(name, Styled(teller.say(reservation), style="yellow"))
    title = Styled.assemble(
        " ", (teller.say(account.item_name), "bold"),
        f" · {teller.label('case')} {account.case_id} ",
    )  # fmt: skip
    headline = Styled(teller.say(account.headline), style="bold")
    return Panel(Group(facts, "", headline), title=title, title_align="left", box=box.HEAVY)


def _overview(clocks: list[ClockAccount], teller: Teller) -> Table:
    table = _table()
    for name in ("clock", "status", "used"):
        table.add_column(teller.label(name), no_wrap=True)
    table.add_column(teller.label("account"), overflow="fold")
    for clock in clocks:
        said = teller.say(clock.summary)
        table.add_row(teller.clock(clock), teller.status(clock), bar(clock), said)
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, header_style="dim")


def _published(published: list[PublishedAccount], teller: Teller) -> Panel:
    """Return what was sent out: each escalation, whether it stands, since when, and why."""
    table = _table()
    for name in ("clock", "ladder", "revision", "status", "when", "why"):
        table.add_column(teller.label(name), overflow="fold")
    for each in published:
        stands = each.state == "fired"
        status = Styled(
            teller.label("sent" if stands else "withdrawn"), style="red" if stands else "yellow"
        )
        table.add_row(
            teller.say(each.name), teller.say(each.level_name), str(each.revision), status,
            teller.deadline(each.at), teller.say(each.cause_text),
        )  # fmt: skip
    title = Styled(f" {teller.label('published')} ", style="bold")
    return Panel(table, title=title, title_align="left", box=box.ROUNDED)


def _office(interval: CustodyInterval, teller: Teller) -> str:
    return teller.say(interval.holder.name)


def _custody(custody: CustodyAccount, teller: Teller) -> Panel:
    path = _table()
    for name in ("office", "from", "until", "took", "accepted"):
        path.add_column(teller.label(name), overflow="fold")
    for each in custody.intervals:
        until = teller.label("not-over")
        if each.ended_by is not None:
            until = f"{teller.when(each.until)} {teller.say(each.ended_by.name)}"
        accepted = Styled(teller.when(each.accepted_at))
        if each.accepted_at is None:
            accepted = Styled(teller.label("not-accepted"), style="yellow")
        since = f"{teller.when(each.since)} {teller.say(each.by.name)}"
        path.add_row(_office(each, teller), since, until, teller.long(each.duration_ms), accepted)
    parts = [path]
    if len(custody.totals) > 1 or custody.bounces:
        parts.append(_totals(custody, teller))
    title = Styled(f" {teller.label('custody')} ", style="bold")
    return Panel(Group(*parts), title=title, title_align="left", box=box.ROUNDED)


def _totals(custody: CustodyAccount, teller: Teller) -> Table:
    table = _table()
    for name in ("in-all", "took", "unaccepted", "intervals", "bounces"):
        table.add_column(teller.label(name), overflow="fold")
    for each in custody.totals:
        table.add_row(
            teller.say(each.holder.name), teller.long(each.held_ms),
            teller.long(each.unaccepted_ms), str(each.intervals), str(each.bounces),
        )  # fmt: skip
    return table


def _remarks(account: Explanation, teller: Teller) -> Table | None:
    """Return what is to be noted about single events, in their order; ``None`` for nothing."""
    said: dict[EventRef, Styled] = {}
    for event, label, style, text in sorted(_notes(account), key=lambda note: note[0].at):
        line = said.setdefault(event, Styled())
        line.append("\n" if line else "").append(teller.label(label), style)
        if text is not None:
            line.append(teller.colon() + teller.say(text))
    if not said:
        return None
    table = grid()
    for event, line in said.items():
        table.add_row(teller.event(event), line)
    return table


def _notes(account: Explanation) -> Iterator[tuple[EventRef, str, str, Text | None]]:
    for each in account.findings:
        yield each.event, "out-of-order", "red", each.text
    for each in account.violations:
        yield each.event, "violation", "red", each.text
    for traced in account.events:
        for note in traced.without_effect:
            if note.code not in _NOT_WORTH_SAYING:
                yield traced.event, "without-effect", "yellow", note.text
    for event in account.conflicts:
        yield event, "conflict", "yellow", None
    for event in account.pending:
        yield event, "pending", "cyan", None
