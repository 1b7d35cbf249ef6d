"""The signal: a screening or an inspection found something about a household (政府找)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.case_event import County, Department, Identifier, Township

Indicator = Literal[
    "medical-expense",
    "income-drop",
    "dropout",
    "housing-hazard",
    "water-outage",
    "job-loss",
    "disaster",
    "disability",
    "school-expense",
]


class Signal(Struct, kw_only=True, omit_defaults=True):
    """One record of ``jushou.signals.v1``, key = ``household`` (a pseudonym).

    ``value`` and ``threshold`` are in the indicator's own unit (yuan, days, count);
    ``observed_at`` is RFC 3339 with an offset.
    """

    signal_id: Identifier
    household: Annotated[str, Meta(min_length=1, max_length=64)]
    county: County
    source: Literal["screening", "inspection"]
    department: Department
    indicator: Indicator
    observed_at: str
    schema_version: Literal["1"]
    township: Township | None = None
    value: float | None = None
    threshold: float | None = None
    household_kind: Literal["unstable", "marginal", "sudden", "none"] = "none"
