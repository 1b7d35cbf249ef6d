"""What a request asks about: a place, an item and so on, and the instant at which it is judged.

Every question takes these same parameters, so that a new panel follows all filters at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import Query

from dashboards.names import Names
from dashboards.problems import Refused
from schemas.instants import parse_instant, render_instant, to_datetime

Clock = Callable[[], int]
"""Returns now in milliseconds since 1970 UTC, or the frozen instant of an audit."""


# What published counts are not kept by: a scope that names one of these is counted from the cases.
_ONLY_OF_CASES = ("township", "department", "channel", "level", "since", "until")


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter; an empty text stands for all. Region codes are compared exactly.

    ``since`` and ``until`` are Shanghai days of submission, both included. ``level`` keeps what
    stands escalated at that level.
    """

    prefecture: str = ""
    county: str = ""
    item: str = ""
    township: str = ""
    department: str = ""
    raised_by: str = ""
    channel: str = ""
    level: str = ""
    since: str = ""
    until: str = ""

    @property
    def is_of_cases(self) -> bool:
        """Whether it narrows by what only the cases themselves tell."""
        return any(getattr(self, field) for field in _ONLY_OF_CASES)

    def parameters(self, as_of_ms: int, limit: int) -> dict[str, Any]:
        """Return what the questions' ``%(name)s`` stand for; ``as_of_text`` is UTC."""
        return {
            "as_of_ms": as_of_ms,
            "as_of_text": f"{to_datetime(as_of_ms):%Y-%m-%d %H:%M:%S}.{as_of_ms % 1000:03d}",
            "limit": limit,
            **asdict(self),
        }

    def checked(self, names: Names) -> Scope:
        """Return the scope if all its codes exist; raises ``Refused`` (422) if one does not.

        Township codes and channels are of the departments' making: they are not looked up.
        """
        known = (
            ("prefecture", self.prefecture, names.prefectures),
            ("county", self.county, names.counties),
            ("item", self.item, names.items),
            ("department", self.department, names.departments),
            ("level", self.level, names.levels),
        )
        for field, code, codes in known:
            if code and code not in codes:
                raise Refused(
                    422,
                    f"unknown-{field}",
                    f"{field} {code!r} is not one that exists",
                    "请使用 /api/names 列出的代码。",
                    "Use one of the codes that /api/names lists.",
                )
        for field in ("since", "until"):
            check_day(field, getattr(self, field))
        return self


def check_day(field: str, text: str) -> None:
    """Raise ``Refused`` (422) for a text that is no day; an empty one stands for all."""
    try:
        dt.date.fromisoformat(text or "2000-01-01")
    except ValueError:
        raise Refused(
            422,
            f"invalid-{field}",
            f"{field} {text!r} is no day of the calendar",
            "请写成存在的日期，例如 2026-06-10。",
            "Write a day that exists, for example 2026-06-10.",
        ) from None


_Region = Query(pattern=r"^(53\d{4})?$")
_Code = Query(pattern=r"^[a-z.\-]{0,64}$")
_Day = Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")


def scope_of(
    prefecture: Annotated[str, _Region] = "",
    county: Annotated[str, _Region] = "",
    item: Annotated[str, _Code] = "",
    township: Annotated[str, Query(pattern=r"^(53\d{7})?$")] = "",
    department: Annotated[str, _Code] = "",
    raised_by: Annotated[str, Query(pattern="^(self|proxy|government)?$")] = "",
    channel: Annotated[str, _Code] = "",
    level: Annotated[str, _Code] = "",
    since: Annotated[str, _Day] = "",
    until: Annotated[str, _Day] = "",
) -> Scope:
    """Return the scope that a request's query names."""
    return Scope(
        prefecture, county, item, township, department, raised_by, channel, level, since, until
    )


def instant_of(as_of: str | None, clock: Clock) -> int:
    """Return the asked instant in milliseconds, or that of the clock where none is asked."""
    if not as_of:
        return clock()
    try:
        return parse_instant(as_of.replace(" ", "+"))  # a `+` that was not escaped arrives as blank
    except ValueError as error:
        example = render_instant(clock() // 1000 * 1000)
        raise Refused(
            422,
            "invalid-as-of",
            f"as_of: {error}",
            f"请写成带时区的时刻，例如 {example}。",
            f"Write an instant with its offset, for example {example}.",
        ) from None
