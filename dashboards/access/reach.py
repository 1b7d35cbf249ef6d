"""Where a reader may look: their own region, compared by its whole code, never by its beginning."""

from __future__ import annotations

from dataclasses import replace

from dashboards.access.roles import Reader, Right, Role
from dashboards.names import Names
from dashboards.panels import Panel
from dashboards.problems import Refused
from dashboards.scope import Scope

# Fields of a scope that look below a county. Counts of so small a place may tell of a person.
_BELOW_COUNTY = ("township", "village")
# A column of these names somebody.
_SINGLE = frozenset(("case_id", "event_id", "escalation_id", "household"))


def narrowed(scope: Scope, reader: Reader, names: Names) -> Scope:
    """Return the scope within the reader's region; raises ``Refused`` (403) for one outside it.

    A scope that names no place becomes the reader's own.
    """
    if reader.role is Role.ANALYST and any(getattr(scope, each, "") for each in _BELOW_COUNTY):
        raise _outside("an analyst sees counts of counties and above")
    if reader.role is Role.COUNTY:
        home = names.counties[reader.region]["prefecture"]
        if scope.county not in ("", reader.region) or scope.prefecture not in ("", home):
            raise _outside("the place is not the reader's county")
        return replace(scope, prefecture=home, county=reader.region)
    if reader.role is Role.PREFECTURE:
        if scope.prefecture not in ("", reader.region) or not _is_of(scope.county, reader, names):
            raise _outside("the place is not of the reader's prefecture")
        return replace(scope, prefecture=reader.region)
    return scope


def reaches(reader: Reader, county: str | None, names: Names) -> bool:
    """Say whether something of a county is the reader's to see; ``None`` is the province's."""
    if reader.role is Role.COUNTY:
        return county == reader.region
    if reader.role is Role.PREFECTURE:
        return bool(county) and _is_of(str(county), reader, names)
    return True


def lists_cases(panel: Panel) -> bool:
    """Say whether the rows of a panel are of single cases or households."""
    return not _SINGLE.isdisjoint(panel.columns)


def may_see(reader: Reader, panel: Panel) -> bool:
    """Say whether a panel is the reader's to see, in whatever place."""
    if "household" in panel.columns and Right.HOUSEHOLDS not in reader.rights:
        return False
    if lists_cases(panel):
        return Right.CASES in reader.rights
    return reader.role is not Role.ANALYST or panel.key not in _BELOW_COUNTY


def _is_of(county: str, reader: Reader, names: Names) -> bool:
    if not county:
        return True
    known = names.counties.get(county)
    return known is not None and known["prefecture"] == reader.region


def _outside(detail: str) -> Refused:
    return Refused(
        403,
        "outside-your-region",
        detail,
        "请使用本账号所辖的区域，或联系上级。",
        "Choose a place of your own region, or ask the level above.",
    )
