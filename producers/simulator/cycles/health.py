"""Health: look-ups, appointments, care of four chronic diseases, treatment of serious illness."""

from __future__ import annotations

from producers.simulator.lifecycle import (
    LifeCycle,
    Stage,
    Step,
    rejected,
    resolved,
    supplement,
)

FACILITY_LOOKUP = LifeCycle(
    item="health.facility-lookup",
    department="health",
    share=4,
    stages={
        "submitted": Stage("6h", (Step("note", "answered"),), pace=0.3, clocked=False),
        "answered": resolved(within="1wd"),
    },
    return_rate=0.0,
)

APPOINTMENT = LifeCycle(
    item="health.appointment",
    department="health",
    share=7,
    stages={
        "submitted": Stage(
            "24h", (Step("confirmed", "confirmed", 95), rejected("号源已满", weight=5)), pace=0.3
        ),
        "confirmed": Stage("5d", (Step("note", "seen"),), clocked=False),
        "seen": resolved(within="1wd"),
    },
    return_rate=0.01,
)


def _cared_for(visit: int) -> Stage:
    """Return the stage before one of the visits, which are at most 90 days apart."""
    again = f"visited-{visit}"
    return Stage(
        "90d",
        (Step("visited", again, 70), Step("medication_requested", f"medication-{visit}", 30)),
        pace=0.38,
    )


CHRONIC_CARE = LifeCycle(
    item="health.chronic-care",
    department="health",
    share=6,
    stages={
        "submitted": Stage(
            "2wd",
            (Step("accepted", "accepted", 96), rejected("不属于四类慢病", weight=4)),
            pace=0.4,
        ),
        "accepted": Stage(
            "10wd",
            (Step("contracted", "visited-0", 97), rejected("已由外地签约", weight=3)),
            pace=0.3,
        ),
        "visited-0": _cared_for(1),
        "visited-1": _cared_for(2),
        "visited-2": _cared_for(3),
        "visited-3": _cared_for(4),
        "visited-4": Stage("90d", (Step("visited", None),), pace=0.4),
        "medication-1": Stage("5wd", (Step("medication_supplied", "visited-1"),), pace=0.4),
        "medication-2": Stage("5wd", (Step("medication_supplied", "visited-2"),), pace=0.4),
        "medication-3": Stage("5wd", (Step("medication_supplied", "visited-3"),), pace=0.4),
        "medication-4": Stage("5wd", (Step("medication_supplied", "visited-4"),), pace=0.4),
    },
    withdrawal=0.004,
)

SERIOUS_ILLNESS = LifeCycle(
    item="health.serious-illness",
    department="health",
    share=3,
    stages={
        "submitted": Stage(
            "3wd",
            (Step("accepted", "accepted", 95), rejected("不属于三十六种大病", weight=5)),
            pace=0.4,
        ),
        "accepted": Stage("1wd", (Step("dispatched", "dispatched"),), clocked=False),
        "dispatched": Stage(
            "9wd",
            (Step("treatment_arranged", "arranged", 96), rejected("诊断依据不足", weight=4)),
            pace=0.28,
            halt=supplement(0.1),
        ),
        "arranged": resolved(),
    },
)

LIFE_CYCLES = (FACILITY_LOOKUP, APPOINTMENT, CHRONIC_CARE, SERIOUS_ILLNESS)
