"""The panels of the page: a question each, whose rows are told apart by a key and kept live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dashboards.names import Names
from dashboards.scope import Scope
from dashboards.warehouse import Row
from schemas.catalogue.model import Text
from schemas.monitoring.load import load_monitoring
from schemas.regions.townships import townships

# What a live list shows at most, what one that is asked for lists, and what its CSV has.
SHOWN_ROWS = 50
LISTED_ROWS = 5_000
EXPORTED_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Panel:
    """What a question tells; its rows are told apart by ``key``.

    ``columns`` is the order of its CSV. ``every_s`` is how often a live view asks it again at
    most; one that is not ``is_live`` is asked by the page itself. ``shares`` names the question of
    which it is one dimension, where several panels are answered by one.
    """

    name: str
    key: str
    columns: tuple[str, ...]
    every_s: float = 0.0
    is_live: bool = True
    shares: str = ""

    def question(self, scope: Scope) -> str:
        """Return the name of the question that answers it within ``scope``."""
        if self.shares == "counts" and scope.is_of_cases:
            return "counts_of_cases"
        return self.shares or self.name

    def within(self, scope: Scope) -> Scope:
        """Return what it is asked about in a view of ``scope``.

        A panel of townships lists all of the county, so that one can be compared with the others.
        """
        return replace(scope, township="") if self.key == "township" else scope

    def is_live_in(self, scope: Scope) -> bool:
        """Whether a live view of ``scope`` keeps it; townships only within a county."""
        return self.is_live and (self.key != "township" or bool(scope.county))


COUNTS = (
    "received_today", "received_total", "open", "late", "supervised", "due_24h", "due_72h"
)  # fmt: skip
# The names of the township of a case, where one has it.
_OF_TOWNSHIP = ("township_zh", "township_en")
_ESCALATION = (
    "escalation_id", "revision", "state", "cause", "case_id", "item", "department", "county",
    "clock", "cycle", "level", "to", "at", "due_at", "published_at", "known_late", "provisional",
    "reason_zh", "reason_en",
)  # fmt: skip
_SUPERVISED = (
    "case_id", "item", "department", "county", "township", *_OF_TOWNSHIP, "raised_by",
    "submitted_at", "supervised_from", "supervised_days", "submitted_days", "late_stages",
    "missed_stages", "bounces", "answered_at",
)  # fmt: skip
_LATE = (
    "case_id", "item", "department", "county", "township", *_OF_TOWNSHIP, "raised_by",
    "submitted_at", "late_from", "late_days", "late_clocks", "is_supervised",
)  # fmt: skip
_OPEN = (
    "case_id", "item", "department", "county", "township", *_OF_TOWNSHIP, "raised_by",
    "submitted_at", "next_clocks", "due_at", "is_late", "is_supervised", "held_level",
    "held_since", "is_accepted", "open_pauses",
)  # fmt: skip
_HOLDER = (
    "held_level", "department", "open", "late", "supervised", "due_72h", "paused", "unaccepted",
    "oldest_days",
)  # fmt: skip
_TOWNSHIP = ("township", "name_zh", "name_en", *COUNTS)
_TREND = (
    "day", "received", "closed", "open", "late", "supervised", "in_time", "out_of_time",
    "accept_hours",
)  # fmt: skip
_ATTAINMENT = ("in_time", "out_of_time", "n", "share", "low", "high")
_FIRST = (
    "place", "code", "found_first", "found_only", "asked_first", "asked_only", "asked", "share",
    "low", "high", "median_lead_days",
)  # fmt: skip
_BLIND = (
    "indicator", "name_zh", "name_en", "found_before", "found_later", "never_found", "asked",
    "share", "low", "high",
)  # fmt: skip
_RISK = (
    "level", "name_zh", "name_en", "households", "found", "verified", "assisted", "cleared",
    "relapsed", "mean_index",
)  # fmt: skip
_HOUSEHOLD = (
    "household", "county", "township", *_OF_TOWNSHIP, "kind", "status", "risk_index", "level",
    "name_zh", "name_en", "indicators",
)  # fmt: skip
_LEAD = (
    "case_id", "county", "township", *_OF_TOWNSHIP, "found_at", "source", "indicators", "signals",
    "stage", "due_at", "is_late",
)  # fmt: skip
_FORECAST = ("item", "days", "due", "likely", "low", "high")


def _counts(name: str, key: str) -> Panel:
    return Panel(name, key, (key, *COUNTS), shares="counts")


def _asked(name: str, key: str, columns: tuple[str, ...], shares: str = "") -> Panel:
    return Panel(name, key, columns, is_live=False, shares=shares)


def _attained(name: str, key: str) -> Panel:
    return _asked(name, key, (key, *_ATTAINMENT), shares="attainment")


PANELS: Mapping[str, Panel] = {
    panel.name: panel
    for panel in (
        _counts("numbers", "scope"),
        _counts("directions", "raised_by"),
        _counts("items", "item"),
        _counts("counties", "county"),
        _counts("prefectures", "prefecture"),
        # The stream publishes no counts by township; these are reckoned from the cases.
        Panel("townships", "township", _TOWNSHIP, 10.0, shares="counts_of_cases"),
        Panel("escalations", "escalation_id", _ESCALATION),
        # It reads every case's newest state, where the others read counts.
        Panel("supervised", "case_id", _SUPERVISED, every_s=10.0),
        _asked("late", "case_id", _LATE),
        _asked("open_cases", "case_id", _OPEN),
        _asked("holders", "holder", _HOLDER),
        _asked("trends", "day", _TREND),
        _asked("ageing", "from_days", ("from_days", "until_days", "open", "late", "supervised")),
        _asked("forecast", "item", _FORECAST),
        _asked("attainment", "code", ("dimension", "code", *_ATTAINMENT)),
        _attained("attainment_items", "item"),
        _attained("attainment_departments", "department"),
        _attained("ranking", "county"),
        _attained("ranking_prefectures", "prefecture"),
        _asked(
            "attainment_townships", "township", ("township", "name_zh", "name_en", *_ATTAINMENT)
        ),
        _asked("first", "code", _FIRST),
        _asked("blind_spots", "indicator", _BLIND),
        _asked("risk", "level", _RISK),
        _asked("leads", "case_id", _LEAD),
        _asked("household_list", "household", _HOUSEHOLD),
    )
}


def completed(panel: Panel, rows: list[Row], scope: Scope, names: Names) -> list[Row]:
    """Return the rows of a panel of what its question answered.

    Of an answer that several panels share those of its dimension; of a table of counts also a row
    of zeros for each key that has no case.
    """
    if panel.shares:
        rows = [_of_dimension(panel, row) for row in rows if row["dimension"] == panel.name]
    expected = _expected(panel, scope, names)
    have = {row[panel.key] for row in rows}
    zeros = dict.fromkeys(COUNTS, 0)
    missing = [{panel.key: code, **zeros} for code in expected if code not in have]
    if missing:
        rows = sorted(rows + missing, key=lambda row: str(row[panel.key]))
    if "township_zh" in panel.columns:
        rows = [row | _township(row["township"]) for row in rows]
    return [_named(panel, row) for row in rows] if "name_zh" in panel.columns else rows


def _township(code: str) -> Row:
    text = townships().get(code)
    return {"township_zh": text.zh if text else "", "township_en": text.en if text else ""}


def _named(panel: Panel, row: Row) -> Row:
    """Return a row with the names of its code; empty where it is of none that is known."""
    text = _text(panel, row)
    return row | {"name_zh": text.zh if text else "", "name_en": text.en if text else ""}


def _text(panel: Panel, row: Row) -> Text | None:
    match panel.key:
        case "township":
            return townships().get(row["township"])
        case "indicator":
            seen = load_monitoring().indicators.get(row["indicator"])
            return seen.text if seen else None
        case _:
            rules = load_monitoring().risk
            return rules[-1].names.get(row["level"])


def _of_dimension(panel: Panel, row: Row) -> Row:
    code = "all" if panel.key == "scope" else row["code"]
    rest = {name: value for name, value in row.items() if name not in ("dimension", "code")}
    return {panel.key: code, **rest}


def _expected(panel: Panel, scope: Scope, names: Names) -> Iterable[str]:
    match panel.name:
        case "numbers":
            return ("all",)
        case "directions":
            return ("self", "proxy", "government")
        case "items":
            return [code for code in names.items if scope.item in ("", code)]
        case "counties":
            return [code for code in names.counties if _in_place(code, scope)]
        case "prefectures":
            inside = (code for code in names.counties if _in_place(code, scope))
            return dict.fromkeys(names.counties[code]["prefecture"] for code in inside)
        case "townships" if scope.county:
            inside = (code for code in townships() if code.startswith(scope.county))
            return [code for code in inside if scope.township in ("", code)]
        case _:
            return ()


def _in_place(county: str, scope: Scope) -> bool:
    return scope.county in ("", county) and county.startswith(scope.prefecture[:4])
