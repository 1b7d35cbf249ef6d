"""``jushou household alarms``: weeks in which far more households are found than is usual."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from sinks.analysis.asking import Answer

_WIDTH = 120
Row = dict[str, Any]


def alarms(as_of: int, weeks: int, place: str, by: tuple[str, ...]) -> list[Row]:
    """Return the alarms of the last ``weeks`` whole weeks, the largest score first.

    The method and its bound are those of the view ``relapse_alarms``. Raises what asking raises.
    """
    from jushou.cli.warehouse import warehouse_server
    from sinks.analysis.asking import Scope, ask, scope_up_to
    from sinks.analysis.questions import question

    last = scope_up_to(as_of).until
    asked = scope_up_to(as_of, last - dt.timedelta(days=7 * weeks + last.weekday()))
    # The view takes the beginning of a county's code; a prefecture's own code ends in 00.
    begins = place[:4] if len(place) == 6 and place.endswith("00") else place
    given = Scope(asked.as_of, asked.since, asked.until, begins, "", by)
    return rows(ask(warehouse_server(), question("relapse_alarms"), given))


def rows(answer: Answer) -> list[Row]:
    """Return the rows of an answer by the names of its columns."""
    return [dict(zip(answer.names, row, strict=True)) for row in answer.rows]


def show(found: list[Row], lang: str) -> None:
    """Print the alarms, or that there are none."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    if not found:
        print("没有超出基线的周 no week is out of its baseline", file=sys.stderr)
        return
    console.print(_table(found, lang))


def _table(found: list[Row], lang: str) -> Table:
    from rich import box
    from rich.table import Table

    headings = {
        "zh": ("周", "方向", "地区", "指标或事项", "户数", "通常", "上界", "倍数"),
        "en": ("week", "direction", "place", "indicator or item", "households", "usual", "bound",
               "score"),
    }[lang]  # fmt: skip
    table = Table(box=box.SIMPLE)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number > 3 else "left")
    for row in found:
        table.add_row(
            row["week"],
            _direction(row["direction"], lang),
            _place(row, lang),
            _what(row["indicator"], lang),
            str(row["households"]),
            f"{row['usual']:g}",
            f"{row['bound']:g}",
            f"{row['score']:.1f}",
        )
    return table


def _direction(code: str, lang: str) -> str:
    if lang == "en":
        return code
    return {"government": "政府找", "people": "找政府"}.get(code, code)


def _place(row: Row, lang: str) -> str:
    from schemas.regions.load import regions

    code = row["county"] or row["prefecture"]
    return f"{code} {regions().name(code, 'zh' if lang == 'zh' else 'en')}" if code else ""


def _what(code: str, lang: str) -> str:
    from schemas.catalogue.load import load_catalogue
    from schemas.monitoring.load import load_monitoring

    indicator, catalogue = load_monitoring().indicators.get(code), load_catalogue()
    if indicator is not None:
        text = indicator.text
    elif code in catalogue.versions:
        text = catalogue.item(code).text
    else:
        return code
    return text.zh if lang == "zh" else text.en
