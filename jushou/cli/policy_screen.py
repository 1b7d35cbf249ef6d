"""A comparison of two policies on a terminal: totals, a row per item and county, examples."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from jushou.cli.explain_teller import Lang
from schemas.catalogue.model import Catalogue, Text
from schemas.instants import parse_instant
from streams.core.explanation_words import STATUSES, county_name, deadline, moment
from streams.core.policy_diff import PolicyDiff, Tally, VerdictChange, VerdictSide

_LABELS = {
    "item": Text("事项", "item"),
    "county": Text("县（市、区）", "county"),
    "cases": Text("案件", "cases"),
    "changed": Text("有变化", "changed"),
    "due": Text("到期变动", "due moved"),
    "breached": Text("超期过的时限", "breached"),
    "late": Text("其中至今未办结", "still open"),
    "fired": Text("预警督办", "escalations"),
    "violations": Text("违反计数规则", "violations"),
    "all": Text("合计", "all"),
    "none": Text("没有任何变化。", "Nothing changes."),
    "case": Text("案件", "case"),
    "clock": Text("时限", "clock"),
    "old": Text("原规则", "old"),
    "new": Text("新规则", "new"),
    "absent": Text("无", "none"),
}


def show_diff(
    found: PolicyDiff, catalogue: Catalogue | None, console: Console, lang: Lang, examples: int
) -> None:
    """Print a comparison; rows without a change are left out, at most ``examples`` cycles."""

    def say(text: Text) -> str:
        return text.zh if lang == "zh" else text.en

    names = _item_names(catalogue)
    as_of = moment(parse_instant(found.as_of))
    title = Text(
        f"截至{as_of.zh}，{found.cases}件案件：{len(found.verdicts)}个时限、"
        f"{len(found.escalations)}次预警督办、{len(found.violations)}处计数结果有变化",
        f"As of {as_of.en}, {found.cases} cases: {len(found.verdicts)} cycles, "
        f"{len(found.escalations)} escalations, {len(found.violations)} counts differ",
    )
    console.print(Styled(say(title), style="bold"))
    changed = [tally for tally in found.tallies if tally.cases_changed]
    if not changed:
        console.print(say(_LABELS["none"]))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for label in ("item", "county"):
        table.add_column(say(_LABELS[label]), overflow="fold")
    for label in ("cases", "changed", "due", "breached", "late", "fired", "violations"):
        table.add_column(say(_LABELS[label]), justify="right")
    for tally in changed:
        name = say(names.get(tally.item, Text(tally.item, tally.item)))
        table.add_row(name, say(county_name(tally.county)), *_numbers([tally]))
    table.add_section()
    table.add_row(say(_LABELS["all"]), "", *_numbers(found.tallies), style="bold")
    console.print(table)
    _show_examples(found.verdicts[:examples], names, catalogue, console, lang)


def _item_names(catalogue: Catalogue | None) -> dict[str, Text]:
    versions = {} if catalogue is None else catalogue.versions
    return {code: of_item[-1].text for code, of_item in versions.items()}


def _numbers(tallies: Iterable[Tally]) -> list[Styled]:
    rows = list(tallies)

    def moved(old: int, new: int) -> Styled:
        style = "red" if new > old else "green" if new < old else "dim"
        return Styled(str(old) if old == new else f"{old} → {new}", style=style)

    def total(name: str) -> int:
        return sum(getattr(row, name) for row in rows)

    def fired(name: str) -> int:
        return sum(sum(getattr(row, name).values()) for row in rows)

    return [
        Styled(str(total("cases"))),
        Styled(str(total("cases_changed"))),
        Styled(str(total("due_moved"))),
        moved(total("old_breached"), total("new_breached")),
        moved(total("old_late"), total("new_late")),
        moved(fired("old_fired"), fired("new_fired")),
        moved(total("old_violations"), total("new_violations")),
    ]


def _show_examples(
    changes: list[VerdictChange],
    names: dict[str, Text],
    catalogue: Catalogue | None,
    console: Console,
    lang: Lang,
) -> None:
    if not changes:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for label in ("case", "item", "clock", "old", "new"):
        text = _LABELS[label]
        table.add_column(text.zh if lang == "zh" else text.en, overflow="fold")
    for change in changes:
        name = names.get(change.item, Text(change.item, change.item))
        table.add_row(
            change.case_id,
            name.zh if lang == "zh" else name.en,
            _clock(change, catalogue, lang),
            _side(change.old, lang),
            _side(change.new, lang),
        )
    console.print(table)


def _clock(change: VerdictChange, catalogue: Catalogue | None, lang: Lang) -> str:
    versions = () if catalogue is None else catalogue.versions.get(change.item, ())
    clocks = (item.clocks.get(change.clock) for item in reversed(versions))
    text = next((clock.text for clock in clocks if clock), Text(change.clock, change.clock))
    name = text.zh if lang == "zh" else text.en
    return name if change.cycle == 1 else f"{name} #{change.cycle}"


def _side(side: VerdictSide | None, lang: Lang) -> str:
    if side is None:
        return _LABELS["absent"].zh if lang == "zh" else _LABELS["absent"].en
    status, is_zh = STATUSES[side.status], lang == "zh"
    if side.due_at is None:
        return status.zh if is_zh else status.en
    due = deadline(parse_instant(side.due_at))
    return f"{status.zh}，{due.zh}到期" if is_zh else f"{status.en}, due {due.en}"
