"""The panels of the page: a question each, whose rows are told apart by a key and kept live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboards.names import Names
from dashboards.scope import Scope
from dashboards.warehouse import Row

# What a list shows at most; its CSV has all of it.
SHOWN_ROWS = 50
EXPORTED_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Panel:
    """A question whose rows are told apart by ``key``; ``columns`` is the order of its CSV.

    ``every_s`` is how often a live view asks it again at most.
    """

    name: str
    key: str
    columns: tuple[str, ...]
    every_s: float = 0.0


COUNTS = (
    "received_today", "received_total", "open", "late", "supervised", "due_24h", "due_72h"
)  # fmt: skip
_ESCALATION = (
    "escalation_id", "revision", "state", "cause", "case_id", "item", "department", "county",
    "clock", "cycle", "level", "to", "at", "due_at", "published_at", "known_late", "provisional",
    "reason_zh", "reason_en",
)  # fmt: skip
_SUPERVISED = (
    "case_id", "item", "department", "county", "raised_by", "submitted_at", "supervised_from",
    "supervised_days", "submitted_days", "bounces",
)  # fmt: skip

PANELS: Mapping[str, Panel] = {
    panel.name: panel
    for panel in (
        Panel("numbers", "scope", COUNTS),
        Panel("directions", "raised_by", ("raised_by", *COUNTS)),
        Panel("items", "item", ("item", *COUNTS)),
        Panel("counties", "county", ("county", *COUNTS)),
        Panel("prefectures", "prefecture", ("prefecture", *COUNTS)),
        Panel("escalations", "escalation_id", _ESCALATION),
        # It reads every case's newest state, where the others read counts.
        Panel("supervised", "case_id", _SUPERVISED, every_s=10.0),
    )
}


def completed(panel: Panel, rows: list[Row], scope: Scope, names: Names) -> list[Row]:
    """Return the rows of a table of counts with a row of zeros for each key that has no case."""
    expected = _expected(panel, scope, names)
    have = {row[panel.key] for row in rows}
    zeros = dict.fromkeys(COUNTS, 0)
    missing = [{panel.key: code, **zeros} for code in expected if code not in have]
    return sorted(rows + missing, key=lambda row: str(row[panel.key])) if missing else rows


def _expected(panel: Panel, scope: Scope, names: Names) -> Iterable[str]:
    match panel.name:
        case "directions":
            return ("self", "proxy", "government")
        case "items":
            return [code for code in names.items if scope.item in ("", code)]
        case "counties":
            return [code for code in names.counties if _in_place(code, scope)]
        case "prefectures":
            inside = (code for code in names.counties if _in_place(code, scope))
            return dict.fromkeys(names.counties[code]["prefecture"] for code in inside)
        case _:
            return ()


def _in_place(county: str, scope: Scope) -> bool:
    return scope.county in ("", county) and county.startswith(scope.prefecture[:4])
