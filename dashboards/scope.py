"""What a request asks about: a place, an item, and the instant at which it is judged.

Every question takes these same parameters, so that a new panel follows all filters at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query

from dashboards.names import Names
from dashboards.problems import Refused
from schemas.instants import parse_instant, render_instant, to_datetime

Clock = Callable[[], int]
"""Returns now in milliseconds since 1970 UTC, or the frozen instant of an audit."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter; an empty text stands for all. Region codes are compared exactly."""

    prefecture: str = ""
    county: str = ""
    item: str = ""

    def parameters(self, as_of_ms: int, limit: int) -> dict[str, Any]:
        """Return what the questions' ``%(name)s`` stand for; ``as_of_text`` is UTC."""
        return {
            "as_of_ms": as_of_ms,
            "as_of_text": f"{to_datetime(as_of_ms):%Y-%m-%d %H:%M:%S}.{as_of_ms % 1000:03d}",
            "prefecture": self.prefecture,
            "county": self.county,
            "item": self.item,
            "limit": limit,
        }

    def checked(self, names: Names) -> Scope:
        """Return the scope if all its codes exist; raises ``Refused`` (422) if one does not."""
        known = (
            ("prefecture", self.prefecture, names.prefectures),
            ("county", self.county, names.counties),
            ("item", self.item, names.items),
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
        return self


def scope_of(
    prefecture: Annotated[str, Query(pattern=r"^(53\d{4})?$")] = "",
    county: Annotated[str, Query(pattern=r"^(53\d{4})?$")] = "",
    item: Annotated[str, Query(pattern=r"^[a-z.\-]{0,64}$")] = "",
) -> Scope:
    """Return the scope that a request's query names."""
    return Scope(prefecture, county, item)


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
