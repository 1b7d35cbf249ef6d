"""The catalogue of policy `2021-11`, typed from the table of the specification, not generated.

It stands beside the product's data files on purpose: a slip in either shows as a difference.
`CLOCKS[item]` lists the item's clocks in the order of the table; `overall` comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BOTH = ("supplement", "suspension")
SUSPENSION = ("suspension",)


@dataclass(frozen=True)
class Clock:
    """One clock of one item; `limit` counts `unit`s (`h`, `d`, `wd`)."""

    name: str
    starts: tuple[tuple[str, dict[str, tuple[Any, ...]]], ...]
    """Start types, each with its condition: attribute -> the values that match."""
    stops: tuple[str, ...]
    limit: int
    unit: str
    honours: tuple[str, ...] = ()
    extendable: int = 0
    """Most units that extensions may add in all; 0 where the clock is not extendable."""
    each: bool = False


def clock(
    name: str,
    starts: str,
    stops: str,
    within: str,
    honours: tuple[str, ...] = (),
    *,
    extendable: int = 0,
    each: bool = False,
    where: dict[str, tuple[Any, ...]] | None = None,
) -> Clock:
    """Reads one cell of the table: `clock("decide", "accepted", "approved, rejected", "10wd")`."""
    digits = within.rstrip("hdw")
    return Clock(
        name=name,
        starts=tuple((start, where or {}) for start in starts.split(", ")),
        stops=tuple(stops.split(", ")),
        limit=int(digits),
        unit=within[len(digits) :],
        honours=honours,
        extendable=extendable,
        each=each,
    )


OVERALL = clock("overall", "submitted, reopened", "resolved, rejected, withdrawn", "10d")
CHRONIC_OVERALL = clock(
    "overall", "submitted, reopened", "resolved, rejected, withdrawn, contracted", "10d"
)
ACCEPT_2WD = clock("accept", "submitted", "accepted, rejected", "2wd")
ZERO_EMPLOYMENT = {"round": (3,), "placed": (False,), "zero_employment": (True,)}

CLOCKS: dict[str, list[Clock]] = {
    "civil.temporary-aid": [
        OVERALL,
        ACCEPT_2WD,
        clock("decide", "accepted", "approved, rejected", "10wd", BOTH),
    ],
    "civil.destitute-support": [
        OVERALL,
        ACCEPT_2WD,
        clock("decide", "accepted", "approved, rejected", "25wd", BOTH),
    ],
    "civil.minimum-living": [
        OVERALL,
        ACCEPT_2WD,
        clock("decide", "accepted", "approved, rejected", "30wd", BOTH, extendable=15),
    ],
    "employment.job": [
        clock("recommend", "accepted", "recommended", "3wd"),
        clock("follow-up", "recommended", "followed_up", "7d", each=True),
        clock("welfare-post", "followed_up", "welfare_post_offered", "10wd", where=ZERO_EMPLOYMENT),
    ],
    "employment.training": [
        clock("arrange", "accepted", "organised, mobilised", "10wd"),
        clock("follow-up", "organised, mobilised", "followed_up", "7d", each=True),
    ],
    "housing.dilapidated": [
        OVERALL,
        clock("confirm", "submitted", "confirmed, rejected", "3wd"),
        clock("appraise", "confirmed", "appraised, rejected", "10wd", BOTH),
        clock("review", "appraised", "reviewed", "5wd", where={"grade": ("C", "D")}),
        clock("approve", "reviewed", "approved, rejected", "5wd", BOTH),
        clock("works", "approved", "completed", "180d", SUSPENSION),
        clock("inspect", "completed", "inspected", "10wd"),
    ],
    "water.drinking": [
        OVERALL,
        clock("accept", "submitted", "accepted, rejected", "24h"),
        clock("dispatch", "submitted", "dispatched, rejected", "24h"),
        clock("verify", "dispatched", "verified", "2wd"),
        clock(
            "resolve",
            "verified",
            "resolved, measures_proposed",
            "5wd",
            SUSPENSION,
            where={"confirmed": (True,)},
        ),
    ],
    "education.dropout": [
        OVERALL,
        ACCEPT_2WD,
        clock("persuade", "accepted", "returned_to_school, correction_ordered, exempted", "10wd"),
        clock("correct", "correction_ordered", "returned_to_school, penalised", "10wd"),
        clock("enforce", "penalised", "returned_to_school, enforcement_applied", "15wd"),
    ],
    "health.facility-lookup": [],
    "health.appointment": [clock("confirm", "submitted", "confirmed, rejected", "24h")],
    "health.chronic-care": [
        CHRONIC_OVERALL,
        ACCEPT_2WD,
        clock("contract", "accepted", "contracted, rejected", "10wd"),
        clock("visit", "contracted, visited", "visited", "90d"),
        clock("medication", "medication_requested", "medication_supplied", "5wd", each=True),
    ],
    "health.serious-illness": [
        OVERALL,
        clock("accept", "submitted", "accepted, rejected", "3wd"),
        clock("treat", "accepted", "treatment_arranged, rejected", "10wd", BOTH),
    ],
    "insurance.enrolment": [
        OVERALL,
        clock("review", "submitted", "approved, rejected", "5wd", BOTH),
        clock("enrol", "paid", "enrolled", "1wd"),
    ],
    "insurance.remote-claim": [
        OVERALL,
        clock("review", "submitted", "approved, rejected", "10wd", BOTH),
        clock("reimburse", "approved", "paid", "20wd"),
    ],
    "insurance.serious-illness-aid": [
        OVERALL,
        clock("review", "submitted", "approved, rejected", "10wd", BOTH),
        clock("pay", "approved", "paid", "10wd"),
    ],
    "monitoring.lead": [
        clock("verify", "submitted", "verified, dismissed", "15d"),
        clock("assist", "verified", "measures_assigned", "10d", where={"confirmed": (True,)}),
    ],
}

EVERY_ITEM_HAS = [
    "submitted",
    "dispatched",
    "accepted",
    "returned",
    "transferred",
    "supplement_requested",
    "supplement_provided",
    "suspended",
    "resumed",
    "extended",
    "reopened",
    "resolved",
    "rejected",
    "withdrawn",
    "note",
]

# (level, offset, who). An offset up to 0 is in the clock's own units, one above 0 in working days.
OVERALL_LADDER = [
    ("yellow", -2, "county"),
    ("supervise", 0, "province"),
    ("supervise-again", +5, "province"),
]
STAGE_LADDERS = {
    "h": [("yellow", -4, "owner"), ("red", 0, "county"), ("prefecture", +2, "prefecture")],
    "d": [("yellow", -2, "owner"), ("red", 0, "county"), ("prefecture", +2, "prefecture")],
    "wd": [("yellow", -1, "owner"), ("red", 0, "county"), ("prefecture", +2, "prefecture")],
}


def types_of(item: str) -> set[str]:
    """Every event type that the item has: the common ones and those that its clocks name."""
    own = {name for each in CLOCKS[item] for name, _ in each.starts}
    own |= {name for each in CLOCKS[item] for name in each.stops}
    return own | set(EVERY_ITEM_HAS)


def ladder_of(each: Clock) -> list[tuple[str, int, str]]:
    """The steps of one clock."""
    return OVERALL_LADDER if each.name == "overall" else STAGE_LADDERS[each.unit]
